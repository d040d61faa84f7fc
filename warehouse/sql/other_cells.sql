-- What the source of a claim says about other models on the same benchmark: the columns that may have been mistaken.
select model || ', ' || benchmark_text as cell, value
from claims
where source_sha256 = $source and source_url = $url and model <> $model and benchmark = $benchmark
  and value is not null
order by place;
