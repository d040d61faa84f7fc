"""Tasks in Harbor's format, such as Terminal-Bench: where they come from (`harbor_tasks`), how they run
(`harbor_harness`)."""
