"""Claims about one artifact against another on the same items.

reference_weights   what is served as the reference
measure_pair        both artifacts under one protocol, in steps, until the claims are decided
pair_run            two runs on the same items -> the run of the pair
"""
