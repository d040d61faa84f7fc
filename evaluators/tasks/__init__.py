"""Benchmarks of our own, as lm-eval tasks over local JSONL files."""
