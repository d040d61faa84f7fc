-- $model: hub id or null for all. Standing claims about one model and benchmark, by one party or by several, whose
-- intervals exclude each other although no stated setting tells them apart.
with current_claims as (
    select
        *,
        case when claimant = 'vendor' then 'vendor' else coalesce(claimed_by, source_url) end as party
    from claims
    where
        benchmark is not null
        and value is not null
        and ($model is null or model = $model)
        and claim_id not in (select supersedes from claims where supersedes is not null)
),
several as (
    select model, benchmark
    from current_claims
    group by all
    having count(distinct value) > 1
),
candidates as (
    select s.* from current_claims s semi join several m using (model, benchmark)
)
select distinct
    s.model, s.benchmark, s.party, s.claim_id, s.benchmark_text, s.said, s.low, s.high, s.unit, s.claimant,
    s.claimed_by, s.source_url, s.place, s.settings::varchar as settings
from candidates s
join candidates o
    on o.model = s.model
    and o.benchmark = s.benchmark
    and o.unit = s.unit
    and o.claim_id <> s.claim_id
    and o.value <> s.value
    and (
        coalesce(o.low, '-infinity'::double) >= coalesce(s.high, 'infinity'::double)
        or coalesce(s.low, '-infinity'::double) >= coalesce(o.high, 'infinity'::double)
    )
    and o.variant is not distinct from s.variant
    and case
        when o.source_url = s.source_url and o.party = s.party then o.settings::varchar = s.settings::varchar
        else coalesce(o.settings ->> 'shots' = s.settings ->> 'shots', true)
            and coalesce(o.settings ->> 'metric' = s.settings ->> 'metric', true)
            and coalesce(o.settings ->> 'filter' = s.settings ->> 'filter', true)
            and coalesce(o.settings ->> 'thinking' = s.settings ->> 'thinking', true)
            and coalesce(o.settings ->> 'effort' = s.settings ->> 'effort', true)
            and coalesce(o.settings ->> 'subset' = s.settings ->> 'subset', true)
            and coalesce(o.settings ->> 'tools' = s.settings ->> 'tools', true)
            and coalesce(o.settings ->> 'scaffold' = s.settings ->> 'scaffold', true)
            and coalesce(o.settings ->> 'repeats' = s.settings ->> 'repeats', true)
            and coalesce(o.settings ->> 'quantization' = s.settings ->> 'quantization', true)
            and coalesce(o.settings ->> 'hardware' = s.settings ->> 'hardware', true)
            and coalesce(o.settings ->> 'backend' = s.settings ->> 'backend', true)
    end
order by s.model, s.benchmark, s.claimant <> 'vendor', s.party, s.claim_id;
