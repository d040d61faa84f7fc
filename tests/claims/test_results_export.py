"""Only full, sound runs go out as scores, in every format valid."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evaluators.files import write_atomic
from evaluators.records import Artifact, Measurement, Release, Run, RunStatus, ServerDescription, Settings, WeightFile
from tests.claims.test_round_trips import SCHEMA
from warehouse.claims import read_any, read_eval_results
from warehouse.home import Home
from warehouse.load import load_home
from warehouse.reports.export import write_results

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def run(run_id: str, measurements: tuple[Measurement, ...], status: RunStatus = RunStatus.finished) -> Run:
    release = Release(model="maker/Odd-7B", commit="c0ffee", location="hub")
    files = (WeightFile(name="a.gguf", size=3, sha256="ab" * 32),)
    return Run(
        run_id=run_id,
        release=release,
        artifact=Artifact(release=release, format="gguf", quantization="Q4_K_M", path="/x/a.gguf", files=files),
        server=ServerDescription(backend="llama.cpp", version="b1", model="m"),
        benchmark="gsm8k",
        evaluator="lm-eval",
        evaluator_version="0.4.13",
        settings=Settings(shots=5, prompt="completion", temperature=0.0, max_tokens=256, thinking="off"),
        status=status,
        started=START,
        finished=START,
        measurements=measurements,
    )


def measured(items: int, *, stopped: bool = False, failed: int = 0, kind: str = "strict-match") -> Measurement:
    return Measurement(
        benchmark="gsm8k", metric="exact_match", filter=kind, score=0.71, stderr=0.01, unit="fraction", items=items,
        of=1319, stopped_early=stopped, failed=failed,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    runs = [
        run("good", (measured(1319), measured(1319, kind="flexible-extract", failed=2))),
        run("stopped", (measured(200, stopped=True),)),
        run("invalid", (measured(1319),), RunStatus.invalid),
    ]
    for one in runs:
        write_atomic(home.runs / one.run_id / "run.json", one.model_dump_json().encode())
    load_home(home)
    return home


def test_what_is_not_full_and_sound_is_named_and_left_out(home: Home, tmp_path: Path) -> None:
    exported = write_results(home, tmp_path / "r.csv", "csv")
    rows = list(csv.DictReader(exported.files[0].open()))
    assert [(row["run_id"], row["filter"], row["score"]) for row in rows] == [("good", "strict-match", "0.71")]
    reasons = "\n".join(exported.left_out)
    assert "2 items failed" in reasons
    assert "score at stop, 200 of 1,319 items" in reasons
    assert "invalid run" in reasons


def test_parquet_holds_the_same_rows(home: Home, tmp_path: Path) -> None:
    import pyarrow.parquet

    exported = write_results(home, tmp_path / "r.parquet", "parquet")
    table = pyarrow.parquet.read_table(exported.files[0]).to_pylist()
    assert [(row["run_id"], row["score"], row["items"]) for row in table] == [("good", 0.71, 1319)]


def test_every_eval_ever_says_who_ran_what(home: Home, tmp_path: Path) -> None:
    exported = write_results(home, tmp_path / "eee", "every-eval-ever")
    record = json.loads(exported.files[0].read_text())
    about = record["source_metadata"]
    assert (about["evaluator_relationship"], about["source_type"]) == ("third_party", "evaluation_run")
    claim = read_any(exported.files[0]).claims[0]
    assert (claim.model, claim.benchmark, claim.said) == ("maker/Odd-7B", "gsm8k", "0.71")
    assert (claim.settings.temperature, claim.settings.max_tokens, claim.settings.thinking) == (0.0, 256, "off")
    assert (claim.settings.metric, claim.settings.backend) == ("exact_match", "llama.cpp")
    if SCHEMA.exists():
        import jsonschema

        jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(record)


def test_eval_results_parse_with_the_hubs_own_types(home: Home, tmp_path: Path) -> None:
    exported = write_results(home, tmp_path / "hub", "eval-results")
    reading = read_eval_results(exported.files[0].read_text(), model="maker/Odd-7B", url="x", read_at=START)
    assert [(claim.benchmark, claim.said) for claim in reading.claims] == [("gsm8k", "0.71")]
    assert "shots 5" in reading.claims[0].settings.notes[0]
