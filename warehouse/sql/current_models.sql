-- One row a model: its current claims, when they were judged and with which engines, and when it was pushed.
-- $backend: serving engine. $benchmarks: catalogue names to look at; empty for all.
with claimed as (
    select
        c.model,
        count(*) as claims,
        count(*) filter (where v.claim_id is null) as unjudged,
        min(v.judged_at) filter (
            where v.run_id is not null or (v.reasons ->> 0 ->> 'code') in ('server_failed', 'dataset_missing')
        ) as oldest,
        max(v.judged_at) as newest,
        list(distinct r.backend_version) filter (where r.backend = $backend) as engines
    from claims c
    left join latest_verdicts v using (claim_id)
    left join runs r on r.run_id = v.run_id
    where c.claimant <> 'third_party'
      and (len($benchmarks) = 0 or c.benchmark in (select unnest($benchmarks)))
      and not exists (select 1 from claims newer where newer.supersedes = c.claim_id)
    group by c.model
),
seen as (
    select
        model,
        min(created) as created,
        max(seen_at) filter (where kind <> 'card') as pushed,
        arg_max_null(reason, seen_at) as excluded
    from seen_releases
    group by model
),
placed as (
    select model, arg_max(record -> 'release' ->> 'location', started) as location
    from runs
    group by model
)
select
    coalesce(claimed.model, seen.model) as model,
    coalesce(claims, 0) as claims,
    coalesce(unjudged, 0) as unjudged,
    oldest,
    newest,
    coalesce(engines, []) as engines,
    created,
    pushed,
    excluded,
    location
from claimed
full join seen on seen.model = claimed.model
left join placed on placed.model = coalesce(claimed.model, seen.model)
order by 1;
