-- The current verdicts on some claims.
select record from latest_verdicts where claim_id in (select unnest($claims));
