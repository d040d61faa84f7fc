"""What follows: claims in, results in, verdicts, queries, reports. DuckDB lives here and nowhere else.

claim_records   claims, acceptance criteria, verdicts
home, store     the files that everything is made from, and the database made of them
load            files -> tables; hub_scans: what watching the hub has seen
schema/ views/ sql/   migrations, views, statements
claims/         reading claims
verdicts/       judging them
queries/        asking
reports/        exports, pages and pictures
database_state   which state of the tables a file holds, told without opening it
loaded_files   which files of a home the tables have already, so that loading costs what is new
number_text    numbers as people read them, by unit
odd_files      what stands where the database belongs and is no plain file
read_only      connections that only read
sound_files    which files of a home are what was written
"""
