"""What a file of another program says about one benchmark -> run, measurements and item scores, as ours have them."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from evaluators.catalogue import Benchmark, Score
from evaluators.harness.aggregate import SOFT
from evaluators.harness.keys import digest, order_key
from evaluators.outside.bounded_reading import finite
from evaluators.outside.outside_records import LeftOut, OutsideItem, OutsideResult, OutsideRun, mean_of
from evaluators.outside.score_checks import is_mean_over_tasks, score_that_is_meant, why_items_contradict, why_not_whole
from evaluators.outside.task_versions import installed_task_version
from evaluators.records import (
    Imported,
    ItemScore,
    ItemStatus,
    Measurement,
    Release,
    Run,
    RunStatus,
    Settings,
    UserError,
)  # fmt: skip

LM_EVAL_ITEM = re.compile(r"(?P<task>.+)/(?P<doc>\d{1,15})")
NOT_LIMITED = 0.98
"""Share of a benchmark's items from which on a result counts as whole; those that are missing count as failed."""


@dataclass(frozen=True)
class ImportedRun:
    """A run and its item scores."""

    run: Run
    items: tuple[ItemScore, ...]


@dataclass
class _Measured:
    """What the results of one benchmark say, in their order."""

    notes: list[str]
    measurements: list[Measurement] = field(default_factory=list)
    stated: list[tuple[Score, bool]] = field(default_factory=list)
    """By measurement: its score in the catalogue's words, and whether the filter is certain."""
    scores: list[ItemScore] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Score -> what the file calls it, where that is something else."""
    limited: str | None = None
    """Why they are about a part of the benchmark only."""


def as_imported_run(
    outside: OutsideRun,
    results: Sequence[OutsideResult],
    benchmark: Benchmark,
    release: Release,
    origin: Imported,
    left: list[LeftOut],
    *,
    order_seed: int = 0,
) -> ImportedRun | None:
    """The run of one benchmark. `results`: those of the benchmark, all under the same settings but for the metric;
    `origin`: where the file came from, without what this function finds out; to `left` goes what does not become a
    measurement, with its reason. None if no result has a known score."""
    measured = _measured(outside, results, benchmark, origin, left, order_seed)
    if not measured.measurements:
        return None
    order = [score.key for score in benchmark.scores]
    ranks = [order.index(key) if (key := entry.score_key) in order else len(order) for entry in measured.measurements]
    positions = sorted(range(len(ranks)), key=ranks.__getitem__)
    measurements = [measured.measurements[index] for index in positions]
    first = results[0]
    settings = _settings(first.settings, *measured.stated[positions[0]])
    origin = origin.model_copy(
        update={
            "limited": measured.limited,
            "doubts": tuple(dict.fromkeys(measured.doubts)),
            "notes": tuple(measured.notes),
            "scores": measured.names,
        }
    )
    when = outside.started or outside.finished or origin.imported_at
    identity = [origin.sha256, benchmark.name, release.model, release.commit, settings.model_dump(), order_seed]
    run = Run(
        run_id=f"{benchmark.name}-imported-{digest(identity)[:16]}",
        release=release,
        artifact=None,
        server=None,
        benchmark=benchmark.name,
        evaluator="outside",
        evaluator_version=origin.harness,
        ran_by="imported",
        imported=origin,
        task_version=first.task_version,
        settings=settings,
        order_seed=order_seed,
        status=RunStatus.finished,
        started=when if when.tzinfo else when.replace(tzinfo=UTC),
        finished=outside.finished,
        measurements=tuple(measurements),
        checks=outside.checks | {"weights": f"not seen: {origin.weights or 'the file is all there is'}"},
        signals=first.signals | _template_signal(settings),
    )
    return ImportedRun(run, tuple(measured.scores))


def _measured(
    outside: OutsideRun,
    results: Sequence[OutsideResult],
    benchmark: Benchmark,
    origin: Imported,
    left: list[LeftOut],
    order_seed: int,
) -> _Measured:
    """What becomes of the results; to `left` goes what becomes nothing."""
    measured = _Measured(list(origin.notes))
    for result in results:
        try:
            score, sure = _score_of(benchmark, result, outside)
        except UserError as problem:
            left.append(LeftOut(place=f"{result.task} {result.metric},{result.filter}", reason=str(problem)))
            continue
        doubt = why_items_contradict(result)
        if doubt and is_mean_over_tasks(result):
            measured.notes.append(
                "the score is the mean over its tasks, each the same weight; its items have other weights"
            )
            result, doubt = result.model_copy(update={"items": ()}), None
        result = result.model_copy(update={"items": ()}) if doubt else result
        ordered = _in_order(result.items, order_seed)
        measurement = _measurement(benchmark, result, score, ordered, order_seed)
        if measurement is None:
            left.append(LeftOut(place=result.task, reason="it has no score, or not how many items it is over"))
            continue
        if measurement.score_key in [earlier.score_key for earlier in measured.measurements]:
            left.append(LeftOut(place=result.task, reason=f"{','.join(measurement.score_key)} stands there twice"))
            continue
        measured.measurements.append(measurement)
        measured.stated.append((score, sure))
        measured.notes += [note for note in _notes(result, measurement, benchmark) if note not in measured.notes]
        measured.doubts += [*result.doubts, *([doubt] if doubt else [])]
        measured.limited = (
            measured.limited or result.limited or why_not_whole(result, benchmark) or _part(result, measurement)
        )
        if (result.metric, result.filter) != measurement.score_key:
            measured.names[",".join(measurement.score_key)] = f"{result.metric},{result.filter}"
        measured.scores += _item_scores(ordered, score)
    return measured


def grouped_results(results: Iterable[OutsideResult]) -> list[list[OutsideResult]]:
    """Results of one model, task and settings (but for the metric) together, in the order of the file."""
    groups: dict[str, list[OutsideResult]] = {}
    for result in results:
        settings = result.settings.model_copy(update={"metric": None, "filter": None})
        groups.setdefault(f"{result.model}|{result.task}|{settings.model_dump_json()}", []).append(result)
    return list(groups.values())


def _score_of(benchmark: Benchmark, result: OutsideResult, outside: OutsideRun) -> tuple[Score, bool]:
    """The catalogue's score that a result is, and whether its filter is certain. The words of lm-eval's own files hold
    as they are; those of another program, and of records of its results, are looked up. Raises UserError where they
    may mean several scores or none, and for a score of the catalogue that is no share."""
    if outside.format.startswith("lm-eval"):
        score, sure = Score(metric=result.metric, filter=result.filter), True
    else:
        score, sure = score_that_is_meant(benchmark, result.metric, result.filter)
    known = score.key in [entry.key for entry in benchmark.scores]
    if known and benchmark.unit == "fraction" and result.unit != "fraction" and result.score is not None:
        raise UserError(f"{result.score:g} is no share between 0 and 1; a percentage would have to say so")
    return score, sure


def _in_order(items: Sequence[OutsideItem], seed: int) -> list[list[OutsideItem]]:
    """The items' repeats, items in the fixed random order of the seed."""
    repeats: dict[str, list[OutsideItem]] = defaultdict(list)
    for item in items:
        repeats[item.id].append(item)
    return sorted(repeats.values(), key=lambda answers: order_key(seed, *_place(answers[0].id)))


def _place(name: str) -> tuple[str, int]:
    """Task and document number of an item; outside lm-eval the name itself, and 0."""
    match = LM_EVAL_ITEM.fullmatch(name)
    return (match["task"], int(match["doc"])) if match else (name, 0)


def _measurement(
    benchmark: Benchmark, result: OutsideResult, score: Score, ordered: list[list[OutsideItem]], seed: int
) -> Measurement | None:
    count = len(ordered) or result.count or _most(result, benchmark)
    if result.unit == "tok/s" and not result.items:
        count = 1  # a run of many requests is one run
    of = result.whole or (result.count if result.settings.subset and not result.limited else benchmark.items)
    of = max(of or 0, count or 0)
    failed = sum(all(answer.status is ItemStatus.failed for answer in item) for item in ordered)
    value = result.score
    if result.right is not None:
        if not benchmark.items:
            return None
        value, ordered, count = result.right / benchmark.items, [], benchmark.items
        of, failed = benchmark.items, 0
    elif failed:
        # programs score an item as wrong that their infrastructure failed; it says nothing about the model
        value = mean_of(item for several in ordered for item in several)
    if value is None and not failed:
        return None
    means = tuple(_mean(several) for several in ordered)
    low, high = _bounds(result, ordered, value, count)
    return Measurement(
        benchmark=benchmark.name,
        metric=score.metric,
        filter=score.filter,
        score=value,
        stderr=result.stderr if not failed else None,
        unit=benchmark.unit if result.unit == "fraction" or benchmark.unit == result.unit else result.unit,
        items=count or of,
        of=of,
        values=means if result.unit == "fraction" else _speeds(result),
        order_seed=seed,
        low=low,
        high=high,
        evidence=result.evidence,
        **{status.value: sum(any(answer.status is status for answer in item) for item in ordered) for status in SOFT},
    )


def _bounds(
    result: OutsideResult, ordered: list[list[OutsideItem]], value: float | None, count: int | None
) -> tuple[float | None, float | None]:
    """The score had every answer in doubt been wrong, and right; None where nothing tells how many are. A score that
    its file gives without items counts those in doubt as wrong."""
    if result.unit != "fraction":
        return None, None
    if not ordered:
        if value is None or not count or not result.in_doubt:
            return None, None
        return value, min(1.0, value + result.in_doubt / count)
    scores = [answer.score for several in ordered for answer in several if answer.score is not None]
    if not all(0 <= score <= 1 for score in scores):
        return None, None
    low, high = (
        math.fsum(sum(_at_most(answer, extreme) for answer in several) / len(several) for several in ordered)
        for extreme in (0.0, 1.0)
    )
    return low / len(ordered), high / len(ordered)


def _at_most(answer: OutsideItem, extreme: float) -> float:
    """The score of an answer; of one in doubt `extreme`. A right one that was cut off may be right by what is there."""
    return extreme if answer.status in SOFT or answer.score is None else answer.score


def _speeds(result: OutsideResult) -> tuple[float | None, ...]:
    """The runs of a speed, in the order in which they were made; none of anything else."""
    return tuple(item.score for item in result.items) if result.unit == "tok/s" else ()


def _most(result: OutsideResult, benchmark: Benchmark) -> int | None:
    return min(result.most_items, benchmark.items) if result.most_items and benchmark.items else None


def _mean(several: list[OutsideItem]) -> float | None:
    known = [answer.score for answer in several if answer.score is not None]
    return sum(known) / len(known) if known else None


def _part(result: OutsideResult, measurement: Measurement) -> str | None:
    """How a result that is not said to be limited is about a part of the benchmark all the same."""
    if measurement.of and measurement.items < NOT_LIMITED * measurement.of:
        return f"{measurement.items:,} of {measurement.of:,} items; the file does not say which"
    return None


def _notes(result: OutsideResult, measurement: Measurement, benchmark: Benchmark) -> list[str]:
    notes = []
    if not measurement.values and measurement.unit == "fraction":
        notes.append("the file has no items: compared as a whole, by arithmetic")
    if result.count is None and not result.items and not result.limited and measurement.items == measurement.of:
        notes.append("the file does not tell how many items were run; taken for the whole benchmark")
    if measurement.failed and result.score is not None:
        notes.append(
            f"{measurement.failed:,} items failed by the infrastructure are left out of the score; "
            f"the file counts them and says {100 * result.score:.4g} %"
        )
    if result.task_version and _of_lm_eval(result) and benchmark.task and not benchmark.tasks_folder:
        installed, told = installed_task_version(benchmark.task), finite(result.task_version)
        if installed is not None and told is not None and installed != told:
            notes.append(f"the file's task is version {told:g}, the installed lm-eval's {installed:g}")
    if result.whole and benchmark.items and result.whole != benchmark.items:
        notes.append(f"the file's benchmark has {result.whole:,} items, the catalogue's {benchmark.items:,}")
    return notes


def _of_lm_eval(result: OutsideResult) -> bool:
    return (result.settings.harness or "").startswith("lm-eval")


def _settings(first: Settings, score: Score, sure: bool) -> Settings:
    """The run's settings. Metric and filter are those of its first score; a filter that is not certain is unknown."""
    return first.model_copy(update={"metric": score.metric, "filter": score.filter if sure else None})


def _template_signal(settings: Settings) -> dict[str, float]:
    return {} if settings.prompt is None else {"template_applied": float(settings.prompt == "chat")}


def _item_scores(ordered: list[list[OutsideItem]], score: Score) -> list[ItemScore]:
    rows = []
    for position, several in enumerate(ordered):
        for item in several:
            task, document = _place(item.id)
            rows.append(
                ItemScore(
                    task=task,
                    doc_id=document,
                    position=position,
                    repeat=item.repeat,
                    metric=score.metric,
                    filter=score.filter,
                    value=item.score,
                    status=item.status,
                    extracted=item.extracted,
                    target=item.target,
                    prompt_sha256=item.prompt_sha256,
                )
            )
    return rows


def origin_of(
    outside: OutsideRun,
    *,
    source: str,
    now: datetime,
    by: str | None = None,
    weights: str | None = None,
) -> Imported:
    """Where a run came from. `source`: path or URL as the user gave it; `by`: who ran it, over what the file says."""
    version = f"{outside.harness} {outside.harness_version}" if outside.harness_version else outside.harness
    content = outside.model_dump(mode="json", exclude={"path"})
    return Imported(
        format=outside.format,
        path=source,
        sha256=digest(content),
        by=by or outside.by,
        first_party=outside.first_party,
        harness=version,
        model=outside.model,
        weights=weights,
        imported_at=now,
    )
