select * from claims_vs_measured where starts_with(claim_id, $prefix);
