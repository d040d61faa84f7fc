"""The column "Recovery (%)" of a quantizer's card: claims about the pair, where the row's own numbers bear it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluators.records import UserError
from warehouse.claim_records import Claim, ClaimInterval
from warehouse.claims.source_reading import new_claim
from warehouse.claims.tables.cells import Value
from warehouse.claims.tables.context import Context
from warehouse.claims.tables.ownership.owners import Owner
from warehouse.claims.text.names import normalise
from warehouse.claims.text.pair_words import recovery_interval

RECOVERY_HEADS = frozenset({"recovery", "recoveryrate", "accuracyrecovery", "recovery%", "scorerecovery"})


def add_recovery(context: Context, number: int, columns: Sequence[int], whose: Mapping[int, Owner], taken: int) -> None:
    """Add what a row says of the pair, if it has one number of this release, one of another release with a hub id, and
    a recovery that is their quotient as far as the printed digits tell. `taken`: claims of the reading before the row.
    """
    recoveries = [
        column for column, heads in enumerate(context.layout.heads) if heads and normalise(heads[-1]) in RECOVERY_HEADS
    ]
    ours = [column for column in columns if whose[column].kind == "this"]
    others = [column for column in columns if whose[column].kind == "other"]
    made = context.reading.claims[taken:]
    if not len(recoveries) == len(ours) == len(others) == len(made) == 1 or len(columns) != 2:
        return
    [score], [column] = made, recoveries
    cell, reference = context.grid.rows[number][column], whose[others[0]].model
    if "/" not in reference or score.interval is None or score.interval.unit != "fraction":
        return
    try:
        interval = recovery_interval(cell.text)
    except UserError:
        return
    values = [context.values[number, column] for column in (*ours, *others)]
    if interval.value is None or not _fits(cell.text, interval.value, values):
        context.reading.leave(cell.line, f"{score.benchmark_text}: {cell.text}", "not the quotient of the row's scores")
        return
    context.reading.claims.append(_claim(context, score, f"Recovery {cell.text}", interval, reference, column, number))


def _fits(said: str, value: float, values: Sequence[Value]) -> bool:
    """Whether a printed recovery may be the quotient of two printed scores, each within half of its last digit."""
    ours, theirs = ((score.plain, score.decimals) for score in values)
    if not ours[0] or not theirs[0]:
        return False
    half, other = 0.5 * 10.0 ** -ours[1], 0.5 * 10.0 ** -theirs[1]
    if theirs[0] <= other:
        return False
    printed = 0.5 * 10.0 ** -(len(said.strip().rstrip("% ").partition(".")[2]) + 2) + 1e-9
    return (ours[0] - half) / (theirs[0] + other) - printed <= value <= (ours[0] + half) / (theirs[0] - other) + printed


def _claim(
    context: Context, score: Claim, said: str, interval: ClaimInterval, reference: str, column: int, number: int
) -> Claim:
    settings = score.settings.model_copy(update={"denominator": reference})
    return new_claim(
        model=score.model,
        benchmark=score.benchmark,
        benchmark_text=score.benchmark_text,
        said=said,
        claimant=score.claimant,
        source=score.source,
        place=f"line {context.grid.rows[number][column].line}, column {column + 1}",
        settings=settings,
        interval=interval,
        variant=score.variant,
        by=score.by,
        note=score.note,
        commit=score.commit,
    )
