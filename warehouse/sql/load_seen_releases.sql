-- $files: one Look a file. A commit that was seen already is left as it is.
insert or ignore into seen_releases
select
    f ->> 'model',
    f ->> 'commit',
    f ->> 'kind',
    r ->> 'source',
    f ->> 'base',
    (f ->> 'modified')::timestamptz,
    (f ->> 'created')::timestamptz,
    f ->> 'reason',
    f ->> 'weights',
    coalesce(r ->> 'scanned_at', r ->> 'looked_at')::timestamptz
from (
    select json as r, unnest(from_json(json -> 'found', '["json"]')) as f
    from read_json_objects($files, format = 'unstructured')
);
