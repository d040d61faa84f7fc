"""Questions to the warehouse, each a statement of `warehouse/sql`.

table          claims beside measurements, one claim in full
kept_table     the rows of a large table as they were last asked for
user_query     a user's own SQL
verification   what a verification must know of earlier ones
scheduling     what is due
imported       results made elsewhere
claim_runs     what the warehouse knows about the runs that judged a claim
paired_items   two runs of one benchmark item by item
prompts        the questions of items, from the prompts that lie in the folder of their run
whole_runs     stored runs that answered a whole benchmark, and their scores item by item
"""
