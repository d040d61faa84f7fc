-- Verdicts, one of those that two machines gave about one run without knowing of each other: the run had been given away,
-- its verdict not yet, when the first of them was lost. They differ in nothing but the moment.
create or replace view distinct_verdicts as
select *
from verdicts
qualify sequence is null or row_number() over (
    partition by claim_id, sequence, json_merge_patch(record, '{"judged_at": null}')::varchar
    order by judged_at, verdict_id
) = 1;
