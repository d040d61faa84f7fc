-- What a run was judged against.
select criterion_id from verdicts where run_id = $run and criterion_id is not null;
