"""The benchmark catalogue: one YAML a benchmark, read once and checked.

Reading it imports pydantic and PyYAML only.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from evaluators.records import Record, Settings, UserError

FOLDER = Path(__file__).parent


class Score(Record):
    """One number that the benchmark's evaluator gives, and the words by which claims name it."""

    metric: str
    """lm-eval metric, e.g. `exact_match`."""
    filter: str = "none"
    """lm-eval filter, e.g. `strict-match`."""
    aliases: tuple[str, ...] = ()
    """Words in a claim that mean this score, e.g. `strict`, `acc_norm`."""


class Benchmark(Record):
    """One benchmark: what it is called, who evaluates it, and what counts as the same settings."""

    name: str
    """Name in tables and on the command line; the file's name."""
    title: str
    """Name as people write it."""
    evaluator: Literal["lm-eval", "speed", "specification", "outside", "none"]
    """Who measures it; `outside`: only results of other harnesses are read; `none`: cannot be run yet."""
    task: str | None = None
    """lm-eval task or group."""
    tasks_folder: str | None = None
    """Folder of our own task YAML, relative to `evaluators/`; None: lm-eval's own."""
    output: Literal["generate_until", "multiple_choice", "loglikelihood_rolling"] | None = None
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
    chance: float | None = None
    """Score of guessing, as a fraction."""
    protocol: Settings = Settings()
    """The benchmark's standard settings, used where a claim states none."""
    decides: tuple[str, ...] = ("shots", "prompt", "thinking", "metric", "filter")
    """Settings that decide comparability."""
    aliases: tuple[str, ...] = ()
    """Other names, as found in cards and tables."""
    dataset: str | None = None
    """Hub dataset it is made of."""
    sandboxed: bool = False
    """Runs generated code, which happens in a sandbox only."""
    cannot_run: str | None = None
    """Why it cannot be run yet."""
    needs: str | None = None
    """What would be needed to run it."""
    note: str | None = None
    """Anything a reader of the score must know."""

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
        known = ", ".join(f"{score.metric},{score.filter}" for score in self.scores)
        raise UserError(f"{self.name} has no score {metric},{filter}; it has {known}")


@cache
def catalogue() -> dict[str, Benchmark]:
    """All benchmarks by name. Raises ValueError for a YAML that does not fit (a defect of ours, not of a user)."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        benchmark = Benchmark.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))
        if benchmark.name != path.stem:
            raise ValueError(f"{path.name}: name is {benchmark.name}")
        found[benchmark.name] = benchmark
    return found


def benchmark(name: str) -> Benchmark:
    """The benchmark of this name. Raises UserError, with the names that look alike, if there is none."""
    try:
        return catalogue()[name]
    except KeyError:
        import difflib

        near = difflib.get_close_matches(name, catalogue(), n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else "; `claimcheck doctor` lists the catalogue"
        raise UserError(f"unknown benchmark {name}{hint}") from None
