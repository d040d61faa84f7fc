-- The models that current claims of vendors, the press or the community are about.
select distinct c.model
from claims c
where c.claimant <> 'third_party'
  and not exists (select 1 from claims newer where newer.supersedes = c.claim_id)
order by 1;
