-- The words of the field: acceptance criteria (before: locks) and scans of the hub (before: looks).
drop view if exists claims_vs_measured;
drop view if exists latest_verdicts;

alter table locks rename to criteria;
alter table criteria rename lock_id to criterion_id;
alter table criteria rename locked_at to stored_at;
alter table verdicts rename lock_id to criterion_id;

alter table looks rename to hub_scans;
alter table hub_scans rename look_id to scan_id;
alter table hub_scans rename looked_at to scanned_at;
alter table hub_scans rename mark to "cursor";      -- newest push that was seen: the next scan begins there
