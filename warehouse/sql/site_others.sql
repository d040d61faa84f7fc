-- $models: what third parties state about releases, for the hollow marks beside the vendor's claims.
select
    c.model,
    coalesce(c.benchmark, c.benchmark_text) as benchmark,
    c.value,
    c.unit,
    c.said,
    coalesce(c.claimed_by, 'a third party') as by,
    c.claim_id
from claims c
where
    c.model in (select unnest($models))
    and c.claimant = 'third_party'
    and c.value is not null
    and not exists (select 1 from claims newer where newer.supersedes = c.claim_id)
order by c.claim_id;
