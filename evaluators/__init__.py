"""What is: weights, backends, benchmarks, the measurement engine. Knows no claims, no Prefect and no DuckDB.

records            what was measured: the run, with the records of its parts (artifact_records, response_records,
                   measurement_record, run_settings, imported_origin; record_base)
run_lease          what the engine asks of a store that several machines share
stopping           how the engine may be told to stop
hardware           the machine, read from it
licence_names      licences by what people call them
safe_load          YAML and JSON from strangers
user_error         an error that the user can fix
catalogue/         the benchmarks
backends/          model servers
harness/           lm-eval's benchmarks through our servers
protocols/         which settings a run may have, by release and benchmark
speed/             tokens a second
specification/     what a release's own files say
weights/           releases found, pulled and checked
sandbox/           programs that a model wrote
outside/           results made by other programs
answer_spelling   is a wrong answer only spelled otherwise? A lenient reading, for doubts only
item_pairs        which variant was made from which original, and when a problem was published, by their documents
run_manifest      the manifest of a run folder, run.json
stated_answer     what in an answer is stated as the answer
written_numbers   Chinese and Japanese numerals, and dates, as numbers
written_signs     an answer as a reader sees it, whatever signs it is written in
code/             benchmarks whose answers are programs
tasks/            benchmarks of our own, as lm-eval tasks over local JSONL files
"""
