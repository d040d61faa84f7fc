"""Benchmarks whose answers are programs.

code_tasks    the seam: what lm-eval's code tasks run goes into the sandbox, and nothing runs elsewhere
code_scoring  scoring of a run's items in threads, the sandbox of a run, what its checks say
own_grades    our scores beside lm-eval's, where its rule is not the authors'
answer_code   the code in an answer of a chat model, and the program that tests it
date_windows  windows of benchmarks whose problems are dated
"""
