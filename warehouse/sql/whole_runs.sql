-- Sound runs of $benchmark that answered all of its $items items and scored them by $metric and $filter, newest first.
select r.run_id, r.model, r.artifact_key, m.score
from runs r
join measurements m using (run_id)
where m.benchmark = $benchmark and m.metric = $metric and m.filter = $filter
  and r.benchmark = $benchmark and r.status = 'finished' and r.artifact_key is not null
  and m.items = m."of" and m."of" = $items and not m.stopped_early and m.score is not null
order by r.started desc, r.run_id;
