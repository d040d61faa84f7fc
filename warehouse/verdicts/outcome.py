"""From the statistics, the soundness of the run and the causes to an outcome with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evaluators.catalogue import Benchmark
from evaluators.records import ItemScore, Measurement, Run, RunStatus
from warehouse.claim_records import Claim, Comparability, Criterion, Outcome, Reason, SettingCompared, Verdict
from warehouse.claims.text.thinking_budget import thinking_budget
from warehouse.verdicts.comparability import FULL
from warehouse.verdicts.diagnostics.checks import as_reason
from warehouse.verdicts.diagnostics.evidence import Cause
from warehouse.verdicts.diagnostics.validity import Limits, bounds, holds_within, unsound
from warehouse.verdicts.noise import RunNoise, contradict_level
from warehouse.verdicts.statistics.region import ROUNDING, AcceptanceRegion
from warehouse.verdicts.statistics.sample_size import more_needed
from warehouse.verdicts.statistics.sequential_test import TestState


def decide_outcome(
    case: Case,
    state: TestState | None,
    region: AcceptanceRegion,
    causes: list[Cause],
    items: list[ItemScore],
    limits: Limits,
    why: Reason | None,
    noise: RunNoise,
    predictions: Sequence[float] | None = None,
) -> tuple[Outcome, list[Reason]]:
    """The rules: an unsound run accuses nobody; a doubt turns an accusation into inconclusive; a verdict must hold
    whatever the affected answers would have been."""
    criterion, measurement = case.criterion, case.measurement
    reasons = [*(as_reason(cause, items, measurement) for cause in causes), *_bounds_reason(measurement)]
    broken = unsound(case.run, measurement, limits)
    settings = settings_reasons(case)
    if case.run.status is RunStatus.invalid:
        return Outcome.invalid_run, [*reasons[:1], *broken, *reasons[1:], *settings]
    if state is None or state.side is None:
        unsound_cause = any(cause.weight == "unsound" for cause in causes)
        first = [why] if why else [_undecided(case, region, noise)]
        if broken or unsound_cause:
            return Outcome.invalid_run, [*reasons, *broken, *settings, *first]
        return Outcome.inconclusive, [*first, *settings, *reasons]
    side = state.side
    outcome = Outcome.confirmed
    if side != "confirmed":
        worse = (side == "below") == criterion.higher_is_better
        outcome = Outcome.below_claim if worse else Outcome.above_claim
    spread = bounds(measurement) if measurement.unit == "fraction" else None
    holds = spread is None or holds_within(
        side,
        spread,
        measurement,
        region,
        criterion.level / criterion.plausible,
        contradict_level(criterion.level, region.noise),
        predictions,
    )
    against = _criterion_reasons(criterion, noise)
    if outcome is Outcome.below_claim:
        weights = {cause.weight for cause in causes}
        if broken or "unsound" in weights:
            return Outcome.invalid_run, [*reasons, *broken, *settings, *against]
        if not holds or "doubt" in weights:
            if not reasons:
                text = "the claim lies within the bounds that the unreadable answers leave"
                reasons = [Reason(code="within_bounds", text=text)]
            return Outcome.inconclusive, [*reasons, *settings, *against]
        return outcome, [*settings, *against, *reasons]
    if broken and not holds:
        return Outcome.invalid_run, [*reasons, *broken, *settings, *against]
    return outcome, [*settings, *against, *broken, *reasons]


def under_other_settings(case: Case, outcome: Outcome, reasons: list[Reason]) -> tuple[Outcome, list[Reason]]:
    """A run under other settings than those stated never judges the claim. Where the weights' quantization is all that
    differs, what is judged is the artifact: it reaches the claimed score, or it does not."""
    if case.comparability is not Comparability.differs or outcome is Outcome.invalid_run:
        return outcome, reasons
    apart = {line.setting for line in case.compared if line.relation == "differs"}
    first = [reason for reason in reasons if reason.code == "settings_differ"]
    ordered = [*first, *(reason for reason in reasons if reason.code != "settings_differ")]
    claimed = next((line.claimed for line in case.compared if line.setting == "quantization"), None)
    smaller = claimed is not None and (claimed == "as released" or claimed.casefold() in FULL)
    if apart - {"quantization"} or not smaller or case.artifact_of_others:
        return Outcome.not_tested, ordered
    answers = {
        Outcome.confirmed: Outcome.reached,
        Outcome.above_claim: Outcome.reached,
        Outcome.below_claim: Outcome.not_reached,
    }
    return answers.get(outcome, outcome), ordered


def settings_reasons(case: Case) -> list[Reason]:
    """The settings that differ, or that were assumed, as reasons."""
    reasons = []
    for relation, code, words in (
        ("differs", "settings_differ", "differ"),
        ("unknown", "settings_unknown", "not told by the file"),
        ("assumed", "settings_assumed", "not stated"),
    ):
        lines = [line for line in case.compared if line.relation == relation]
        if lines:
            parts = [
                f"{line.setting} ({line.claimed or 'none'} claimed, {line.measured or 'none'} run)"
                if relation == "differs"
                else f"{line.setting} ({line.measured or line.claimed or 'neither'})"
                for line in lines
            ]
            reasons.append(Reason(code=code, text=f"settings {words}: {', '.join(parts)}"))
    if (budget := thinking_budget(case.claim.settings)) is not None:
        text = f"the budget of {budget:,} tokens of thinking was run as a limit of the whole answer"
        reasons.append(Reason(code="thinking_budget", text=f"{text}; answers that were cut by it count both ways"))
    return reasons


def _bounds_reason(measurement: Measurement) -> list[Reason]:
    """What the answers that were cut, missing or unreadable could have made of the score."""
    spread = bounds(measurement) if measurement.unit == "fraction" else None
    if spread is None or spread.high - spread.low < ROUNDING:
        return []
    text = f"between {100 * spread.low:.1f}% and {100 * spread.high:.1f}%, had those answers been wrong or right"
    return [Reason(code="bounds", text=f"the score would lie {text}")]


def _criterion_reasons(criterion: Criterion, noise: RunNoise) -> list[Reason]:
    """What the verdict was measured against."""
    width = f"{100 * criterion.margin:g} %" if criterion.relative else f"{100 * criterion.margin:g} points"
    if criterion.interval.unit != "fraction" and not criterion.relative:
        width = f"{criterion.margin:g}"
    wrong = f"a verdict is wrong in at most {100 * criterion.alpha:g} of 100 cases"
    reasons = [Reason(code="margin", text=f"tolerance: the claim ±{width}; {wrong}")]
    if noise.width:
        reasons.append(Reason(code="run_noise", text=noise.text))
    return reasons


def _undecided(case: Case, region: AcceptanceRegion, noise: RunNoise) -> Reason:
    """Why nothing is decided, and what would decide it."""
    measurement = case.measurement
    if case.run.status is RunStatus.interrupted:
        text = f"the run is not finished: {measurement.items:,} of {measurement.of:,} items"
        return Reason(code="not_finished", text=text)
    return more_needed(case.criterion, measurement, region, noise)


@dataclass(frozen=True)
class Case:
    """Claim, criterion, run and measurement, and how comparable they are."""

    claim: Claim
    criterion: Criterion
    run: Run
    measurement: Measurement
    benchmark: Benchmark
    comparability: Comparability
    compared: tuple[SettingCompared, ...]
    now: datetime

    @property
    def artifact_of_others(self) -> bool:
        """Whether what was run is not known to be a quantization of the claimed weights."""
        return self.run.artifact is None or not self.run.artifact.files

    def verdict(
        self,
        outcome: Outcome,
        reasons: Sequence[Reason],
        headline: str,
        *,
        score: float | None,
        span: tuple[float | None, float | None, float | None] = (None, None, None),
        e_values: dict[str, float] | None = None,
        strength: float | None = None,
    ) -> Verdict:
        """The verdict with this outcome. `span`: interval and its level; `e_values`: natural logarithms."""
        return Verdict(
            claim_id=self.claim.claim_id,
            criterion_id=self.criterion.criterion_id,
            run_id=self.run.run_id,
            outcome=outcome,
            comparability=self.comparability,
            flagged=outcome is Outcome.below_claim
            and self.run.ran_by == "us"
            and self.run.weights_seen
            and self.comparability in (Comparability.matched, Comparability.assumed),
            reasons=tuple(reasons),
            compared=self.compared,
            score=score,
            low=span[0],
            high=span[1],
            confidence=span[2],
            items=self.measurement.items,
            of=self.measurement.of,
            stopped_early=self.measurement.stopped_early,
            e_values=e_values or {},
            strength=strength,
            headline=headline,
            judged_at=self.now,
        )
