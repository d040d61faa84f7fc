"""What flows need while they run.

server_pool        one model server at a time on a device; device_lock: which GPUs it holds
prefect_server     a Prefect server of our own, where none is set
progress_lines     progress in a terminal or a log; whole_run: when all will end; verbosity: how much is said
notify             events and the webhook
publish, hub_pull_requests   results given to others
"""
