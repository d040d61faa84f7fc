-- Our own current verdict for each claim: the last one that no imported run gave.
create or replace view latest_verdicts as
select v.*
from verdicts v
left join runs r using (run_id)
where coalesce(r.record ->> 'ran_by', 'us') = 'us'
qualify row_number() over (partition by v.claim_id order by coalesce(v.sequence, 0) desc, v.judged_at desc, v.verdict_id) = 1;
