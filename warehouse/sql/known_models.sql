-- Hub ids that the ledger or a scan of the hub has seen.
select distinct model from claims where contains(model, '/')
union
select distinct model from seen_releases where contains(model, '/');
