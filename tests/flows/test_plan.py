"""`plan`: what is pulled, whether it fits, how long it takes; without a network, and within 80 columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalogue import benchmark
from evaluators.harness import Progress
from evaluators.records import Settings
from flows.cli import run_command
from flows.demo import RELEASE
from flows.runtime.whole_run import ExpectedRun, whole_run_of
from flows.verification.typical_lengths import typical_item

SHIPPED_EXAMPLE = ("Qwen/Qwen3.6-35B-A3B", "--card", "RTX 4090", "--memory", "24")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path / "home"


def plan(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run_command(["plan", *arguments, "--json"]) == 0, capsys.readouterr().err
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_shipped_ledger_is_planned_for_without_a_network(capsys: pytest.CaptureFixture[str], offline: Path) -> None:
    found = plan(capsys, *SHIPPED_EXAMPLE)
    assert found["weights"]["name"].startswith("Q4_K_M") and found["weights"]["fits"] and found["weights"]["estimated"]
    assert 20e9 < found["weights"]["to_pull"] < 23e9
    assert "35B parameters, as claimed; weights" in found["weights"]["arithmetic"]
    assert "1,008 GB/s" in found["speed"] and found["basis"] == "defaults"
    assert {"mmlu_pro", "gpqa_diamond"} <= {run["name"] for run in found["runs"]}
    assert 0 < found["total"]["hours"] < found["total"]["most_hours"]
    assert found["total"]["tokens_written"] > 0
    assert not (offline / "claims").exists() and not (offline / "runs").exists()


def test_what_is_asked_for_and_does_not_fit_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    found = plan(capsys, *SHIPPED_EXAMPLE, "--quantization", "Q8_0")
    assert (found["weights"]["fits"], found["weights"]["why"]) == (False, "not even this one fits")


def test_a_model_that_nobody_knows_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["plan", "nobody/unheard-of"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_energy_and_money_need_prices(capsys: pytest.CaptureFixture[str]) -> None:
    found = plan(capsys, *SHIPPED_EXAMPLE, "--watts", "400", "--kwh-price", "0.5", "--hour-price", "1")
    total = found["total"]
    assert total["kwh"] == pytest.approx(0.4 * total["hours"], rel=0.02)
    assert total["price"] == pytest.approx(1.2 * total["hours"], rel=0.02)
    assert not {"kwh", "price"} & set(plan(capsys, *SHIPPED_EXAMPLE)["total"])
    assert run_command(["plan", *SHIPPED_EXAMPLE, "--kwh-price", "0.5"]) == 2


def test_a_folder_is_served_where_it_lies(capsys: pytest.CaptureFixture[str]) -> None:
    found = plan(capsys, str(RELEASE))
    assert (found["weights"]["to_pull"], found["weights"]["fits"], found["notes"]) == (0, True, [])
    assert found["total"]["runs"] == sum(run["first"] for run in found["runs"]) < len(found["runs"])
    assert {row["kind"] for row in found["claims"]} >= {"scores", "specification", "speed"}


@pytest.mark.parametrize("release", [(str(RELEASE),), SHIPPED_EXAMPLE])
def test_it_is_readable_at_80_columns(release: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["plan", *release]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80 and all(line == line.rstrip() for line in lines)
    assert any(line.startswith(("fits      yes: weights", "fits      yes: 35B")) for line in lines)


def test_a_model_that_thinks_writes_more() -> None:
    gpqa = benchmark("gpqa_diamond_cot_n_shot")
    thinking = typical_item(gpqa, Settings(thinking="on", max_tokens=32_768)).written
    assert thinking > 5 * typical_item(gpqa, Settings(thinking="off")).written
    assert typical_item(gpqa, Settings(thinking="on", max_tokens=1000)).written == 1000


def test_the_end_of_the_whole_expects_runs_to_stop_early() -> None:
    runs = [
        ExpectedRun("one", 100, 50.0, True),
        ExpectedRun("two", 100, 50.0, False),
        ExpectedRun("three", 0, 60.0, True),
    ]
    with whole_run_of(runs) as whole:
        assert whole.line() == ""
        with whole.running(0):
            halfway = Progress(done=50, total=1000, rate=10.0, seconds_left=95.0, in_flight=1, reused=0, failed=0)
            left = whole.seconds_left(halfway)
            # five seconds of its own, and the third at a tenth of its guess, which this run has shown to be too long
            assert left is not None and 5.0 < left < 20.0
            assert whole.line(halfway).startswith("run 1 of 2, about ")
        with whole.running(2):
            assert whole.line().startswith("run 2 of 2")


@pytest.mark.parametrize(
    ("options", "placed", "flags"),
    [
        (("--backend", "vllm"), {"tensor": 1, "data": 4}, "on 4 GPUs, as --tensor-parallel 1 --data-parallel 4"),
        (("--backend", "vllm", "--tensor-parallel", "2"), {"tensor": 2, "data": 2}, "--tensor-parallel 2 --data-"),
        ((), {"tensor": 1, "data": 1}, "on 1 GPU, as --tensor-parallel 1 would say"),
    ],
)
def test_the_gpus_of_a_machine_are_planned_for(
    options: tuple[str, ...], placed: dict[str, int], flags: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the run would choose them: copies where the engine serves several, layers of one for llama.cpp."""
    machine = (str(RELEASE), "--card", "4x RTX 4090", "--memory", "24", *options)
    assert plan(capsys, *machine)["weights"]["placement"] == placed
    assert run_command(["plan", *machine]) == 0
    assert flags in " ".join(capsys.readouterr().out.split())
