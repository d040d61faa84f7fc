"""Which runs are not to be trusted."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.catalogue import benchmark
from evaluators.hardware import gpu_rows
from evaluators.records import RunStatus, Settings
from evaluators.speed import measure_speed
from evaluators.speed.depth import choose_depths, relative_end
from evaluators.speed.machine_load import Load, read_gpu_state
from evaluators.speed.stability import drift, unstable
from evaluators.speed.stream import StreamClient
from tests.speed.conftest import NOW, Paced, artifact_of, claim_of
from warehouse.claim_records import Outcome
from warehouse.verdicts import judge, make_criterion

STEADY = [100.0, 101, 99, 100, 102, 98, 100]


def test_steady_runs_are_sound() -> None:
    assert unstable(STEADY, [0.0] * 7) is None
    assert unstable(STEADY, [None] * 7) is None


def test_drift_is_a_change_between_parts_that_do_not_overlap() -> None:
    assert drift([100, 101, 99, 90, 84, 85, 86]) == pytest.approx(-0.146, abs=1e-3)
    reason = unstable([100, 101, 99, 90, 84, 85, 86])
    assert reason and "changed by -15 %" in reason
    late = [*[100.0, 101, 99, 102, 98, 100, 103], *[80.0, 81, 79, 82, 80, 78, 99, 80, 81, 80, 79, 80, 82, 81]]
    assert "changed by -20 %" in str(unstable(late)), "wherever it happens, and with one stray"
    assert drift([100, 84, 99, 90, 101, 85, 86]) is None
    assert unstable([100, 101, 99, 98, 97, 96, 95]) is None, "five percent is less than any margin"


def test_noise_alone_is_rarely_taken_for_drift() -> None:
    source = random.Random(1)
    for runs, limit in {7: 0.12, 28: 0.05}.items():
        sets = [[source.lognormvariate(0, 0.1) for _ in range(runs)] for _ in range(2000)]
        assert sum(unstable(values) is not None for values in sets) / 2000 < limit


def test_brakes_and_other_programs_are_named() -> None:
    assert "hw thermal slowdown" in str(unstable(STEADY, throttling=("hw_thermal_slowdown",)))
    assert "used 40 % of the processor" in str(unstable(STEADY, [0.0, 0.4, 0, 0, 0, 0, 0]))
    assert unstable(STEADY, [0.4] * 7, allowed=0.5) is None
    assert "factor of 2.0" in str(unstable([100, 200, 100, 200, 100, 200, 100]))
    assert unstable([100, 300, 100, 101, 99, 100, 100]) is None, "one outlier widens the interval, no more"


def test_gpu_clocks_and_brakes_as_nvidia_smi_prints_them() -> None:
    text = "1980, Not Active, Not Active, Not Active\n1410, Not Active, Active, Not Active\n"
    assert read_gpu_state(gpu_rows(text)) == (1410, ("sw_thermal_slowdown",))
    assert read_gpu_state(gpu_rows("1980, Not Active, Not Active, Not Active\n")) == (1980, ())
    assert read_gpu_state(gpu_rows("[N/A], [N/A], [N/A], [N/A]\n")) == (None, None)


@given(
    st.lists(st.integers(0, 10**6), min_size=2, max_size=6, unique=True),
    st.floats(1, 1e4),
    st.floats(0.05, 1.0),
)
def test_the_line_through_points_on_a_line_is_that_line(depths: list[int], speed: float, end: float) -> None:
    depths = sorted(depths)
    reach = depths[-1] - depths[0]
    speeds = [speed * (1 + (end - 1) * (depth - depths[0]) / reach) for depth in depths]
    assert relative_end(depths, speeds) == pytest.approx(end, rel=1e-6)


def test_depths_reach_from_nothing_to_what_is_claimed_or_fits() -> None:
    assert choose_depths(32768, 100_000) == [0, 10923, 21845, 32768]
    assert choose_depths(None, 1888)[-1] == 1888
    assert choose_depths(None, 8300)[-1] == 8192
    assert choose_depths(None, None) == [0, 1365, 2731, 4096]


@pytest.mark.alone
def test_what_the_server_computes_is_not_taken_for_other_programs(paced: Callable[..., Paced]) -> None:
    server = paced(spin=True)
    load = Load(server)
    before = load.moment()
    settings = Settings(prompt_tokens=8, generation_tokens=384)
    spent = psutil.Process(server.process.pid).cpu_times()
    StreamClient(server).streams([list(range(8))], settings.generation_tokens or 1, reuse=True)
    after = load.moment()
    now = psutil.Process(server.process.pid).cpu_times()
    used = now.user + now.system - spent.user - spent.system
    assert before and after and used > 0.03
    assert after.ours - before.ours >= used - 0.02, "clock ticks"


@pytest.mark.alone
def test_a_competing_load_makes_the_run_unstable_and_accuses_nobody(
    paced: Callable[..., Paced], tmp_path: Path
) -> None:
    cores = psutil.cpu_count() or 1
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        run = measure_speed(
            benchmark("output_speed"), artifact_of(), paced(per_token=1 / 400),
            Settings(prompt_tokens=8, generation_tokens=128), folder=tmp_path,
        )  # fmt: skip
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    assert run.status is RunStatus.invalid
    assert run.reason and run.reason.startswith("unstable: other programs used")
    claim = claim_of("800 tok/s")
    known = benchmark("output_speed")
    found = judge(claim, make_criterion(claim, known, order_seed=0, now=NOW), run, run.measurements[0], now=NOW)
    assert (found.outcome, found.reasons[0].code, found.flagged) == (Outcome.invalid_run, "unstable", False)
