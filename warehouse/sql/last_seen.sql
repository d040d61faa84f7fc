-- The newest commit seen of each model.
select model, "commit", weights, reason
from seen_releases
qualify row_number() over (partition by model order by seen_at desc, modified desc) = 1
