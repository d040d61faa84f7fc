"""What leaves the warehouse: tables, records of other formats, pages and pictures.

export, export_table, export_verdicts    CSV, Parquet, JSON (spreadsheet_text: no formulas in cells)
export_hub, export_every_eval_ever, publish   other people's formats
formatting, outcome_words, odds, repeat_command   numbers and outcomes in words
speed_plot       speeds in one picture
site/            the pages
"""
