-- $claims: the records behind some claims, one row a claim.
select
    c.claim_id,
    c.record::varchar as claim,
    v.record::varchar as verdict,
    l.record::varchar as criterion
from claims c
left join site_shown s using (claim_id)
left join verdicts v on v.verdict_id = s.verdict_id
left join criteria l on l.criterion_id = s.criterion_id
where c.claim_id in (select unnest($claims));
