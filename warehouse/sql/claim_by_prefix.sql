-- $prefix: the row whose claim, or another source of the same claim, has an id that begins like this.
select *
from claims_vs_measured
where
    starts_with(claim_id, $prefix)
    or len(list_filter(sources, lambda source: starts_with(source.claim_id, $prefix))) > 0;
