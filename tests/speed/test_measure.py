"""Measured speeds against servers whose pace is known, and what the verdicts make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from evaluators.catalogue import benchmark
from evaluators.records import Run, RunStatus, Settings, UserError
from evaluators.speed import measure_depth, measure_ratio, measure_speed
from evaluators.speed.conditions import complete_conditions
from evaluators.speed.lengths import lengthen
from evaluators.speed.metrics import QUANTITIES
from evaluators.speed.stream import StreamClient
from tests.speed.conftest import NOW, Paced, artifact_of, claim_of, paced_servers
from warehouse.claim_records import Claim, Comparability, Outcome, Verdict
from warehouse.verdicts import judge, make_criterion

Start = Callable[..., Paced]
SHORT = Settings(prompt_tokens=32, generation_tokens=128)
pytestmark = pytest.mark.alone
ANY_LOAD = {"allowed_load": 1.0}
"""Whatever else this machine does: the paces hold on a busy one too."""
STEADY = {"allowed_load": 1.0, "runs": 11}
"""Enough runs for an interval that leaves an outlier out on either side."""


def verdict(claim: Claim, run: Run) -> Verdict:
    known = benchmark(run.benchmark)
    return judge(claim, make_criterion(claim, known, order_seed=0, now=NOW), run, run.measurements[0], now=NOW)


@pytest.fixture
def output_run(paced: Start, tmp_path: Path) -> Callable[..., Run]:
    def run(**pace: object) -> Run:
        return measure_speed(
            benchmark("output_speed"), artifact_of(), paced(**pace), SHORT, folder=tmp_path, **ANY_LOAD
        )

    return run


@pytest.fixture(scope="module")
def run640(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A sound run of 640 tok/s."""
    with paced_servers() as start:
        folder, server = tmp_path_factory.mktemp("runs"), start(per_token=1 / 640)
        run = measure_speed(benchmark("output_speed"), artifact_of(), server, SHORT, folder=folder, **STEADY)
        stored = Run.model_validate_json((folder / run.run_id / "run.json").read_bytes())
        assert stored.model_copy(update={"seal": run.seal}) == run
        return run


def test_a_true_claim_is_confirmed_and_one_20_percent_too_high_refuted(run640: Run) -> None:
    run = run640
    score = run.measurements[0].score
    assert score is not None and abs(score / 640 - 1) < 0.05
    assert len(run.measurements[0].values) == 11
    assert verdict(claim_of("640 tok/s"), run).outcome is Outcome.confirmed
    assert verdict(claim_of("500-700 tok/s"), run).outcome is Outcome.confirmed
    assert verdict(claim_of("up to 640 tok/s"), run).outcome is Outcome.confirmed
    below = verdict(claim_of("800 tok/s"), run)
    assert (below.outcome, below.flagged) == (Outcome.below_claim, True)
    assert verdict(claim_of("512 tok/s"), run).outcome is Outcome.above_claim
    assert verdict(claim_of("up to 512 tok/s"), run).outcome is Outcome.above_claim


def test_more_runs_are_made_once_where_the_first_do_not_decide(paced: Start, tmp_path: Path) -> None:
    asked: list[int] = []

    def undecided(values: Sequence[float]) -> bool:
        asked.append(len(values))
        return False

    known, server = benchmark("output_speed"), paced(per_token=1 / 2000)
    run = measure_speed(known, artifact_of(), server, SHORT, folder=tmp_path, decided=undecided, **ANY_LOAD)
    measured = run.measurements[0]
    assert (asked, len(measured.values), measured.of, measured.first_look) == ([7], 28, 28, 7)
    found = verdict(claim_of("800 tok/s"), run)
    assert found.confidence is not None and found.confidence >= 0.95 + 2 * 0.5**7 - 1e-9


def test_the_key_is_compared_field_by_field(run640: Run) -> None:
    stated = {
        "hardware": "Paced 9000", "quantization": "f16", "backend": "llama.cpp", "prompt_tokens": 32,
        "generation_tokens": 128, "depth": 0, "concurrency": 1, "speculative": "none",
    }  # fmt: skip
    assert verdict(claim_of("800 tok/s", **stated), run640).comparability is Comparability.matched
    del stated["prompt_tokens"]
    assert verdict(claim_of("800 tok/s", **stated), run640).comparability is Comparability.assumed
    for name, other in {"hardware": "RTX 4090", "quantization": "Q4_K_M", "depth": 8192, "concurrency": 8}.items():
        found = verdict(claim_of("5000 tok/s", **{**stated, name: other}), run640)
        assert (found.comparability, found.outcome) == (Comparability.differs, Outcome.not_tested), name
        assert not found.flagged


def test_prompt_speed_and_time_to_first_token(paced: Start, tmp_path: Path) -> None:
    server = paced(per_prompt_token=1 / 4000, per_token=0)
    given = Settings(prompt_tokens=800)
    speed = measure_speed(benchmark("prompt_speed"), artifact_of(), server, given, folder=tmp_path, **ANY_LOAD)
    wait = measure_speed(benchmark("time_to_first_token"), artifact_of(), server, given, folder=tmp_path, **ANY_LOAD)
    assert (speed.measurements[0].unit, wait.measurements[0].unit) == ("tok/s", "s")
    assert speed.measurements[0].score == pytest.approx(4000, rel=0.07)
    assert wait.measurements[0].score == pytest.approx(0.2, rel=0.07)
    assert verdict(claim_of("0.2", "time_to_first_token", "s"), wait).outcome is Outcome.confirmed
    slow = verdict(claim_of("0.13", "time_to_first_token", "s"), wait)
    assert slow.outcome is Outcome.below_claim, "a longer wait than claimed is worse"


def test_streams_together_generate_their_sum(paced: Start, tmp_path: Path) -> None:
    given = SHORT.model_copy(update={"concurrency": 4})
    run = measure_speed(
        benchmark("total_throughput"), artifact_of(), paced(per_token=1 / 640), given, folder=tmp_path, **ANY_LOAD
    )
    assert run.measurements[0].score == pytest.approx(2560, rel=0.07)
    assert run.settings.concurrency == 4


@pytest.mark.parametrize(
    "failure", ["status", "short", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("error", "drop"))]
)
def test_one_failed_request_voids_the_run(output_run: Callable[..., Run], failure: str) -> None:
    run = output_run(fail_after=3, failure=failure)
    assert run.status is RunStatus.invalid
    assert run.reason and run.reason.startswith("a request failed, which voids the run: ")
    assert run.measurements[0].values == ()
    found = verdict(claim_of("5000 tok/s"), run)
    told = Outcome.invalid_run if failure == "short" else Outcome.could_not_run  # what is asked again, and what is not
    assert (found.outcome, found.flagged) == (told, False)


def test_a_machine_that_slows_down_midway_is_unstable_and_refutes_nothing(output_run: Callable[..., Run]) -> None:
    run = output_run(per_token=1 / 640, slow_after=5, slow_factor=1.4)
    assert run.status is RunStatus.invalid and run.reason and run.reason.startswith("unstable: ")
    found = verdict(claim_of("800 tok/s"), run)
    assert (found.outcome, found.flagged) == (Outcome.invalid_run, False)
    assert found.reasons[0].code == "unstable"


def test_answers_in_one_piece_give_no_speed(output_run: Callable[..., Run]) -> None:
    run = output_run(lump=True)
    assert run.status is RunStatus.invalid and run.reason and "arrived in one piece" in run.reason
    assert run.measurements[0].score is None


@pytest.mark.long
@pytest.mark.slow
def test_a_growing_delay_per_token_of_depth_is_not_constant_and_a_constant_one_is(paced: Start, tmp_path: Path) -> None:
    growing, constant = paced(per_token=1 / 640, per_depth=3e-7), paced(per_token=1 / 640)
    runs = [
        measure_depth(
            benchmark("speed_at_depth"), artifact_of(), server, SHORT, folder=tmp_path, depths=(0, 3000),
            **STEADY,
        )
        for server in (growing, constant)
    ]  # fmt: skip
    claim = claim_of("1.0x", "speed_at_depth", "ratio")
    assert [verdict(claim, run).outcome for run in runs] == [Outcome.below_claim, Outcome.confirmed]
    (detail,) = verdict(claim, runs[0]).reasons
    assert detail.code == "slope" and "at depths 0 3000: -" in detail.text
    assert runs[0].measurements[0].score == pytest.approx(1.572 / 2.472, rel=0.1)
    assert runs[0].measurements[0].evidence["depths"] == "0 3000"
    assert runs[0].settings.depth == 3000


@pytest.mark.slow
def test_ratios_come_from_pairs_that_take_turns(paced: Start, tmp_path: Path) -> None:
    fast, slow = paced(per_token=1 / 640), paced(per_token=3 / 1280)
    run = measure_ratio(
        benchmark("output_speed_ratio"), (artifact_of("Q8_0"), fast), (artifact_of("F16"), slow), SHORT,
        folder=tmp_path, **STEADY,
    )  # fmt: skip
    assert run.measurements[0].score == pytest.approx(1.5, rel=0.07)
    assert (run.settings.numerator, run.settings.denominator) == ("Q8_0", "F16")
    named = {"numerator": "Q8_0", "denominator": "F16"}
    for said, outcome in {"1.5x": Outcome.confirmed, "1.3-2x": Outcome.confirmed, "2.0x": Outcome.below_claim}.items():
        assert verdict(claim_of(said, "output_speed_ratio", "ratio", **named), run).outcome is outcome, said
    swapped = {"numerator": "F16", "denominator": "Q8_0"}
    found = verdict(claim_of("2.0x", "output_speed_ratio", "ratio", **swapped), run)
    assert found.comparability is Comparability.differs and not found.flagged


@pytest.mark.parametrize(
    "backend", ["vllm", *(pytest.param(name, marks=pytest.mark.long) for name in ("ollama", "attached"))]
)
def test_every_backend_is_asked_in_its_own_way(paced: Start, tmp_path: Path, backend: str) -> None:
    server = paced(backend, per_token=1 / 640, counts=backend == "vllm")
    run = measure_speed(benchmark("output_speed"), artifact_of(), server, SHORT, folder=tmp_path, **ANY_LOAD)
    assert run.status is RunStatus.finished, run.reason
    assert run.measurements[0].score == pytest.approx(640, rel=0.07)
    assert run.settings.backend == backend


def test_what_cannot_be_measured_is_said_before_a_request_is_paid_for(paced: Start, tmp_path: Path) -> None:
    server = paced(fail_after=0)
    for given, words in {
        Settings(depth=4000, prompt_tokens=500): "do not fit",
        Settings(concurrency=8): "start it with 8 slots",
    }.items():
        with pytest.raises(UserError, match=words):
            measure_speed(benchmark("output_speed"), artifact_of(), server, given, folder=tmp_path)
    with pytest.raises(UserError, match="at least 7"):
        measure_speed(benchmark("output_speed"), artifact_of(), server, SHORT, folder=tmp_path, runs=3)
    with pytest.raises(UserError, match="no speed that streaming measures"):
        measure_speed(benchmark("speed_at_depth"), artifact_of(), server, SHORT, folder=tmp_path)


@pytest.mark.parametrize(("pace", "stated", "longer"), [(2000, None, True), (2000, 128, False), (400, None, False)])
def test_answers_too_short_to_be_timed_are_made_longer_unless_the_claim_says_how_long(
    paced: Start, pace: int, stated: int | None, longer: bool
) -> None:
    server = paced(per_token=1 / pace)
    asked = Settings(prompt_tokens=8, generation_tokens=stated)
    filled = complete_conditions(asked, artifact_of(), server.describe(), client="")
    found = lengthen(StreamClient(server), QUANTITIES["output_speed"], filled, asked, 4096).generation_tokens
    assert found is not None and found % 128 == 0
    assert (found > 128) == longer and found <= 1024


def test_prompt_speed_at_a_depth_needs_to_know_what_was_cached(paced: Start, tmp_path: Path) -> None:
    given = Settings(prompt_tokens=64, depth=512)
    run = measure_speed(benchmark("prompt_speed"), artifact_of(), paced("vllm"), given, folder=tmp_path, **ANY_LOAD)
    assert run.status is RunStatus.invalid and run.reason and "had computed before" in run.reason
