"""Predictions of a run's items from stored whole runs: of the same weights, else of other models.

Any numbers fixed before the run keep the guarantee (control_variate.py); these save items where they are like what the
run will find. Own runs under another engine or protocol are closest; of other models the best eight are taken, since
what a weak model fails at says little.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluators.harness.keys import order_key
from evaluators.records import Artifact
from warehouse.claim_records import Criterion
from warehouse.home import Home
from warehouse.queries.whole_runs import StoredRun, scores_by_item, whole_runs
from warehouse.verdicts.statistics.control_variate import forecast

MOST_RUNS = 8
"""Runs whose mean is taken."""
FEWEST_MODELS = 3
"""Other models below which nothing is predicted: few say little, and useless predictions cost 1 % of the items."""


@dataclass(frozen=True)
class Predictions:
    """One prediction for each item of a benchmark in the order of a run."""

    values: tuple[float, ...]
    sources: tuple[str, ...]
    """Ids of the runs they come from."""


def predictions_from_runs(home: Home, artifact: Artifact, criterion: Criterion) -> Predictions | None:
    """Predictions for the coming run of a criterion on some weights; None where no stored run says enough."""
    known = whole_runs(home, criterion.benchmark, criterion.metric, criterion.filter, criterion.items)
    own = [run for run in known if run.artifact_key == artifact.key]
    chosen = own[:MOST_RUNS] if own else _others(known)
    rows = [scores_by_item(home, run.run_id, *criterion.score_key) for run in chosen]
    items = set(rows[0]) if rows else set()
    same = [(run, row) for run, row in zip(chosen, rows, strict=True) if set(row) == items]
    known_scores = any(value is not None for _, row in same for value in row.values())
    if len(items) != criterion.items or not known_scores or (not own and len(same) < FEWEST_MODELS):
        return None
    if any(value is not None and not 0 <= value <= 1 for _, row in same for value in row.values()):
        return None
    order = sorted(items, key=lambda item: order_key(criterion.order_seed, *item))
    values = forecast([[row[item] for item in order] for _, row in same])
    if len(set(values)) == 1:
        return None  # says nothing
    return Predictions(tuple(values), tuple(run.run_id for run, _ in same))


def _others(known: list[StoredRun]) -> list[StoredRun]:
    """The newest whole run of each of the best other weights."""
    newest: dict[str, StoredRun] = {}
    for run in known:
        newest.setdefault(run.artifact_key, run)
    return sorted(newest.values(), key=lambda run: (-run.score, run.run_id))[:MOST_RUNS]
