-- Claims that have been judged already: same bar, same weights, same serving engine, nothing left open.
select v.claim_id
from latest_verdicts v
left join runs r using (run_id)
where v.claim_id in (select unnest($claims))
  and v.criterion_id in (select unnest($criteria))
  and ($artifact is null or r.artifact_key is null or r.artifact_key = $artifact)
  and (r.backend is null or r.backend = $backend)
  and v.outcome not in ('unverified', 'could_not_run')
  and (not $full or not v.stopped_early);
