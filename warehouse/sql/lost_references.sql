-- Records that verdicts refer to and that are not there, by kind.
select 'claims' as kind, count(distinct claim_id) as lost
from verdicts where claim_id not in (select claim_id from claims)
union all
select 'criteria', count(distinct criterion_id)
from verdicts where criterion_id is not null and criterion_id not in (select criterion_id from criteria)
union all
select 'runs', count(distinct run_id)
from verdicts where run_id is not null and run_id not in (select run_id from runs);
