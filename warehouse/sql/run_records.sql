-- $model: hub id or null for all; the manifest of every run that ended.
select record::varchar from runs where $model is null or model = $model order by model, benchmark, started;
