"""One line for people."""

from __future__ import annotations

from warehouse.claim_records import ClaimInterval, Criterion, Outcome, Qualifier
from warehouse.number_text import number_and_unit

WORDS = {
    Outcome.confirmed: "CONFIRMED",
    Outcome.below_claim: "BELOW CLAIM",
    Outcome.above_claim: "ABOVE CLAIM",
    Outcome.depends_on_protocol: "DEPENDS ON THE PROTOCOL",
    Outcome.reached: "REACHED BY THIS QUANTIZATION",
    Outcome.not_reached: "NOT REACHED BY THIS QUANTIZATION",
    Outcome.not_tested: "NOT TESTED AS CLAIMED",
    Outcome.inconclusive: "INCONCLUSIVE",
    Outcome.invalid_run: "INVALID RUN",
    Outcome.could_not_run: "COULD NOT RUN",
    Outcome.unverified: "UNVERIFIED",
}


TURNED = {Outcome.below_claim: "WORSE THAN CLAIM", Outcome.above_claim: "BETTER THAN CLAIM"}
"""Where lower is better."""


def outcome_word(outcome: Outcome) -> str:
    """An outcome in capitals."""
    return WORDS[outcome]


def claimed(interval: ClaimInterval) -> str:
    """The claim in the words of its interval."""
    unit, value = interval.unit, interval.value
    if value is None:
        return interval.text or "words"
    if interval.qualifier is Qualifier.range and interval.low is not None and interval.high is not None:
        return f"{number_and_unit(interval.low, unit)} to {number_and_unit(interval.high, unit)}"
    if unit == "difference":
        points = -100 * value
        return f"at most {points:g} point{'' if points == 1 else 's'} less than the reference"
    if unit == "recovery":
        return f"at least {100 * value:g}% of the reference"
    lead = {Qualifier.at_least: "at least ", Qualifier.at_most: "at most ", Qualifier.about: "about "}
    return lead.get(interval.qualifier, "") + number_and_unit(value, unit)


def score_headline(
    criterion: Criterion,
    outcome: Outcome,
    *,
    score: float | None,
    low: float | None,
    high: float | None,
    items: int,
    of: int,
    why: str,
    how: str = "",
) -> str:
    """`measured 84.8% [83.2, 86.3] at stop, on 3,072 of 12,032 items; claim 85.2%: CONFIRMED within ±2 points, ...`.
    All scores as fractions; `why`: for outcomes that need a reason.
    `how`: how an item's score is made of several answers. `low`/`high`: of the confidence sequence."""
    share = criterion.interval.unit == "fraction"
    word = WORDS[outcome] if criterion.higher_is_better else TURNED.get(outcome, WORDS[outcome])
    tail = f"claim {claimed(criterion.interval)}: {word}"
    if outcome in (Outcome.confirmed, Outcome.reached):
        tail += (
            f" within ±{100 * criterion.margin:g} {'%' if criterion.relative else 'points'}"
            if share or criterion.relative
            else ""
        )
    elif outcome in (Outcome.below_claim, Outcome.above_claim) and share:
        tail += f" by ≥{_gap(criterion, outcome, low, high):.1f} points"
    elif why:
        tail += f" ({why})"
    tail += f", alpha={criterion.alpha:g}"
    if score is None:
        return f"nothing measured; {tail}"
    span = f" [{100 * low:.1f}, {100 * high:.1f}]" if low is not None and high is not None else ""
    stop = " at stop, on" if items < of else " on"
    measured = f"measured {number_and_unit(score, criterion.interval.unit)}{span}"
    return f"{measured}{stop} {items:,} of {of:,} items{f', {how}' if how else ''}; {tail}"


def _gap(criterion: Criterion, outcome: Outcome, low: float | None, high: float | None) -> float:
    """Points by which the score is at least off the claimed value."""
    value = criterion.interval.value
    worse_is_low = (outcome is Outcome.below_claim) == criterion.higher_is_better
    end = (high if worse_is_low else low) if value is not None else None
    if value is None or end is None:
        return 100 * criterion.margin
    return max(100 * (value - end if worse_is_low else end - value), 100 * (criterion.margin + criterion.noise))
