"""What the headings and words around a table say that it is about.

titles       the title of a table: its caption, or the few words or the sentence right before it
named_over   the benchmark that headings and sentences over a table name
named_parts  columns named for languages or batches alone, completed by what the words around the table name
sampling_notes  sampling settings and the form of prompts that sentences near a table state
"""
