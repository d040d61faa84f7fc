-- $url: the claims ever read from this address, with whether they still stand.
select
    claim_id,
    model,
    variant,
    benchmark_text,
    claimant,
    said,
    settings::varchar as settings,
    not exists (select 1 from claims newer where newer.supersedes = c.claim_id) as current
from claims c
where source_url = $url
order by place;
