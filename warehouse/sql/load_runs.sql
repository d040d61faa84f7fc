-- $files: run.json of each run folder.
insert or ignore into runs
select
    r ->> 'run_id',
    r -> 'release' ->> 'model',
    r -> 'release' ->> 'commit',
    r ->> 'artifact_key',
    r -> 'artifact' ->> 'quantization',
    r ->> 'benchmark',
    r ->> 'evaluator',
    r ->> 'evaluator_version',
    r -> 'server' ->> 'backend',
    r -> 'server' ->> 'version',
    coalesce(r -> 'settings', '{}'),
    (r ->> 'order_seed')::bigint,
    r ->> 'status',
    r ->> 'reason',
    (r ->> 'started')::timestamptz,
    (r ->> 'finished')::timestamptz,
    (r ->> 'requests_sent')::bigint,
    r
from (select record as r from incoming_runs);
