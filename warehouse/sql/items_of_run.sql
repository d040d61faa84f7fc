-- Item scores of a run for one score, troubled and wrong ones first; enough for examples.
select task, doc_id, position, repeat, metric, filter, value, status, extracted, target
from item_scores
where run_id = $run and metric = $metric and filter = $filter
order by status <> 'ok' desc, value nulls first, position
limit 300;
