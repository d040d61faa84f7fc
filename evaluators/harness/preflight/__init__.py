"""Before the first item: what the server answers to a few requests, and whether its context has room for the benchmark.

run_preflight      the checks, by kind of request
context_budget     longest prompt and answer against the tokens that a request may use
"""
