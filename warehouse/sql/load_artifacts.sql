-- From the incoming runs.
insert or ignore into artifacts
select distinct on (r ->> 'artifact_key')
    r ->> 'artifact_key',
    r -> 'release' ->> 'model',
    r -> 'release' ->> 'commit',
    r -> 'artifact' ->> 'format',
    r -> 'artifact' ->> 'quantization',
    r -> 'artifact' -> 'files'
from (select record as r from incoming_runs)
where r ->> 'artifact_key' is not null;
