-- Which verdict stands for each claim, found once for a whole site: the view reads every verdict and run each time.
create temp table site_shown as
select claim_id, verdict_id, run_id, criterion_id
from shown_verdicts;
