-- Mean score of each item of a run over its answers.
select task, doc_id, avg(value)
from item_scores
where run_id = $run and metric = $metric and filter = $filter
group by task, doc_id
order by task, doc_id;
