"""Backends side by side: the rows, the table and the picture."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cyclopts import App

from evaluators.backends import ServerOptions
from evaluators.records import Settings, UserError
from evaluators.weights import resolve
from flows.cli.speed import lengths, print_speeds
from flows.compare_backends import ComparisonRequest, SpeedRow, compare_backends, plot
from warehouse.home import Home

RELEASE = Path(__file__).parents[2] / "flows" / "demo" / "release"
EVIL = "</script><script>alert(1)</script>"


def row(**given: object) -> SpeedRow:
    base = {
        "benchmark": "output_speed", "backend": "llama.cpp", "kind": "served", "quantization": "Q8_0", "median": 100.0,
        "low": 95.0, "high": 104.0, "unit": "tok/s", "runs": 7, "prompt_tokens": 512, "generation_tokens": 128,
    }  # fmt: skip
    return SpeedRow(**{**base, **given})


def test_a_backend_that_is_not_there_is_a_row_that_says_why(tmp_path: Path) -> None:
    request = ComparisonRequest(
        backends=("llama.cpp", "ollama"), benchmarks=("output_speed",),
        settings=Settings(prompt_tokens=32, generation_tokens=256), server=ServerOptions(url="http://127.0.0.1:9"),
    )  # fmt: skip
    ours, *_, theirs = compare_backends(resolve(str(RELEASE)), request, Home(tmp_path))
    assert (ours.backend, ours.quantization) == ("llama.cpp", "f16")
    assert (ours.prompt_tokens, ours.generation_tokens) == (32, 256)
    assert ours.run_id and (tmp_path / "runs" / ours.run_id / "run.json").exists()
    assert ours.median or ours.problem
    assert theirs.backend == "ollama" and theirs.median is None
    assert theirs.problem and "127.0.0.1:9" in theirs.problem


def test_the_command_refuses_before_it_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path))
    app = App(result_action="return_value")
    app.command("flows.cli.speed:speed", name="speed")
    for words, reason in {
        "--plot speed.txt": r"ends in \.html, \.png or \.svg",
        "--benchmark gsm8k": "no speed that streaming measures",
        "--backend abacus": "unknown backend abacus",
    }.items():
        with pytest.raises(UserError, match=reason):
            app(["speed", str(RELEASE), *words.split()], exit_on_error=False)
    assert not (tmp_path / "runs").exists()


def test_the_table_notes_what_cannot_be_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    print_speeds([row(), row(backend="vllm", depth=4096, concurrency=4, problem="unstable: the GPU slowed down")])
    text = capsys.readouterr().out
    assert "95, 104 tok/s" in text and "pp512 tg128 @ d4096 x4" in text
    assert "(1) unstable: the GPU slowed down" in text
    assert lengths(row(generation_tokens=1)) == "pp512 tg1"


def test_the_picture_is_one_file_that_needs_no_network_and_runs_nothing_foreign(tmp_path: Path) -> None:
    rows = [row(), row(backend="vllm", low=70.0, median=80.0), row(benchmark="prompt_speed", problem=EVIL, client=EVIL)]
    plot(rows, tmp_path / "speed.html")
    page = (tmp_path / "speed.html").read_text()
    assert not re.search(r"<(script|link)[^>]+(src|href)\s*=|(src|href)=.?https?:", page)
    assert "<script>alert" not in page
    assert "vllm Q8_0 served" in page


def test_llama_bench_beside_the_others_is_a_bar_and_no_line(tmp_path: Path) -> None:
    plot([row(), row(kind="bare", depth=512, prompt_tokens=None)], tmp_path / "speed.svg")
    picture = (tmp_path / "speed.svg").read_text()
    assert "tokens already in the context" not in picture
    assert "llama.cpp Q8_0 bare, depth 512" in picture


def test_pictures_for_papers_and_lines_over_the_depth(tmp_path: Path) -> None:
    rows = [row(depth=depth, median=100.0 - depth / 100) for depth in (0, 1000, 2000)]
    plot(rows, tmp_path / "speed.svg")
    assert "tokens already in the context" in (tmp_path / "speed.svg").read_text()
    plot(rows, tmp_path / "speed.png")
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match=r"ends in .html, .png or .svg"):
        plot(rows, tmp_path / "speed.txt")
    with pytest.raises(UserError, match="nothing was measured"):
        plot([row(median=None)], tmp_path / "speed.svg")


def test_rows_are_records_that_json_holds() -> None:
    assert SpeedRow.model_validate(json.loads(row().model_dump_json())) == row()
