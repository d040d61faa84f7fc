"""What a verification asks the warehouse: the claims about a model, and which of them are settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.records import ItemScore, Run
from warehouse.claim_records import Claim, Criterion
from warehouse.home import Home
from warehouse.sql import statement
from warehouse.store import fetch_rows, reading


@dataclass(frozen=True)
class Cost:
    """What one item cost in the newest run of a benchmark."""

    requests: float
    tokens: float
    """Prompt and answer together."""
    seconds: float
    """Wall time of the run, divided by its items."""


def claims_of(home: Home, model: str) -> list[Claim]:
    """The current claims about a model by its vendor, the press or the community, in the order of their sources."""
    with reading(home) as connection:
        records = connection.execute(statement("claims_of_model"), {"model": model}).fetchall()
    return [Claim.model_validate_json(record) for (record,) in records]


def settled(
    home: Home,
    claims: Sequence[Claim],
    criteria: Sequence[Criterion],
    *,
    artifact: str | None,
    backend: str,
    full: bool,
) -> set[str]:
    """Ids of the claims that need no run: judged against the same bar, on the same weights and serving engine.

    artifact: key of the weights; None where the run is about several. full: a verdict on an early-stopped run does not
    count.
    """
    asked = {
        "claims": [claim.claim_id for claim in claims],
        "criteria": [criterion.criterion_id for criterion in criteria],
        "artifact": artifact,
        "backend": backend,
        "full": full,
    }
    with reading(home) as connection:
        return {claim_id for (claim_id,) in connection.execute(statement("current_verdicts"), asked).fetchall()}


def refusals(home: Home, claims: Sequence[Claim]) -> dict[str, str]:
    """Why claims could not be run, by claim id, for those whose last verdict says so."""
    with reading(home) as connection:
        asked = {"claims": [claim.claim_id for claim in claims]}
        return dict(connection.execute(statement("current_refusals"), asked).fetchall())


def costs(home: Home, model: str, backend: str) -> dict[str, Cost]:
    """Cost of an item by benchmark, from the newest runs of this model on this backend."""
    with reading(home) as connection:
        rows = connection.execute(statement("cost_of_items"), {"model": model, "backend": backend}).fetchall()
    return {benchmark: Cost(requests, tokens, seconds) for benchmark, requests, tokens, seconds in rows}


def other_cells(home: Home, claim: Claim) -> list[tuple[str, float]]:
    """(name, value) of what the claim's source says about other models on its benchmark, in the benchmark's unit."""
    with reading(home) as connection:
        asked = {
            "source": claim.source.sha256,
            "url": claim.source.url,
            "model": claim.model,
            "benchmark": claim.benchmark,
        }
        return connection.execute(statement("other_cells"), asked).fetchall()


def items_of_run(home: Home, run_id: str, metric: str, filter: str) -> list[ItemScore]:
    """Item scores of a run, troubled and wrong ones first, for examples (300 at most)."""
    with reading(home) as connection:
        asked = {"run": run_id, "metric": metric, "filter": filter}
        return [ItemScore.model_validate(row) for row in fetch_rows(connection, statement("items_of_run"), asked)]


def flip_rate(home: Home, run: Run, metric: str, filter: str) -> dict[str, float] | None:
    """Signals of a run whose weights answered some items twice under its settings: `flip_rate`, the share whose score
    flipped, `flip_items`, how many items that were, and `flip_gain`, how much more the second answers score, which were
    asked for fewer at a time (fraction); None if they never did."""
    if run.artifact is None or run.server is None:
        return None
    asked = {
        "artifact": run.artifact.key or None,
        "backend": run.server.backend,
        "fingerprint": run.server.fingerprint,
        "benchmark": run.benchmark,
        "prompt": run.settings.prompt,
        "thinking": run.settings.thinking,
        "temperature": run.settings.temperature or 0.0,
        "metric": metric,
        "filter": filter,
    }
    with reading(home) as connection:
        flips = connection.execute(statement("flip_rate"), asked).fetchone()
    if not flips or not flips[1]:
        return None
    return {"flip_rate": flips[0], "flip_items": float(flips[1]), "flip_gain": flips[2]}
