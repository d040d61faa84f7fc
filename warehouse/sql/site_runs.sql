-- $claims: the runs behind the verdicts that stand.
select distinct r.run_id, r.record::varchar as record
from shown_verdicts v
join runs r on r.run_id = v.run_id
where v.claim_id in (select unnest($claims));
