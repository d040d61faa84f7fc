"""Predictions are chosen once, before the first run that uses them, and written down:

    <home>/predictions/<sha256>.json    the predictions, and the runs that they come from
    <home>/predictions/<key>.frozen     which of them the runs of some weights, engine and protocol use

The criterion of a claim names their hash, so that whoever judges again uses the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from evaluators.files import read_plain, write_atomic
from evaluators.records import Artifact
from flows.predictions.prediction_sources import predictions_from_runs
from flows.runtime.progress_lines import say
from flows.verification.jobs import Job
from warehouse.claim_records import Criterion
from warehouse.home import Home
from warehouse.verdicts.statistics.control_variate import forecast_hash

Score = tuple[str, str]
NOTHING = "none"
"""What the note of a run holds for which nothing could be predicted: later runs of others change nothing for it."""


def frozen_for(
    home: Home, job: Job, artifact: Artifact, criteria: Iterable[Criterion], engine: str, *, choose: bool
) -> dict[Score, str]:
    """Hashes of the predictions that a job's run uses, by metric and filter, for criteria without predictions.

    `engine`: backend and version. `choose`: write down a choice where there is none yet; not for a criterion that is
    stored already, whose run may have begun without."""
    hashes: dict[Score, str] = {}
    if not predictable(job, artifact):
        return hashes
    for criterion in criteria:
        score = criterion.score_key
        if score in hashes:
            continue
        note = home.predictions / f"{_key(job, artifact, criterion, engine)}.frozen"
        if note.exists():
            told = _noted(home, note)
        elif choose:
            told = NOTHING if _is_stored(home, criterion) else _chosen(home, artifact, criterion)
            write_atomic(note, told.encode())
        else:
            continue
        if told != NOTHING:
            hashes[score] = told
    return hashes


def predictable(job: Job, artifact: Artifact) -> bool:
    """Whether a job's items are those of every run of its benchmark: not where a claim names a window or a length."""
    known = job.benchmark
    plain = known.evaluator == "lm-eval" and not (known.harness or known.windowed or known.sized)
    return plain and job.reference is None and bool(artifact.key) and known.unit == "fraction"


def read_predictions(home: Home, hashes: Iterable[str | None]) -> Mapping[str, tuple[float, ...]]:
    """Stored predictions by hash; those that are gone or are not what was written are left out."""
    predictions = {}
    for name in {sha256 for sha256 in hashes if sha256}:
        try:
            values = json.loads(read_plain(home.predictions / f"{name}.json"))["values"]
            if forecast_hash(values) == name:
                predictions[name] = tuple(values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
    return predictions


def _noted(home: Home, note: Path) -> str:
    """What a note says; one that is damaged, or names predictions that are, says from now on that there are none: a
    choice made anew might have seen answers of its own run."""
    try:
        told = read_plain(note).decode()
    except (OSError, UnicodeDecodeError):
        told = ""
    if told == NOTHING or (told and read_predictions(home, [told])):
        return told
    say(f"{note} or what it names is damaged; its runs are judged without predictions")
    write_atomic(note, NOTHING.encode())
    return NOTHING


def _chosen(home: Home, artifact: Artifact, criterion: Criterion) -> str:
    chosen = predictions_from_runs(home, artifact, criterion)
    if chosen is None:
        return NOTHING
    name = forecast_hash(chosen.values)
    content = {"sources": chosen.sources, "order_seed": criterion.order_seed, "values": chosen.values}
    write_atomic(home.predictions / f"{name}.json", json.dumps(content).encode())
    return name


def _is_stored(home: Home, criterion: Criterion) -> bool:
    return (home.criteria / f"{criterion.criterion_id}.json").exists()


def _key(job: Job, artifact: Artifact, criterion: Criterion, engine: str) -> str:
    parts = [
        artifact.key, criterion.benchmark, criterion.metric, criterion.filter, str(criterion.order_seed), engine,
        job.settings.model_dump_json(exclude_none=True),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
