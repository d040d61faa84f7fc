"""Is the claim about something else: another metric or filter of the same run, another column of the table?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evaluators.records import Measurement
from warehouse.verdicts.claim_state import state_of_claim
from warehouse.verdicts.diagnostics.evidence import Cause, Evidence
from warehouse.verdicts.statistics.region import acceptance_region

SAME = 0.006
"""Two scores of one printed number, as a fraction."""
MISREAD = 5 / 113
"""Share of public disputes in which somebody had misread a column: the likelihood before a cell is looked at."""
SPREAD = 0.25
"""Range over which the cells of a table lie, at least, as a fraction."""
COLUMNS = 2
"""Benchmarks on which a column must equal the measured scores."""
KINDS = re.compile(
    r"[-_ ./]+|\b(?:base|instruct|chat|it|pt|sft|dpo|thinking|think|reasoning|non|no|mode|preview|hf|gguf)\b"
)
"""What tells the members of one family apart in a model's name."""


def other_metric(e: Evidence) -> Iterable[Cause]:
    """Another metric or filter of the same run that the claim fits."""
    if e.criterion is None or e.gap <= e.criterion.margin:
        return
    for other in e.run.measurements:
        if other.benchmark != e.measurement.benchmark or other.score_key == e.measurement.score_key:
            continue
        if other.score is None or other.unit != e.measurement.unit or not _fits(e, other):
            continue
        what = f"{other.metric} ({other.filter})" if other.filter != "none" else other.metric
        ours = e.measurement.metric if other.metric != e.measurement.metric else e.measurement.filter
        text = f"{what} of the same run is {100 * other.score:.1f}%, which is what was claimed; {ours} was compared"
        yield Cause("other_metric", text, "doubt")
        return


def _fits(e: Evidence, other: Measurement) -> bool:
    """Whether the claim may be about the other score: not refuted by it, and where the claim names its own metric,
    equal to it."""
    assert e.criterion is not None and other.score is not None
    region = acceptance_region(e.criterion, other.of, 0.0)
    state, _ = state_of_claim(e.criterion.model_copy(update={"predictions_sha256": None}), other, region)
    inside = region.low <= other.score <= region.high
    if e.states("metric") or e.states("filter"):
        return abs(other.score - (e.interval.value or 0.0)) <= SAME
    return inside if state is None or state.side is None else state.side == "confirmed"


def other_cell(e: Evidence) -> Iterable[Cause]:
    """Another cell of the claim's table that equals the measured score. It is a doubt only where a column does so on
    several benchmarks, or where it is a sibling's and so many cells would hardly do so by chance."""
    score, value = e.measurement.score, e.interval.value
    if score is None or value is None or e.criterion is None or e.gap <= e.criterion.margin:
        return
    for column in e.columns:
        if column.equal >= COLUMNS and column.equal == column.of:
            text = (
                f"on {column.equal} of {column.of} benchmarks the measured score is that of another column of the same "
                f"table: {column.name}"
            )
            yield Cause("wrong_model_or_column", text, "doubt")
            return
    cells = [(name, cell) for name, cell in e.other_cells if abs(cell - value) > 0.001]
    near = [(name, cell) for name, cell in cells if abs(cell - score) <= SAME]
    if not near:
        return
    name, cell = min(near, key=lambda named: abs(named[1] - score))
    kin = [other for other, _ in cells if akin(other, e.claim.model)]
    sibling = next(((other, held) for other, held in near if other in kin), None)
    if sibling and e.whole and likelihood_of_misreading(len(kin), max(SPREAD, 2 * e.gap)) >= 0.5:
        name, cell = sibling
        text = f"the measured score is that of a sibling in the same table: {name}, {100 * cell:.1f}%"
        yield Cause("wrong_model_or_column", text, "doubt")
        return
    often = likelihood_of_misreading(len(cells), max(SPREAD, 2 * e.gap))
    text = f"another cell of the same table is near the measured score: {name}, {100 * cell:.1f}%, one of {len(cells)}"
    text += f" cells; likelihood of a misread column {often:.0%}"
    yield Cause("another_cell_near", text, "note")


def likelihood_of_misreading(cells: int, spread: float) -> float:
    """Probability that a column was misread, given that one of `cells` cells, spread over `spread`, equals the score:
    MISREAD against a chance hit of any of them."""
    chance = 1 - max(0.0, 1 - 2 * SAME / spread) ** max(cells, 1)
    return MISREAD / (MISREAD + (1 - MISREAD) * chance)


def akin(name: str, model: str) -> bool:
    """Whether two names are of one family, as base and instruct, thinking and not: alike but for these words."""
    family = _family(name.partition(",")[0])
    return bool(family) and family == _family(model)


def _family(name: str) -> str:
    return KINDS.sub("", KINDS.sub(" ", name.rpartition("/")[2].casefold())).replace(" ", "")
