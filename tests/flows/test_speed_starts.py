"""Starts of a server: one that looks like drift is made again, a second one makes the measurement unsound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evaluators.catalogue import benchmark
from evaluators.records import Measurement, Run, RunStatus, Settings
from flows.verification.measure import over_starts
from tests.verdicts.cases import make_claim, make_lock, make_run
from warehouse.home import Home

SPEED = benchmark("output_speed")
BAR = make_lock(make_claim("100 tok/s", Settings(), "tok/s", "output_speed"), SPEED)


def starts(sound: list[bool]) -> Iterator[Run]:
    for number, good in enumerate(sound):
        values = tuple(100.0 + number / 10 + run / 100 for run in range(7))
        part = Measurement(
            benchmark="output_speed", metric="value", score=values[0], unit="tok/s", items=7, of=7, values=values
        )
        yield make_run(
            Settings(), run_id=f"output_speed-{number}", benchmark="output_speed", evaluator="speed",
            measurements=(part,), status=RunStatus.finished if good else RunStatus.invalid,
            reason=None if good else "unstable: drift",
        )  # fmt: skip


def test_one_start_by_chance_unsound_is_made_again(tmp_path: Path) -> None:
    made = starts([True, False, True, True, True, True])
    run = over_starts(lambda: next(made), [BAR], Home(tmp_path))
    assert run.status is RunStatus.finished
    assert 100.1 + 0.06 not in run.measurements[0].values, "nothing of the unsound start is used"
    assert len(run.measurements[0].starts or ()) >= 2


def test_a_second_one_is_no_chance(tmp_path: Path) -> None:
    made = starts([False, True, False, True])
    run = over_starts(lambda: next(made), [BAR], Home(tmp_path))
    assert run.status is RunStatus.invalid and run.run_id == "output_speed-2"


def test_where_nothing_is_decided_one_start_is_enough(tmp_path: Path) -> None:
    made = starts([False, True])
    assert over_starts(lambda: next(made), [], Home(tmp_path)).run_id == "output_speed-0"
