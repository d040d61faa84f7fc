-- $files: JSON lines, one Claim a line; their sources.
insert or ignore into sources
select distinct on (s ->> 'sha256', s ->> 'url')
    s ->> 'sha256',
    s ->> 'url',
    s ->> 'kind',
    s ->> 'title',
    (s ->> 'read_at')::timestamptz
from (select json -> 'source' as s from read_ndjson_objects($files));
