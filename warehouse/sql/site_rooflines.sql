-- Claims about one stream's output speed that name hardware, with the bytes of weights that a token reads.
select
    c.claim_id,
    c.settings ->> 'hardware' as hardware,
    (m.evidence ->> 'weight_bytes_per_token')::double as bytes
from claims c
join site_shown v using (claim_id)
join measurements m on m.run_id = v.run_id and m.benchmark = c.benchmark
where
    c.benchmark = 'output_speed'
    and c.settings ->> 'hardware' is not null
    and coalesce((c.settings ->> 'concurrency')::integer, 1) <= 1
    and m.evidence ->> 'weight_bytes_per_token' is not null;
