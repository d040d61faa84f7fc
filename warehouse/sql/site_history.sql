-- $claims: every verdict on some claims, oldest first.
select claim_id, judged_at, outcome, score, low, high, flagged, verdict_id
from distinct_verdicts
where claim_id in (select unnest($claims))
order by claim_id, coalesce(sequence, 0), judged_at, verdict_id;
