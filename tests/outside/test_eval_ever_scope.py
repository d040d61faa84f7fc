"""What a published record is about: a part of a benchmark, another task of its name, another metric than accuracy."""

from pathlib import Path
from typing import Any

import pytest

from flows.verification.import_results import ImportReport, ImportRequest, import_results
from tests.outside.test_import_results import claim, home
from tests.outside.test_planted_results import write
from tests.outside.test_real_files import found
from warehouse.claim_records import Outcome
from warehouse.home import Home
from warehouse.load import save_claims

__all__ = ["home"]
HELM_LITE = "e40a10b3-e682-4715-b2ee-4efcae050a58.json"
HELM_CAPABILITIES = "7d2d1dba-1b31-47b2-8308-f2668cf36c99.json"
LEADERBOARD = "fb7a68e6-716e-48c6-96c0-d227735f9a7c.json"


def record(source: str, *results: dict[str, Any]) -> dict[str, Any]:
    return {"schema_version": "0.2.0", "model_info": {"id": "org/model"}, "eval_library": {"name": "unknown"},
            "source_metadata": {"source_name": source}, "evaluation_results": list(results)}  # fmt: skip


def entry(name: str, description: str, score: float, largest: float = 1, **details: Any) -> dict[str, Any]:
    return {"evaluation_name": name, "score_details": {"score": score},
            "metric_config": {"evaluation_description": description, "max_score": largest},
            "generation_config": {"additional_details": details}}  # fmt: skip


def imported(home: Home, folder: Path, content: dict[str, Any]) -> ImportReport:
    return import_results(home, str(write(folder / "record.json", content)), ImportRequest(), dry_run=True)


def test_records_of_the_second_leaderboard_are_its_own_tasks(home: Home) -> None:
    """Its BBH and MMLU-Pro are log-likelihoods over choices, not the generative benchmarks of these names."""
    report = import_results(home, str(found(LEADERBOARD)), ImportRequest(), dry_run=True)
    scores = {run.benchmark: (run.measurements[0].metric, run.measurements[0].score, run.settings.shots)
              for run in report.runs}  # fmt: skip
    assert scores == {
        "leaderboard_bbh": ("acc_norm", 0.2936, 3),
        "leaderboard_math_hard": ("exact_match", 0.006, 4),
        "leaderboard_mmlu_pro": ("acc", 0.1144, 5),
    }
    assert {left.place.split()[0] for left in report.left_out} == {
        "leaderboard_ifeval",
        "leaderboard_gpqa",
        "leaderboard_musr",
    }


def test_helm_asks_a_part(home: Home) -> None:
    """Five subjects of MMLU, level 1 of MATH and 1,000 items of GSM8K are shown, and judge no claim."""
    save_claims(home, [claim("google/gemma-2-27b-it", name, "95") for name in ("gsm8k", "mmlu", "hendrycks_math")])
    report = import_results(home, str(found(HELM_LITE)), ImportRequest())
    assert {verdict.outcome for verdict in report.verdicts} == {Outcome.not_tested}
    gsm8k = next(run for run in report.runs if run.benchmark == "gsm8k")
    assert (gsm8k.measurements[0].items, gsm8k.measurements[0].of) == (1000, 1319)
    gpqa = import_results(home, str(found(HELM_CAPABILITIES)), ImportRequest(), dry_run=True).runs[0]
    assert gpqa.imported is not None and gpqa.imported.limited == "a part of the benchmark: subset gpqa_main"


@pytest.mark.parametrize(
    ("details", "limited"),
    [
        ({"subject": ["a", "b"]}, "a part of the benchmark: subject a, b"),
        ({"subset": "all", "category": None}, None),
        ({"subset": "hellaswag"}, None),
        ({"level": "1"}, "a part of the benchmark: level 1"),
        ({"subset": {"a": [1]}}, "a part of the benchmark: subset {'a': [1]}"),
    ],
)
def test_parts(home: Home, tmp_path: Path, details: dict[str, Any], limited: str | None) -> None:
    report = imported(home, tmp_path, record("Lab", entry("HellaSwag", "acc on HellaSwag", 0.5, **details)))
    origin = report.runs[0].imported
    assert origin is not None and origin.limited == limited


def test_a_described_metric_is_no_accuracy(home: Home, tmp_path: Path) -> None:
    content = record("Lab", entry("MATH", "F1 on MATH", 0.5), entry("GSM8K", "Accuracy on GSM8K", 0.5))
    report = imported(home, tmp_path, content)
    assert [run.benchmark for run in report.runs] == ["gsm8k"]
    assert "'F1' is not known to be the score of MATH" in report.left_out[0].reason


def test_a_point_of_five_is_no_share(home: Home, tmp_path: Path) -> None:
    content = record("Lab", entry("GSM8K", "Accuracy on GSM8K", 0.9, 5), entry("GSM8K", "Accuracy on GSM8K", 90, 100))
    report = imported(home, tmp_path, content)
    assert [measured.score for run in report.runs for measured in run.measurements] == [0.9]
    assert "0.9 is no share" in report.left_out[0].reason
