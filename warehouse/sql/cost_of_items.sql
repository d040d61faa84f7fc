-- What an item of a benchmark cost so far, by run: requests, tokens and seconds of wall time per item. A run that was
-- interrupted for days, or whose clock was set, took at most as long as all its answers one after the other.
with made as (
    select run_id, benchmark, finished, epoch(finished - started) as wall
    from runs
    where lower(model) = lower($model) and backend = $backend
),
spent as (
    -- only the answers of these runs are read, however many there are
    select
        run_id,
        count(*) as requests,
        count(distinct (task, doc_id)) as items,
        sum(coalesce(prompt_tokens, 0) + coalesce(generated_tokens, 0)) as tokens,
        sum(seconds) as answering
    from responses
    where run_id in (select run_id from made)
    group by run_id
)
select
    m.benchmark,
    s.requests / s.items as requests,
    s.tokens / s.items as tokens,
    coalesce(least(case when m.wall > 0 then m.wall end, s.answering), 0) / s.items as seconds
from made m
join spent s using (run_id)
where s.items > 0
qualify row_number() over (partition by m.benchmark order by m.finished desc) = 1;
