"""What a results file of another program says, before it becomes a run of ours.

A reader fills these records from one file or folder and judges nothing: a field that the file does not tell is None.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import Field

from evaluators.records import ItemStatus, Record, Settings


class OutsideItem(Record):
    """One item of a benchmark, one repeat, under one metric and filter."""

    id: str
    """Name of the item in the harness's own words; for lm-eval `task/doc_id`."""
    repeat: int = 0
    """Repeat number, from 0."""
    score: float | None
    """Score as the file gives it (fraction for scores); None where infrastructure failed or the metric has no finite
    value, never for a wrong answer."""
    status: ItemStatus = ItemStatus.ok
    """What became of it; `failed` is the infrastructure's failure, an exhausted budget of the model is a score of 0."""
    tokens_in: int | None = None
    """Tokens read, over all turns."""
    tokens_out: int | None = None
    """Tokens generated, over all turns."""
    turns: int | None = None
    """Requests to the model."""
    seconds: float | None = None
    """Wall time."""
    error: str | None = None
    """Why it has no score, or how it ended badly; one line without secrets."""
    extracted: str | None = None
    """What was taken from the answer."""
    target: str | None = None
    """What would have been right."""
    prompt_sha256: str | None = None
    """SHA-256 (hex) of the prompt, where the file tells it: tells whether two runs asked the same."""


class LeftOut(Record):
    """Something in a file that did not become a result."""

    place: str
    """Line, key or file name."""
    reason: str
    """Why, in one line."""


class OutsideResult(Record):
    """What a file says about one benchmark, metric and filter."""

    task: str
    """Benchmark as the file names it, e.g. lm-eval's task."""
    names: tuple[str, ...] = ()
    """Further names by which the catalogue may know it: data set, registry name."""
    metric: str
    """Metric in the file's words."""
    filter: str = "none"
    """Filter in the file's words; `none` where there is none."""
    score: float | None
    """Published score in `unit`; None: the file has only items."""
    right: int | None = None
    """Right items, where the file lists only these and not how many there are in all."""
    in_doubt: int = 0
    """Items that `score` or `right` counts as wrong though nothing graded them, where the file has no items."""
    stderr: float | None = None
    """Published standard error, in `unit`."""
    unit: str = "fraction"
    """`fraction`, `tok/s`, `s`, `parameters`, `bytes`, ..."""
    higher_is_better: bool | None = None
    """Direction, where the file tells it."""
    count: int | None = None
    """Items that the score is over; None: not told."""
    most_items: int | None = None
    """Items that the program takes of a benchmark at most, where the file does not tell how many it took."""
    whole: int | None = None
    """Items of the benchmark as the file knows it; more than `count` where the run was limited."""
    limited: str | None = None
    """How the run was limited, e.g. `first 20 of 817 items`: shown, never judged."""
    possible_repeats: tuple[int, ...] = ()
    """Answers an item that the program may have taken, where the file does not tell."""
    part_untold: bool = False
    """Whether the program can be told to run a part of the benchmark and would not write so."""
    doubts: tuple[str, ...] = ()
    """What in the file speaks against this score: it is compared, and matches no claim fully."""
    settings: Settings = Settings()
    """Settings that the file tells; unknown is None."""
    model: str | None = None
    """Model as the file names it, where results of several models stand in one file."""
    task_version: str | None = None
    """Version of the task, as the file tells it."""
    task_hash: str | None = None
    """SHA-256 over the task's documents, as lm-eval stores it."""
    items: tuple[OutsideItem, ...] = ()
    """Items in the order of the file; empty: the file has none."""
    signals: dict[str, float] = Field(default_factory=dict)
    """Numbers about the answers, in the words of `evaluators.harness.answers.answer_statistics`."""
    evidence: dict[str, str] = Field(default_factory=dict)
    """What else the file tells about how the number came about, without secrets."""

    @property
    def failed(self) -> int:
        """Items that the infrastructure failed."""
        return sum(item.status is ItemStatus.failed for item in self.items)


class OutsideRun(Record):
    """All that one file or folder says: who ran what, when, and what came out."""

    format: str
    """Name of the format, e.g. `lm-eval results`."""
    path: str
    """File or folder that was read."""
    harness: str
    """Program that made it, e.g. `lm-eval`."""
    harness_version: str | None = None
    """Its version."""
    model: str | None = None
    """Model as the file names it."""
    model_commit: str | None = None
    """Commit of the weights, where the file tells it."""
    model_parameters: int | None = None
    """Number of parameters, where the file tells it."""
    by: str | None = None
    """Who ran it, where the file tells it."""
    first_party: bool | None = None
    """Whether the model's own vendor ran it, where the file tells it."""
    started: datetime | None = None
    """UTC."""
    finished: datetime | None = None
    """UTC."""
    scaffold: str | None = None
    """Agent scaffold with version and configuration."""
    results: tuple[OutsideResult, ...] = ()
    """One per benchmark, metric and filter."""
    left_out: tuple[LeftOut, ...] = ()
    """What did not become a result, each with its reason."""
    checks: dict[str, str] = Field(default_factory=dict)
    """What the file tells about the set-up, e.g. `bos`: `none`, in the words of the preflight."""


def mean_of(items: Iterable[OutsideItem]) -> float | None:
    """Mean over items of their mean over repeats, those without a score left out; None if no item has one."""
    repeats: dict[str, list[float]] = {}
    for item in items:
        if item.score is not None:
            repeats.setdefault(item.id, []).append(item.score)
    if not repeats:
        return None
    return sum(sum(scores) / len(scores) for scores in repeats.values()) / len(repeats)
