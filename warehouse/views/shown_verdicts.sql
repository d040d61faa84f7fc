-- The verdict that stands for a claim: ours where we ran something, else the newest of an imported run that tested it,
-- else any other. `ran_by`: us or imported; null where nothing was run.
create or replace view shown_verdicts as
select * exclude (rank)
from (
    select
        *,
        case when run_id is not null then 'us' end as ran_by,
        null::varchar as made_by,
        null::timestamptz as started,
        case when run_id is not null then 0 else 3 end as rank
    from latest_verdicts
    union all by name
    select
        * exclude (benchmark, harness, limited),
        'imported' as ran_by,
        case when outcome in ('not_tested', 'invalid_run', 'inconclusive') then 2 else 1 end as rank
    from imported_verdicts
)
qualify row_number() over (
    partition by claim_id
    order by rank, started desc nulls last, coalesce(sequence, 0) desc, judged_at desc, verdict_id
) = 1;
