-- $claims: the runs behind the verdicts that stand.
select distinct r.run_id, r.record::varchar as record
from site_shown s
join runs r on r.run_id = s.run_id
where s.claim_id in (select unnest($claims));
