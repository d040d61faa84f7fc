"""Evaluations made by other programs, elsewhere or here.

read_outside       any file or folder -> what it says; read_file: one file -> its reader, told by its content
formats/           the readers, one a format
outside_records    what a file says, before it becomes a run of ours
import_run         from there to runs, measurements and item scores as ours have them
bounded_reading    files of strangers within bounds; zip_entries: single entries of a zip
tool_calls         whether a served model's tool calls come back as calls; tool_cases: the questions
harnesses/         agent benchmarks run here, through the field's own harnesses
model_names        whether a file's name for a model may be a release's
redact             secrets, taken out before anything is stored
score_checks       whether a published score fits its items, its size and the words for it
sample_hashes      whether lm-eval samples are unchanged, and of the run that they lie beside
task_versions      the version of a task in the installed lm-eval
"""
