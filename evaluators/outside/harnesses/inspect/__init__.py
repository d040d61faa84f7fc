"""Tasks of Inspect, those of inspect-evals among them.

inspect_tasks    the harness: any task, as an entry of the catalogue names it
inspect_driver   run by Inspect's own Python: what a task holds, and its items asked
"""
