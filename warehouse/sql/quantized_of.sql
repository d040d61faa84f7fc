-- $base: repositories that quantize this model and can be verified, each at its newest commit seen.
select model, "commit"
from seen_releases
where base = $base
qualify row_number() over (partition by model order by seen_at desc, modified desc) = 1 and reason is null
order by model
