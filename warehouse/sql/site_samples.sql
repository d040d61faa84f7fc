-- $claims, $count: sample items of the runs behind some claims, troubled ones first, then wrong ones.
with wanted as (
    select v.claim_id, v.run_id, l.metric, l.filter
    from site_shown v
    join criteria l on l.criterion_id = v.criterion_id
    where v.claim_id in (select unnest($claims)) and v.run_id is not null
),
scores as (
    -- several claims may rest on one score: its items are ranked once
    select i.*
    from item_scores i
    where i.repeat = 0 and (i.run_id, i.metric, i.filter) in (select (run_id, metric, filter) from wanted)
    qualify row_number() over (
        partition by i.run_id, i.metric, i.filter
        order by i.status <> 'ok' desc, i.value nulls first, i.position
    ) <= $count
)
select
    w.claim_id,
    i.task,
    i.doc_id,
    i.status,
    i.value,
    i.extracted,
    i.target,
    first(p.text order by p.index) filter (where p.index = 0) as answer,
    list(p.logprob order by p.index) filter (where p.kind = 'loglikelihood') as choices
from wanted w
join scores i using (run_id, metric, filter)
left join responses p
    on p.run_id = i.run_id and p.task = i.task and p.doc_id = i.doc_id and p.repeat = 0
group by all
order by w.claim_id, (any_value(i.status) <> 'ok') desc, any_value(i.value) nulls first, i.doc_id;
