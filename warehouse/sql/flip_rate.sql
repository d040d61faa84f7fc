-- Among the items that these weights answered twice on a benchmark: mean squared difference of the two scores
-- (for 0/1 scores the share that flipped), and how many items that is.
select avg((one.value - two.value) ** 2) as rate, count(*) as items
from item_scores one
join item_scores two using (run_id, task, doc_id, metric, filter)
join runs r using (run_id)
where one.repeat = 0 and two.repeat = 1
  and one.value is not null and two.value is not null
  and r.artifact_key = $artifact and r.backend = $backend and r.benchmark = $benchmark and r.status = 'finished'
  and metric = $metric and filter = $filter;
