-- $prefix: the whole Claim of every id that begins like this.
select record::varchar from claims where starts_with(claim_id, $prefix) limit 3;
