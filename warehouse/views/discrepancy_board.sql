-- Which discrepancies stand among all claims that we tested: e-BH (Wang and Ramdas, 2009.02824), false discovery rate at
-- most 5 % under any dependence between them. `strength`: natural logarithm of the e-value against the claim at the stop.
create or replace view discrepancy_board as
with tested as (
    select claim_id, flagged, coalesce((record ->> 'strength')::double, -1e6) as strength
    from latest_verdicts
    where criterion_id is not null and outcome not in ('invalid_run', 'not_tested', 'could_not_run', 'unverified')
),
ranked as (
    select *, row_number() over (order by strength desc, claim_id) as rank, count(*) over () as tested from tested
),
kept as (
    select coalesce(max(rank) filter (where strength >= ln(tested / (0.05 * rank))), 0) as last from ranked
)
select claim_id, strength, tested, flagged and rank <= last as stands
from ranked, kept;
