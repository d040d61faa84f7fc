-- Among the items that these weights answered twice on a benchmark under these settings: mean squared difference of the
-- two scores (for 0/1 scores the share that flipped), how many items that is, and how much better the second ones score,
-- which were asked for in another order and fewer at a time. Of several runs the one with most items.
select avg((one.value - two.value) ** 2) as rate, count(*) as items, avg(two.value - one.value) as gain
from item_scores one
join item_scores two using (run_id, task, doc_id, metric, filter)
join runs r using (run_id)
where one.repeat = 0 and two.repeat = 1
  and one.value is not null and two.value is not null
  and r.artifact_key is not distinct from $artifact and r.backend = $backend and r.benchmark = $benchmark
  and r.status = 'finished'
  and (r.record -> 'server' ->> 'fingerprint') is not distinct from $fingerprint
  and (r.settings ->> 'prompt') is not distinct from $prompt
  and (r.settings ->> 'thinking') is not distinct from $thinking
  and coalesce((r.settings ->> 'temperature')::double, 0) = $temperature
  and metric = $metric and filter = $filter
group by r.run_id
order by items desc
limit 1;
