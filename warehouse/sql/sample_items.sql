-- Up to $count items of a run: those that $reference, a run on the same items, gets right and this one does not, then
-- troubled ones, then wrong ones; with the first answer of each. $reference may be null.
select
    i.task,
    i.doc_id,
    i.status,
    i.value,
    i.extracted,
    i.target,
    p.text as answer,
    p.finish_reason,
    (
        select list(c.logprob order by c.index)
        from responses c
        where c.run_id = i.run_id and c.task = i.task and c.doc_id = i.doc_id and c.repeat = 0 and c.kind = 'loglikelihood'
    ) as choices,
    o.value as reference_value,
    o.extracted as reference_extracted
from item_scores i
left join item_scores o
    on o.run_id = $reference and o.task = i.task and o.doc_id = i.doc_id and o.repeat = 0
    and o.metric = i.metric and o.filter = i.filter
left join responses p
    on p.run_id = i.run_id and p.task = i.task and p.doc_id = i.doc_id and p.repeat = i.repeat and p.index = 0
where i.run_id = $run and i.metric = $metric and i.filter = $filter and i.repeat = 0
order by coalesce(o.value > i.value, false) desc, i.status <> 'ok' desc, i.value nulls first, i.position
limit $count;
