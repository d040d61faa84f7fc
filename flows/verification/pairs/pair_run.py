"""Two runs on the same items -> the run of the pair, whose measurements hold both scores of each item."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from evaluators.records import Measurement, Run, RunStatus
from evaluators.speed.ratio import side_names
from warehouse.verdicts.diagnostics.validity import bounds, unsound
from warehouse.verdicts.pairs.judge_pair import DOUBTFUL

OF_THE_ARTIFACT = {"quantization", "backend_version", "hardware", "numerator", "denominator"}
"""Settings in which the two sides may differ."""
PAIRS = "pairs"
"""What such a run has as benchmark and as evaluator; its measurements name the benchmark."""


def pair_run(first: Run, second: Run, reference: str, flips: Mapping[str, float]) -> Run:
    """The run of the artifact `first` against `second`. `reference`: what the claims call the second; `flips`: signals
    about run noise. Invalid, with the reason, where the two were not asked alike or one of them is not sound."""
    names = _names(first, second)
    measurements = [
        _pair(ours, theirs, names)
        for ours in first.measurements
        for theirs in second.measurements
        if ours.score_key == theirs.score_key and scored_per_item(ours) and scored_per_item(theirs)
    ]
    reason = _unlike(first, second) or _unsound_side(first, second)
    name = hashlib.sha256(f"{first.run_id} {second.run_id} {reference}".encode()).hexdigest()[:16]
    return first.model_copy(
        update={
            "run_id": f"pair-{name}",
            "benchmark": PAIRS,
            "evaluator": PAIRS,
            "settings": first.settings.model_copy(update={"denominator": reference}),
            "status": RunStatus.invalid if reason else RunStatus.finished,
            "reason": reason,
            "server_failed": first.server_failed or second.server_failed,
            "continues": None,
            "finished": max((run.finished for run in (first, second) if run.finished), default=None),
            "requests_sent": 0,
            "requests_reused": first.requests_sent + second.requests_sent,
            "measurements": tuple(measurements),
            "checks": {"first run": first.run_id, "second run": second.run_id},
            "failed_checks": {},
            "signals": dict(flips) | _doubtful(first, second),
            "tables": {},
            "seal": None,
        }
    )


def scored_per_item(measurement: Measurement) -> bool:
    """Whether each item that was run has a score between 0 and 1, so that two runs can be compared item by item."""
    return measurement.unit == "fraction" and len(measurement.values) == measurement.items > 0


def _names(first: Run, second: Run) -> tuple[str, str]:
    assert first.artifact is not None and second.artifact is not None
    return side_names((first.artifact, first.settings), (second.artifact, second.settings))


def _unlike(first: Run, second: Run) -> str | None:
    """In what the two were asked differently; None: in nothing."""
    first_settings, second_settings = first.settings.model_dump(), second.settings.model_dump()
    apart = [
        name for name in first_settings if name not in OF_THE_ARTIFACT and first_settings[name] != second_settings[name]
    ]
    about = {
        "task": (first.task_version, second.task_version),
        "order of the items": (first.order_seed, second.order_seed),
        "program that scored": (first.evaluator_version, second.evaluator_version),
    }
    apart += [name for name, (here, there) in about.items() if here != there]
    return f"the two were not run under the same protocol: {', '.join(apart)} differ" if apart else None


def _unsound_side(first: Run, second: Run) -> str | None:
    for run in (first, second):
        name = f"{run.release.model} {run.settings.quantization or ''}".strip()
        if run.status is not RunStatus.finished:
            return f"the run on {name} is not sound: {run.reason}"
        if not run.weights_seen:
            return f"the weights of {name} were not seen"
        for measurement in run.measurements:
            if reasons := unsound(run, measurement):
                return f"the run on {name} is not sound: {reasons[0].text}"
    return None


def _pair(ours: Measurement, theirs: Measurement, names: tuple[str, str]) -> Measurement:
    """Both scores of the items that both have."""
    items = min(ours.items, theirs.items)
    first, second = ours.values[:items], theirs.values[:items]
    means = _mean(first), _mean(second)
    counts = {
        name: max(getattr(ours, name), getattr(theirs, name))
        for name in ("truncated", "empty", "refused", "unextracted", "timed_out", "failed")
    }
    return ours.model_copy(
        update={
            "score": means[0],
            "stderr": None,
            "items": items,
            "of": max(ours.of, theirs.of),
            "values": first,
            "reference_values": second,
            "stopped_early": items < max(ours.of, theirs.of),
            "low": None,
            "high": None,
            "sides": names,
            "medians": means if None not in means else None,
            **counts,
        }
    )


def _doubtful(first: Run, second: Run) -> dict[str, float]:
    """By score, how much smaller a loss may be: had the affected answers of the artifact been right and those of the
    reference wrong, and were wrong answers of the artifact right that say what the target says."""
    signals = {}
    for ours in first.measurements:
        for theirs in second.measurements:
            best, worst = bounds(ours), bounds(theirs)
            if ours.score_key != theirs.score_key or best is None or worst is None:
                continue
            name = f"{ours.metric},{ours.filter}"
            gain, loss = best.high - (ours.score or 0.0), (theirs.score or 0.0) - worst.low
            spelt = first.signals.get(f"respelled_share:{name}", 0.0)
            signals[f"{DOUBTFUL}:{name}"] = max(gain, 0.0) + max(loss, 0.0) + spelt
    return signals


def _mean(values: tuple[float | None, ...]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
