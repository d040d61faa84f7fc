-- $model: part of the model's id, null for all. The rows that a site is made of, a model's rows together.
select *
from claims_vs_measured
where $model is null or contains(lower(model), lower($model))
order by lower(model), model, unit = 'fraction' desc, benchmark, claimant <> 'vendor', claim_id;
