-- $model (substring), $benchmark, $claimant: filters, null for all; $everything: superseded claims too; $limit.
select
    c.claim_id,
    c.model,
    c.variant,
    c.benchmark,
    c.benchmark_text,
    c.said,
    c.low,
    c.high,
    c.unit,
    c.qualifier,
    c.claimant,
    c.claimed_by,
    c.settings::varchar as settings,
    c.source_url,
    c.place,
    c.supersedes
from claims c
where
    ($model is null or contains(lower(c.model), lower($model)))
    and ($benchmark is null or coalesce(c.benchmark, c.benchmark_text) = $benchmark)
    and ($claimant is null or c.claimant = $claimant)
    and ($everything or c.claim_id not in (select supersedes from claims where supersedes is not null))
order by c.model, coalesce(c.benchmark, c.benchmark_text), c.claimant, c.claim_id
limit $limit;
