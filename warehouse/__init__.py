"""What follows: claims in, results in, verdicts, queries, reports. DuckDB lives here and nowhere else.

claim_records   claims, acceptance criteria, verdicts
home, store     the files that everything is made from, and the database made of them
load            files -> tables; hub_scans: what watching the hub has seen
schema/ views/ sql/   migrations, views, statements
claims/         reading claims
verdicts/       judging them
queries/        asking
reports/        exports, pages and pictures
"""
