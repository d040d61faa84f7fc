-- What an item of a benchmark cost so far, by run: requests, tokens and seconds of wall time per item.
with spent as (
    select
        run_id,
        count(*) as requests,
        count(distinct (task, doc_id)) as items,
        sum(coalesce(prompt_tokens, 0) + coalesce(generated_tokens, 0)) as tokens
    from responses
    group by run_id
)
select
    r.benchmark,
    s.requests / s.items as requests,
    s.tokens / s.items as tokens,
    epoch(r.finished - r.started) / s.items as seconds
from runs r
join spent s using (run_id)
where lower(r.model) = lower($model) and r.backend = $backend and s.items > 0
qualify row_number() over (partition by r.benchmark order by r.finished desc) = 1;
