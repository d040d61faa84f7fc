"""Runs that others made: which there are, and which claims they have met."""

from __future__ import annotations

import json

from evaluators.records import Run
from warehouse.home import Home
from warehouse.sql import statement
from warehouse.store import reading


def imported_runs(home: Home, model: str) -> list[Run]:
    """The imported runs of a release, oldest first, without the items' values."""
    with reading(home) as connection:
        records = connection.execute(statement("imported_runs"), {"model": model}).fetchall()
    runs = []
    for (record,) in records:
        content = json.loads(record)
        content.pop("artifact_key", None)
        path = home.runs / content["run_id"] / "run.json"
        runs.append(Run.model_validate_json(path.read_bytes()) if path.exists() else Run.model_validate(content))
    return runs


def judged_criteria(home: Home, run_id: str) -> set[str]:
    """Ids of the acceptance criteria that a run was judged against."""
    with reading(home) as connection:
        rows = connection.execute(statement("judged_criteria"), {"run": run_id}).fetchall()
    return {criterion for (criterion,) in rows}


def models_of_claims(home: Home) -> list[str]:
    """Names of the models that current claims are about."""
    with reading(home) as connection:
        return [model for (model,) in connection.execute(statement("models_of_claims")).fetchall()]
