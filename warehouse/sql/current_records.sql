-- $model: hub id or null for all; the whole Claim of every current claim.
select record::varchar
from claims
where
    ($model is null or model = $model)
    and claim_id not in (select supersedes from claims where supersedes is not null)
order by model, coalesce(benchmark, benchmark_text), claim_id;
