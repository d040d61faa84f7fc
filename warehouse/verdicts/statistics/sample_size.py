"""Before the run: how many items until a verdict, and what cannot be decided at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf, log

from evaluators.catalogue import catalogue
from evaluators.records import Measurement, Settings
from warehouse.claim_records import ClaimInterval, Criterion, Reason
from warehouse.verdicts.early_stopping import budget_share
from warehouse.verdicts.looks import look_schedule
from warehouse.verdicts.noise import RISK_WIDTH, RunNoise, contradict_level, unsaid_width
from warehouse.verdicts.statistics.region import ROUNDING, AcceptanceRegion, edges
from warehouse.verdicts.statistics.run_noise import most_within, repeats_needed
from warehouse.verdicts.statistics.sequential_test import EVERY, MINIMUM, log_e_values
from warehouse.verdicts.statistics.stopping_time import critical_counts, laws

GAPS = (0.0, 0.03, 0.05, 0.10)
"""How far off the claim may be: not at all, 3, 5 and 10 points."""


@dataclass(frozen=True)
class Prospect:
    """What to expect if the score is `gap` worse than claimed."""

    gap: float
    """Claimed minus true score, as a fraction (0.05: 5 points)."""
    items: int
    """Expected items until the verdict or the budget."""
    p90: int
    """Items that 90 % of the orders do not exceed."""
    decided: float
    """Probability that the budget suffices."""
    right: float
    """Probability that the budget suffices and the verdict is right."""


@dataclass(frozen=True)
class SamplePlan:
    """What verifying one claim takes."""

    total: int
    """Items of the benchmark."""
    budget: int
    """Items that may be used."""
    prospects: tuple[Prospect, ...]
    """One per gap, in the order asked for; empty if the claim is no score."""
    sentences: tuple[str, ...]
    """What cannot be decided, in words; empty if everything can."""


@lru_cache(maxsize=1000)
def plan_items(
    interval: ClaimInterval,
    items: int,
    margin: float,
    alpha: float = 0.05,
    *,
    budget: float | None = None,
    noise: float = 0.0,
    unsaid: float = 0.0,
    claimed_repeats: int = 1,
    gaps: tuple[float, ...] = GAPS,
    higher_is_better: bool = True,
    every: int = EVERY,
    minimum: int = MINIMUM,
) -> SamplePlan:
    """Expected items until a verdict on a score claim, exactly (dynamic programming over looks every `every` items,
    verdicts from `minimum` on).

    `items`: of the whole benchmark; `margin`, `noise` (run-noise allowance of the criterion, with the claimant's
    repeats): fractions; `budget`: share of the items that may be used (None: half of 5,000 or more, else all). Gaps
    that would lead out of [0, 1] are left out. `unsaid`: the part of `noise` that no repeats make smaller, because of
    what claims leave unsaid. A claim that is no score has no prospects."""
    share = budget_share(items) if budget is None else min(budget, 1.0)
    most = max(min(items, minimum), round(share * items))
    if interval.unit != "fraction" or interval.value is None:
        return SamplePlan(items, most, (), ())
    low, high = edges(interval, margin)
    region = AcceptanceRegion(items, max(low, 0.0), min(high, 1.0), margin, noise)
    looks = [seen for seen in (*range(every, most, every), most) if seen < items]
    sign = -1 if higher_is_better else 1
    kept = [gap for gap in gaps if 0 <= interval.value + sign * gap <= 1]
    correct = [round(items * (interval.value + sign * gap)) for gap in kept]
    stopping_laws = laws(
        items,
        critical_counts(region, alpha, looks, contradict_level(alpha, noise)),
        correct,
        minimum=min(minimum, items),
    )
    prospects = []
    for gap, law in zip(kept, stopping_laws, strict=True):
        score = law.correct / items
        inside = region.at_least <= law.correct <= region.at_most
        outside = law.correct < region.not_below or law.correct > region.not_above
        at_end = most >= items and (inside or outside)
        named = law.confirmed if inside else law.below if score < region.low else law.above
        last = items if most >= items else most
        spent = law.mean + law.open * (last - (looks[-1] if looks else 0))
        p90 = last if 1 - law.open < 0.9 else law.p90
        decided = 1.0 if at_end else 1 - law.open
        right = named + (law.open if at_end else 0.0)
        prospects.append(Prospect(gap, round(spent), p90, decided, right))
    sentences = [
        noise_sentence(
            interval, items, margin, prospect.gap, noise=noise, unsaid=unsaid, claimed_repeats=claimed_repeats
        )
        or _sentence(prospect, items, most, margin)
        for prospect in prospects
    ]
    return SamplePlan(items, most, tuple(prospects), tuple(text for text in sentences if text))


def plan_criterion(
    criterion: Criterion,
    *,
    budget: float | None = None,
    claimed_repeats: int = 1,
    gaps: tuple[float, ...] = GAPS,
    looks: int | None = None,
) -> SamplePlan:
    """The plan of a criterion. `looks`: about so many over all items instead of those of the schedule, for a quick
    estimate; the items expected are then at most half a step too many."""
    schedule, unsaid = look_schedule(criterion.benchmark), _unsaid(criterion)
    return plan_items(
        criterion.interval,
        criterion.items,
        criterion.margin,
        criterion.level / criterion.plausible,
        budget=budget,
        noise=criterion.noise,
        unsaid=unsaid if criterion.noise >= unsaid - ROUNDING else 0.0,
        claimed_repeats=claimed_repeats,
        gaps=gaps,
        higher_is_better=criterion.higher_is_better,
        every=schedule.every if looks is None else max(schedule.every, criterion.items // looks),
        minimum=schedule.minimum,
    )


def _unsaid(criterion: Criterion) -> float:
    """What a claim about this benchmark leaves unsaid, beyond its margin; 0 for a benchmark that nobody knows."""
    known = catalogue().get(criterion.benchmark)
    if known is None:
        return 0.0
    return unsaid_width(known, Settings(), margin=criterion.margin, relative=criterion.relative)


def _sentence(prospect: Prospect, items: int, most: int, margin: float) -> str | None:
    """What stands in the way of a verdict at this gap; None if nothing does."""
    if prospect.decided >= 0.5:
        return None
    gap = 100 * prospect.gap
    what = f"refute a gap of {gap:g} points" if prospect.gap > margin else "decide a claim this close"
    return f"{most:,} of {items:,} items will probably not {what}; raise the budget"


def noise_sentence(
    interval: ClaimInterval,
    items: int,
    margin: float,
    gap: float,
    *,
    noise: float,
    unsaid: float = 0.0,
    claimed_repeats: int = 1,
) -> str | None:
    """Whether run noise hides a gap (fraction) even after all items, and how many repeats would show it; None if it
    does not. `noise`: allowance of the criterion. `claimed_repeats`: the claimant's, 1 if not said. Counts with the
    largest noise that the claimed score allows; what is measured is smaller."""
    if interval.value is None or not margin < gap <= margin + noise:
        return None
    text = f"{items:,} items cannot refute a gap of {100 * gap:g} points"
    if gap <= margin + unsaid + ROUNDING:
        return f"{text}: what a claim leaves unsaid may do as much"
    repeats = repeats_needed(most_within(interval.value - margin), items, gap - margin, claimed_repeats)
    if repeats is None:
        return f"{text}: the claimant's single run may be that far off itself"
    return f"{text}; {repeats:,} repeats would"


def more_needed(criterion: Criterion, measurement: Measurement, region: AcceptanceRegion, noise: RunNoise) -> Reason:
    """Why a claim is still open after these items, and how many more items (if they go on alike) or repeats would
    decide it."""
    items, total, score = measurement.items, measurement.of, measurement.score or 0.0
    if items >= total:
        return _repeats(criterion, measurement, region, score, noise)
    needed = items_needed(region, score, criterion.level, items)
    text = f"undecided when the run ended after {items:,} of {total:,} items"
    if needed is None or needed >= total:
        return Reason(code="budget", text=f"{text}; only the whole benchmark would decide")
    return Reason(code="budget", text=f"{text}; about {needed - items:,} more would decide if they go on alike")


def items_needed(region: AcceptanceRegion, score: float, alpha: float, start: int = 0) -> int | None:
    """Items at which the tests would decide if every prefix had the same `score` (fraction); None: not before the
    end."""
    low, high = max(start, 1), region.total
    if not _decided(region, score, alpha, high - 1):
        return None
    while high - low > EVERY:
        middle = (low + high) // 2
        low, high = (low, middle) if _decided(region, score, alpha, middle) else (middle, high)
    return high


def _decided(region: AcceptanceRegion, score: float, alpha: float, items: int) -> bool:
    right = min(items, round(score * items))
    least, most, below, above = log_e_values(region, items, right, right)
    confirm, contradict = log(1 / alpha), log(2 / contradict_level(alpha, region.noise))
    return (least >= confirm and most >= confirm) or contradict <= below < inf or contradict <= above < inf


def _repeats(
    criterion: Criterion, measurement: Measurement, region: AcceptanceRegion, score: float, noise: RunNoise
) -> Reason:
    """A whole run that decides nothing: unknown items, or a gap smaller than run noise."""
    if measurement.failed:
        text = f"{measurement.failed:,} items have no score, and they could change the outcome"
        return Reason(code="failed_items", text=text)
    gap = max(region.low - score, score - region.high)
    outside = f"the score is {100 * gap:.1f} points outside the region"
    if noise.basis == "wording":
        text = f"{outside}; wording, examples and the reading of answers, which the claim leaves unsaid, move honest"
        return Reason(
            code="unsaid", text=f"{text} scores by up to {100 * region.noise:.1f} points more than its margin"
        )
    repeats = repeats_needed(noise.within, measurement.of, gap, risk=RISK_WIDTH * criterion.level)
    text = f"{outside}, run noise allows {100 * region.noise:.1f}"
    if repeats is None:
        return Reason(code="needs_repeats", text=f"{text}; the claimant's own noise is larger than the gap")
    return Reason(code="needs_repeats", text=f"{text}; about {repeats:,} answers an item would tell")
