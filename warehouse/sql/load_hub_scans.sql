-- $files: one Look a file, named for its content.
insert or ignore into hub_scans
select
    regexp_extract(filename, '([0-9a-f]+)\.json$', 1),
    r ->> 'source',
    coalesce(r ->> 'scanned_at', r ->> 'looked_at')::timestamptz,
    coalesce(r ->> 'cursor', r ->> 'mark')::timestamptz,
    (r ->> 'pages')::integer
from (
    select json as r, filename
    from read_json_objects($files, format = 'unstructured', filename = true)
);
