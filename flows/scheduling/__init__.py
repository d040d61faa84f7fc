"""What a week would verify, and what came of it.

watch           scans of the hub for new releases, commits and quantized repositories
priority        which releases are due, and in which order
queue           the due releases with their cost, and why some are left out
weekly_report   the result of a week, for people and for JSON
"""
