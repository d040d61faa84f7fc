"""What the catalogue knows of one benchmark."""

from __future__ import annotations

import re
from typing import Literal

from evaluators.records import Record, Settings, UserError


class Score(Record):
    """One number that the benchmark's evaluator gives, and the words by which claims name it."""

    metric: str
    """lm-eval metric, e.g. `exact_match`; for a composite score a name of our own."""
    filter: str = "none"
    """lm-eval filter, e.g. `strict-match`."""
    beside: bool = False
    """Kept beside the others and shown; a claim means it only if it names its filter."""
    aliases: tuple[str, ...] = ()
    """Words in a claim that mean this score, e.g. `strict`, `acc_norm`."""
    mean_of: tuple[str, ...] = ()
    """Composite: the mean of these metrics of the same filter."""
    over_tasks: str | None = None
    """Composite: the unweighted mean of this metric over the benchmark's tasks (a macro average)."""

    @property
    def key(self) -> tuple[str, str]:
        """Metric and filter."""
        return self.metric, self.filter

    @property
    def composite(self) -> bool:
        """Whether it is made of other scores; such a score has no value for a single item."""
        return bool(self.mean_of or self.over_tasks)


CHAT_ANSWER = "chat-answer"
"""Name of the filter that reads what chat models write."""


class Benchmark(Record):
    """One benchmark: what it is called, who evaluates it, and what counts as the same settings."""

    name: str
    """Name in tables and on the command line; the file's name."""
    title: str
    """Name as people write it."""
    evaluator: Literal["lm-eval", "speed", "specification", "outside", "none"]
    """Who measures it; `outside`: its own harness, or only results of one are read; `none`: cannot be run yet."""
    task: str | None = None
    """lm-eval task or group."""
    tasks_folder: str | None = None
    """Folder of the task's YAML where it is not lm-eval's own: relative to `evaluators/`, or to the file of an entry
    of the user's."""
    output: Literal["generate_until", "multiple_choice", "loglikelihood", "loglikelihood_rolling"] | None = None
    """lm-eval output type."""
    scores: tuple[Score, ...] = ()
    """Numbers it gives; the first is meant when a claim names none."""
    unit: str = "fraction"
    """Unit of the score: `fraction`, `tok/s`, `tokens`, `parameters`, `bytes`, `ratio`, `elo`, `licence`, ..."""
    higher_is_better: bool = True
    """Direction."""
    items: int | None = None
    """Items of the whole benchmark."""
    margin: float = 0.02
    """Tolerance of the verdict in the benchmark's unit (0.02 = two points); relative (0.1 = 10 %) for speed."""
    margin_reason: str | None = None
    """Why the margin is as wide as it is, one sentence."""
    minimum: int | None = None
    """Items before a verdict is given; None: by what an item costs."""
    every: int | None = None
    """Items between two looks at a run; None: by what an item costs."""
    chance: float | None = None
    """Score of guessing, as a fraction."""
    protocol: Settings = Settings()
    """The benchmark's standard settings as a plain completion, used where a claim states none."""
    chat: Settings = Settings()
    """What its standard protocol through a chat template has otherwise."""
    thinking: Settings = Settings()
    """What its standard protocol for a model that thinks has otherwise."""
    usual_shots: tuple[int, ...] = ()
    """Numbers of examples that are in use besides the standard protocol's, most usual first."""
    answer: Literal["number", "letter", "math"] | None = None
    """What a chat model's answer is read as; None: only the task's own filters read it."""
    answer_form: str = "{}"
    """How the target writes such an answer, e.g. `({})` for letters in brackets."""
    generated_as: str | None = None
    """Catalogue name of the formulation in which the answer is generated, for benchmarks by log-likelihood."""
    formulations: tuple[str, ...] = ()
    """Catalogue names of other ways of asking the same items, which a claim that does not name its score may mean."""
    formulation: str | None = None
    """What this entry is to the one that names it among its formulations, e.g. `letters`."""
    formulations_lacking: tuple[str, ...] = ()
    """Ways of asking of which the same holds, and which nothing here runs."""
    variants: tuple[str, ...] = ()
    """Catalogue names of benchmarks with other items of the same kind (perturbed, renumbered, corrected)."""
    original_by: tuple[str, str] | None = None
    """For a variant made item by item: the field of its documents, and the one of the original's, that hold the same
    text of the original."""
    wording: float = 0.04
    """How far apart two honest scores may lie because of what cards do not tell (wording, examples, reading of the
    answer, versions of the harness); 0 where the task here is the benchmark's only definition."""
    chat_as: str | None = None
    """Catalogue name of the formulation for chat and thinking, where the task itself only suits completion."""
    completion_only: bool = False
    """Its prompt and stop strings only suit completion, and there is no formulation for chat."""
    decides: tuple[str, ...] = ("shots", "prompt", "thinking", "metric", "filter")
    """Settings that decide comparability."""
    aliases: tuple[str, ...] = ()
    """Other names, as found in cards and tables."""
    dataset: str | None = None
    """Hub dataset it is made of."""
    harness: str | None = None
    """Harness of `evaluators/outside/harnesses` that runs it; for agent benchmarks."""
    data_folder: str | None = None
    """Folder with an agent benchmark's own items: relative to `evaluators/`, or to the file of an entry of the
    user's; None: they are the hub dataset."""
    sandboxed: bool = False
    """Runs generated code, which happens in a sandbox only."""
    images_gb: int | None = None
    """Disk in GB that the container images of all its items take; it runs in Docker. None: it needs no images, or how
    much they take is not known."""
    graders: str | None = None
    """Git repository with the scripts that grade an agent benchmark's items, each in its container; for SWE-bench Pro.
    None: the harness grades."""
    windowed: bool = False
    """Its problems are dated and its score moves with the window: a claim that states none is never comparable."""
    sized: bool = False
    """Its texts are made to the length that a claim states (`subset`, e.g. `32K`); without one it is undefined."""
    cannot_run: str | None = None
    """Why it cannot be run yet."""
    needs: str | None = None
    """What would be needed to run it."""
    note: str | None = None
    """Anything a reader of the score must know."""

    @property
    def in_containers(self) -> bool:
        """Whether its tasks run in containers of their own images, which takes a Docker engine."""
        return self.images_gb is not None or self.graders is not None or self.harness == "harbor"

    def score(self, metric: str | None, filter: str | None) -> Score:
        """The score that a claim means by these words (None: the first). Raises UserError if there is none."""
        if metric is None and filter is None:
            return self.scores[0]
        for score in self.scores:
            if metric in (None, score.metric, *score.aliases) and filter in (
                None,
                score.filter,
                *score.aliases,
            ):
                return score
        if self.answer and filter == CHAT_ANSWER and metric in (None, self.scores[0].metric):
            return Score(metric=self.scores[0].metric, filter=CHAT_ANSWER)
        repeated = re.fullmatch(r"(.+)_(?:pass|maj)@\d+", metric or "")
        if repeated:
            return Score(metric=str(metric), filter=self.score(repeated[1], filter).filter)
        known = ", ".join(f"{score.metric},{score.filter}" for score in self.scores)
        raise UserError(f"{self.name} has no score {metric},{filter}; it has {known}")
