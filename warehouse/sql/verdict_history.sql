select v.record, r.record as run
from verdicts v
left join runs r using (run_id)
where v.claim_id = $claim
order by v.judged_at desc;
