-- The verdict that stands for each claim: the last one.
create or replace view latest_verdicts as
select * from verdicts
qualify row_number() over (partition by claim_id order by judged_at desc, verdict_id) = 1;
