-- $model, $limit: verdicts that changed what stood about a claim, newest first. What a run of others said counts where it
-- stands; it changes nothing that another run said.
with imported as (
    -- their ids alone: a window over whole records takes several times the memory
    select run_id from runs where record ->> 'ran_by' = 'imported'
),
judged as (
    select
        v.verdict_id,
        v.claim_id,
        v.outcome,
        v.flagged,
        v.judged_at,
        v.headline,
        lag(v.outcome) over history as before,
        lag(v.flagged) over history as flagged_before
    from verdicts v
    left join imported i using (run_id)
    where i.run_id is null or v.verdict_id in (select verdict_id from site_shown)
    window history as (
        partition by v.claim_id, i.run_id is null order by coalesce(v.sequence, 0), v.judged_at, v.verdict_id
    )
)
select
    j.verdict_id,
    j.claim_id,
    j.before,
    j.outcome,
    j.flagged,
    j.judged_at,
    j.headline,
    c.model,
    c.benchmark_text,
    c.said
from judged j
join claims c using (claim_id)
where
    (j.before is null or j.before <> j.outcome or j.flagged_before <> j.flagged)
    and ($model is null or contains(lower(c.model), lower($model)))
order by j.judged_at desc, j.verdict_id
limit $limit;
