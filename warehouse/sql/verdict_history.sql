select v.record, r.record as run
from distinct_verdicts v
left join runs r using (run_id)
where v.claim_id = $claim
order by coalesce(v.sequence, 0) desc, v.judged_at desc;
