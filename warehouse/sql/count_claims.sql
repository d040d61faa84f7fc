-- Standing claims.
select count(*) from claims where claim_id not in (select supersedes from claims where supersedes is not null);
