-- Every run that the tables know, and whether it is of these weights ($artifact, null for unseen ones) and $benchmark.
select run_id, benchmark = $benchmark and artifact_key is not distinct from $artifact
from runs;
