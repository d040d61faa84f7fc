-- $files: JSON lines, one Claim a line. A claim that is known already is left as it is.
insert or ignore into claims
select
    r ->> 'claim_id',
    r ->> 'model',
    r ->> 'variant',
    r ->> 'commit',
    r ->> 'benchmark',
    r ->> 'benchmark_text',
    r ->> 'said',
    (r -> 'interval' ->> 'value')::double,
    (r -> 'interval' ->> 'low')::double,
    (r -> 'interval' ->> 'high')::double,
    r -> 'interval' ->> 'unit',
    r -> 'interval' ->> 'qualifier',
    r ->> 'claimant',
    r ->> 'by',
    coalesce(r -> 'settings', '{}'),
    r -> 'source' ->> 'sha256',
    r -> 'source' ->> 'url',
    r ->> 'place',
    r ->> 'note',
    r ->> 'supersedes',
    r
from (select json as r from read_ndjson_objects($files));
