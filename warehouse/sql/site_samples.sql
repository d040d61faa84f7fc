-- $claims, $count: sample items of the runs behind some claims, troubled ones first, then wrong ones. Of a pair the items
-- of its artifact, those first that the reference gets right.
with wanted as (
    select
        v.claim_id,
        l.metric,
        l.filter,
        case when r.benchmark = 'pairs' then r.record -> 'checks' ->> 'first run' else v.run_id end as run_id,
        case when r.benchmark = 'pairs' then r.record -> 'checks' ->> 'second run' end as reference
    from site_shown v
    join criteria l on l.criterion_id = v.criterion_id
    left join runs r on r.run_id = v.run_id
    where v.claim_id in (select unnest($claims)) and v.run_id is not null
),
scores as (
    -- several claims may rest on one score: its items are ranked once
    select i.*, w.reference, o.value as reference_value, o.extracted as reference_extracted
    from item_scores i
    join (select distinct run_id, metric, filter, reference from wanted) w using (run_id, metric, filter)
    left join item_scores o
        on o.run_id = w.reference and o.task = i.task and o.doc_id = i.doc_id and o.repeat = 0
        and o.metric = i.metric and o.filter = i.filter
    where i.repeat = 0
    qualify row_number() over (
        partition by i.run_id, i.metric, i.filter, w.reference
        order by coalesce(o.value > i.value, false) desc, i.status <> 'ok' desc, i.value nulls first, i.position
    ) <= $count
)
select
    w.claim_id,
    i.run_id,
    i.reference_value,
    i.reference_extracted,
    i.task,
    i.doc_id,
    i.status,
    i.value,
    i.extracted,
    i.target,
    first(p.text order by p.index) filter (where p.index = 0) as answer,
    list(p.logprob order by p.index) filter (where p.kind = 'loglikelihood') as choices
from wanted w
join scores i
    on i.run_id = w.run_id and i.metric = w.metric and i.filter = w.filter and i.reference is not distinct from w.reference
left join responses p
    on p.run_id = i.run_id and p.task = i.task and p.doc_id = i.doc_id and p.repeat = 0
group by all
order by
    w.claim_id,
    coalesce(any_value(i.reference_value) > any_value(i.value), false) desc,
    (any_value(i.status) <> 'ok') desc,
    any_value(i.value) nulls first,
    i.doc_id;
