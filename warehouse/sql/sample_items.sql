-- Up to $count items of a run that are wrong, troubled or, failing that, right; with the first answer of each.
select
    i.task,
    i.doc_id,
    i.status,
    i.value,
    i.extracted,
    i.target,
    any_value(p.text order by p.repeat, p.index) as answer,
    any_value(p.finish_reason order by p.repeat, p.index) as finish_reason
from item_scores i
left join responses p using (run_id, task, doc_id)
where i.run_id = $run and i.metric = $metric and i.filter = $filter and i.repeat = 0
group by all
order by (i.status <> 'ok') desc, i.value nulls first, min(i.position)
limit $count;
