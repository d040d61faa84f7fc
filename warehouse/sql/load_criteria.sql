-- $files: one Lock a file.
insert or ignore into criteria
select
    coalesce(r ->> 'criterion_id', r ->> 'lock_id'),  -- lock_id in files of version 0.1.0
    r ->> 'claim_id',
    r ->> 'benchmark',
    r ->> 'metric',
    r ->> 'filter',
    (r -> 'interval' ->> 'low')::double,
    (r -> 'interval' ->> 'high')::double,
    (r ->> 'margin')::double,
    (r ->> 'alpha')::double,
    (r ->> 'order_seed')::bigint,
    (r ->> 'items')::bigint,
    coalesce(r ->> 'stored_at', r ->> 'locked_at')::timestamptz,
    r
from (select json as r from read_json_objects($files, format = 'unstructured'));
