-- $files: one Verdict a file, named for its id. Verdicts are appended, never overwritten.
insert or ignore into verdicts
select
    regexp_extract(filename, '([0-9a-f]+)\.json$', 1),
    r ->> 'claim_id',
    coalesce(r ->> 'criterion_id', r ->> 'lock_id'),  -- lock_id in files of version 0.1.0
    r ->> 'run_id',
    r ->> 'outcome',
    r ->> 'comparability',
    (r ->> 'flagged')::boolean,
    (r ->> 'score')::double,
    (r ->> 'low')::double,
    (r ->> 'high')::double,
    (r ->> 'confidence')::double,
    (r ->> 'items')::bigint,
    (r ->> 'of')::bigint,
    (r ->> 'stopped_early')::boolean,
    r ->> 'headline',
    coalesce(r -> 'reasons', '[]'),
    coalesce(r -> 'compared', '[]'),
    (r ->> 'judged_at')::timestamptz,
    r,
    (r ->> 'sequence')::bigint
from (
    select json as r, filename
    from read_json_objects($files, format = 'unstructured', filename = true)
);
