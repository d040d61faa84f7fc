-- Which runs judged some claims: as which of the claim's runs each counted, on what weights and serving engine.
select distinct
    v.claim_id,
    coalesce((c.record ->> 'runs_before')::integer, 0) as number,
    r.artifact_key,
    r.backend,
    r.backend_version,
    coalesce(r.record ->> 'continues', r.run_id) as run_id
from verdicts v
join criteria c using (criterion_id)
join runs r on r.run_id = v.run_id
where v.claim_id in (select unnest($claims));
