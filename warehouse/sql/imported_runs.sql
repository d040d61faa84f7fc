-- The imported runs of a release, oldest first.
select record
from runs
where lower(model) = lower($model) and record ->> 'ran_by' = 'imported'
order by started, run_id;
