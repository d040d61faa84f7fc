-- Claims whose last verdict is could_not_run without a run, with its first reason.
select claim_id, reasons ->> 0 ->> 'text' as text
from latest_verdicts
where claim_id in (select unnest($claims)) and outcome = 'could_not_run' and run_id is null;
