"""Pull requests on the hub with what was prepared for it."""

from __future__ import annotations

from evaluators.weights.hub import api, hub_errors
from warehouse.reports.publications import Publication

TITLE = "Add evaluation results measured by claimcheck"


def open_pull_request(publication: Publication) -> str:
    """Open one pull request with all files of a publication; returns its URL.

    Raises UserError if the hub refuses, or cannot be reached.
    """
    from huggingface_hub import CommitOperationAdd

    operations = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=text.encode()) for name, text in publication.files.items()
    ]
    with hub_errors(publication.repository):
        made = api().create_commit(
            repo_id=publication.repository,
            repo_type=publication.kind,
            operations=operations,
            commit_message=TITLE,
            create_pr=True,
        )
    return str(made.pr_url or made.commit_url)
