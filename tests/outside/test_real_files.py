"""Every real results file of the shared folder is read, and one row of each is what the file says (read by eye)."""

import csv
import os
from pathlib import Path

import pytest

from evaluators.outside.outside_records import OutsideResult, OutsideRun
from evaluators.outside.read_file import read_outside_file
from evaluators.user_error import UserError

SHARED = Path(os.environ.get("CLAIMCHECK_SHARED", Path(__file__).parents[2].parent / "shared")) / "data"

ROWS = list(csv.DictReader((Path(__file__).parent / "golden_rows.csv").open(encoding="utf-8", newline="")))
"""One row a file: what stands in it, empty where the file does not tell."""
FOLDERS = ("lm_eval_results", "every_eval_ever/data", "every_eval_ever/fixtures", "agentic_and_perf")


def found(name: str) -> Path:
    places = list(SHARED.rglob(name))
    if not places:
        pytest.skip("no shared data")
    return places[0]


def row(run: OutsideRun, task: str, metric: str | None, filter: str | None) -> OutsideResult:
    return next(
        one for one in run.results if one.task == task and metric in (None, one.metric) and filter in (None, one.filter)
    )


@pytest.mark.parametrize("golden", ROWS, ids=[golden["file"][:60] for golden in ROWS])
def test_golden_row(golden: dict[str, str]) -> None:
    run = read_outside_file(found(golden["file"]))
    assert (run.model or "", len(run.results)) == (golden["model"], int(golden["results"]))
    result = row(run, golden["task"], golden["metric"] or None, golden["filter"] or None)
    assert golden["unit"] in ("", result.unit)
    assert result.count == (int(golden["items"]) if golden["items"] else None)
    if golden["score"]:
        assert result.score == pytest.approx(float(golden["score"]), abs=1e-12)
    else:
        assert result.score is None and run.left_out


def test_no_results_file_is_forgotten() -> None:
    """What lies in the folders and is not in the tables is no results file, and says so."""
    if not SHARED.exists():
        pytest.skip("no shared data")
    named = {golden["file"] for golden in ROWS}
    for folder in FOLDERS:
        for path in sorted((SHARED / folder).rglob("*.*")):
            if path.is_file() and path.name not in named and path.suffix in (".json", ".jsonl", ".yaml"):
                with pytest.raises(UserError, match=r"known|whole JSON"):
                    read_outside_file(path)


def test_settings_and_limits_of_real_files() -> None:
    limited = read_outside_file(found("results__truthfulqa_gen_neo125_2025-05-31T14-30-51.983293.json"))
    assert {one.limited for one in limited.results} == {"first 20 of 817 items"}
    assert limited.model_commit == "21def0189f5705e2521767faed922f1f15e7d7db"
    old = row(read_outside_file(found("open_llm_leaderboard__stablelm-beta-3b-v2-arc-challenge.json")),
              "arc_challenge", "acc", None)  # fmt: skip
    assert (old.settings.shots, old.settings.prompt, old.limited) == (25, "completion", None)
    assert old.settings.temperature is None and old.settings.subset is None  # not told
    speed = row(read_outside_file(found("llama-bench.json")), "prompt_speed", None, None)
    assert (speed.settings.quantization, speed.settings.hardware) == ("Q4_K_M", "NVIDIA GeForce RTX 4080")
    assert (speed.settings.prompt_tokens, speed.settings.depth, len(speed.items)) == (512, 0, 5)
    window = row(read_outside_file(found("o1-mini_grades_all880.json")), "LiveCodeBench v5", None, None)
    assert window.settings.subset == "2023-05..2025-01"
