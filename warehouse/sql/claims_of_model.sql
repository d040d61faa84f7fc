-- The claims about a model that stand, i.e. that no later claim supersedes.
select record
from claims c
where lower(c.model) = lower($model)
  and c.claimant <> 'third_party'
  and not exists (select 1 from claims newer where newer.supersedes = c.claim_id)
order by c.source_url, c.place, c.claim_id;
