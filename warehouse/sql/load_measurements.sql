-- From the incoming runs.
insert or ignore into measurements
select
    run_id,
    m ->> 'benchmark',
    m ->> 'metric',
    m ->> 'filter',
    (m ->> 'score')::double,
    (m ->> 'stderr')::double,
    m ->> 'unit',
    (m ->> 'items')::bigint,
    (m ->> 'of')::bigint,
    (m ->> 'stopped_early')::boolean,
    (m ->> 'truncated')::bigint,
    (m ->> 'empty')::bigint,
    (m ->> 'refused')::bigint,
    (m ->> 'unextracted')::bigint,
    (m ->> 'failed')::bigint,
    (m ->> 'low')::double,
    (m ->> 'high')::double,
    m -> 'evidence'
from (
    select record ->> 'run_id' as run_id, unnest(from_json(record -> 'measurements', '["JSON"]')) as m
    from incoming_runs
);
