"""What the commands print for people.

claim_page    `show`: one claim on one page
claim_tables  `claims`: the ledger, conflicts, candidates
plan_text     `plan`: what a verification would take
"""
