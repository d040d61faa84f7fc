-- The seed of the order in which a benchmark's items were read on some weights, by the newest run.
select order_seed from runs
where artifact_key = $artifact and benchmark = $benchmark and evaluator = 'lm-eval'
order by started desc
limit 1;
