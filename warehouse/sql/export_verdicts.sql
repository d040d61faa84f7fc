-- The whole view, and of each measured value what it is the score of. $model: hub id, null for all.
select
    *,
    case
        when measured is null then null
        when list_contains(reason_codes, 'limited') then 'score of a part'
        when stopped_early then 'score at stop'
        else 'benchmark score'
    end as measured_is
from claims_vs_measured
where $model is null or lower(model) = lower($model);
