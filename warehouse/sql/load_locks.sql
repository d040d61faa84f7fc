-- $files: one Lock a file.
insert or ignore into locks
select
    r ->> 'lock_id',
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
    (r ->> 'locked_at')::timestamptz,
    r
from (select json as r from read_json_objects($files, format = 'unstructured'));
