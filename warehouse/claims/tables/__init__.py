"""Tables and lists of cards and articles, read into claims.

document, grid, cells        a page as tables, a table as cells, a cell as values
headings, layout, column_labels   what rows and columns are about
around/                      what headings and words around a table say that it is about
ownership/                   whose number a cell is
row_settings, notes, two_values, context   settings and words beside the numbers
environment  machine, engine and lengths that the words before a table of speeds state
contradictions               a table that says two things says nothing
lm_eval_table, leaderboards, specification_lists   forms with rules of their own
extract, take                from cells to claims
recovery     the column "Recovery (%)" of a quantizer's card
row_names    names of rows, completed by what stands beside and above them
row_shapes   rows that hold several benchmarks taken apart, and rows without a label joined to the one above
"""
