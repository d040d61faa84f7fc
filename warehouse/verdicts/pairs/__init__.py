"""Claims about one artifact against another on the same items: "within 1 point of BF16", "recovery 99.3 %".

pair_region   the claim as an acceptance region for the items' differences, and its interval
pair_noise    how far an honest pair of runs differs from another one
judge_pair    claim, run of the pair -> verdict
"""
