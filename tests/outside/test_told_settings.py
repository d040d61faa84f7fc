"""What a file tells about weights, template, thinking and length is read from where each program puts it."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators.outside.read_file import read_outside_file
from evaluators.outside.read_outside import read_outside
from evaluators.records import Settings
from flows.verification.import_results import ImportRequest, import_results
from tests.outside.test_import_results import claim, home, lm_eval_files
from tests.outside.test_planted_results import only, report, write
from warehouse.home import Home
from warehouse.load import save_claims

__all__ = ["home"]


def settings_of(folder: Path, **changes: Any) -> Settings:
    return read_outside_file(lm_eval_files(folder, [True] * 20, **changes)).results[0].settings


def arguments(told: Any, model: str = "hf", **more: Any) -> dict[str, Any]:
    return {"config": {"model": model, "model_args": told, "limit": None, **more}}


@pytest.mark.parametrize(
    ("told", "quantization"),
    [
        ("pretrained=org/model,dtype=bfloat16", "bf16"),
        ("pretrained=org/model-GGUF,gguf_file=model-Q4_K_M.gguf,dtype=float16", "Q4_K_M"),
        ("pretrained=org/model-AWQ,dtype=float16", "awq"),
        ("pretrained=org/model-FP8,dtype=bfloat16", "fp8"),
        ("pretrained=org/model,gptqmodel=True,dtype=float16", "gptq"),
        ("pretrained=org/model,autogptq=False,dtype=float16", "f16"),
        ({"pretrained": "org/model", "quantization": "fp8", "dtype": "bfloat16"}, "fp8"),
        ("pretrained=org/model-4b-int,dtype=float32", "f32"),
    ],
)
def test_the_type_of_the_computation_is_not_the_format(tmp_path: Path, told: Any, quantization: str) -> None:
    assert settings_of(tmp_path, **arguments(told)).quantization == quantization


@pytest.mark.parametrize(
    ("told", "thinking"),
    [
        ({"pretrained": "a/b", "chat_template_args": {"enable_thinking": False}}, "off"),
        ('pretrained=a/b,chat_template_args={"enable_thinking":true}', "on"),
        ("pretrained=a/b,enable_thinking=False", "off"),
        ("pretrained=a/b", None),
    ],
)
def test_thinking_in_arguments_for_the_template(tmp_path: Path, told: Any, thinking: str | None) -> None:
    assert settings_of(tmp_path, **arguments(told)).thinking == thinking


def test_an_empty_template_tells_nothing(tmp_path: Path) -> None:
    assert settings_of(tmp_path / "a", chat_template="").prompt is None
    assert settings_of(tmp_path / "b", chat_template=None).prompt == "completion"
    assert settings_of(tmp_path / "c", chat_template="{{ messages }}").prompt == "chat"


def test_the_length_of_answers_as_an_argument_of_the_model(tmp_path: Path) -> None:
    configs: dict[str, Any] = {
        "gsm8k": {"output_type": "generate_until", "generation_kwargs": {"until": ["Question:"]}}
    }
    told = arguments("pretrained=a/b,max_gen_toks=32768")
    assert settings_of(tmp_path / "a", configs=configs, **told).max_tokens == 32768
    configs["gsm8k"]["generation_kwargs"] |= {"max_gen_toks": 512}
    assert settings_of(tmp_path / "b", configs=configs, **told).max_tokens == 512


def test_chosen_items_are_not_the_first(tmp_path: Path) -> None:
    """`--samples` names items; only `--limit` takes the first."""
    run = read_outside_file(lm_eval_files(tmp_path / "a", [True] * 20))
    assert {result.limited for result in run.results} == {"20 of 1,319 items"}
    run = read_outside_file(lm_eval_files(tmp_path / "b", [True] * 20, **arguments("pretrained=a/b") | {"config": {
        "model": "hf", "model_args": "pretrained=a/b", "limit": 20.0}}))  # fmt: skip
    assert {result.limited for result in run.results} == {"first 20 of 1,319 items"}


def test_a_group_whose_tasks_weigh_the_same(home: Home, tmp_path: Path) -> None:
    """Its score is no mean over items: the items are left out, and nothing speaks against the score."""
    when = "2026-01-01T00-00-00.000000"
    sizes = {"mmlu_a": 30, "mmlu_b": 10}
    content: dict[str, Any] = {
        "results": {"mmlu": {"acc,none": 0.5}, "mmlu_a": {"acc,none": 0.0}, "mmlu_b": {"acc,none": 1.0}},
        "group_subtasks": {"mmlu": list(sizes)}, "configs": {}, "versions": {"mmlu": 2}, "n-shot": {"mmlu": 0},
        "n-samples": {task: {"original": size, "effective": size} for task, size in sizes.items()},
        "config": {"model": "hf", "model_args": "pretrained=org/model", "limit": None}, "chat_template": None,
    }  # fmt: skip
    for task, size in sizes.items():
        rows = [{"doc_id": number, "resps": [[["-1.0", "True"]], [["-2.0", "False"]]], "filter": "none", "target": "0",
                 "filtered_resps": [["-1.0", "True"]], "metrics": ["acc"], "acc": float(task == "mmlu_b")}
                for number in range(size)]  # fmt: skip
        write(tmp_path / f"samples_{task}_{when}.jsonl", "\n".join(map(json.dumps, rows)))
    path = write(tmp_path / f"results_{when}.json", content)
    run = import_results(home, str(path), ImportRequest(), dry_run=True).runs[0]
    assert run.imported is not None and run.imported.doubts == ()
    assert any("each the same weight" in note for note in run.imported.notes)
    assert (run.measurements[0].score, run.measurements[0].items, run.measurements[0].values) == (0.5, 40, ())
    content["results"]["mmlu"]["acc,none"] = 0.6
    run = import_results(home, str(write(path, content)), ImportRequest(), dry_run=True).runs[0]
    assert run.imported is not None and "the items are not used" in run.imported.doubts[0]


def test_a_folder_and_a_release_that_names_one_of_its_models(home: Home, tmp_path: Path) -> None:
    """A release that the user names takes no score of another model that lies beside."""
    save_claims(home, [claim("org/Model-7B", "gsm8k", "80")])
    for name, share in (("/mnt/weights/Model-7B", 5), ("org/other", 10)):
        lm_eval_files(tmp_path / "all" / name[-5:], [number % share > 0 for number in range(1319)],
                      **arguments(f"pretrained={name}"))  # fmt: skip
    report = import_results(home, str(tmp_path / "all"), ImportRequest(release="org/Model-7B"))
    assert [run.measurements[0].score for run in report.runs] == [pytest.approx(0.8, abs=0.001)]
    assert [left.place for left in report.left_out] == ["org/other"]


def test_a_model_of_the_same_name_by_another(home: Home, tmp_path: Path) -> None:
    for owner, share in (("alice", 5), ("bob", 10)):
        lm_eval_files(tmp_path / "all" / owner, [number % share > 0 for number in range(1319)],
                      **arguments(f"pretrained={owner}/Model-7B"))  # fmt: skip
    request = ImportRequest(release="alice/Model-7B")
    report = import_results(home, str(tmp_path / "all"), request, dry_run=True)
    assert [run.measurements[0].score for run in report.runs] == [pytest.approx(0.8, abs=0.001)]
    assert [left.place for left in report.left_out] == ["bob/Model-7B"]


def test_swebench_errors_that_nobody_explains(tmp_path: Path) -> None:
    """Of an older report: images that were not built, and patches that do not apply, are both errors."""
    ids = [f"django__django-{number}" for number in range(100)]
    content = report(total_instances=100, submitted_instances=100, resolved_instances=50, resolved_ids=ids[:50],
                     unresolved_ids=ids[50:60], error_ids=ids[60:], error_instances=40, empty_patch_ids=[],
                     completed_ids=ids[:60], submitted_ids=ids)  # fmt: skip
    for key in ("infra_failure_ids", "infra_failure_instances", "ambiguous_failure_ids", "failure_reasons"):
        del content[key]
    result = only(write(tmp_path / "m.verified.json", content)).results[0]
    assert result.doubts == ("40 of 100 instances ended in an error without a grade: unresolved, or never tested",)
    assert only(write(tmp_path / "m.verified.json", content | {"error_instances": 3})).results[0].doubts == ()


def test_links_packed_files_and_deep_folders_are_named(tmp_path: Path) -> None:
    lm_eval_files(tmp_path / "a", [True] * 20)
    (tmp_path / "results_x.json").symlink_to(tmp_path / "a" / "results_2026-01-01T00-00-00.000000.json")
    write(tmp_path / "samples.jsonl.zst", "x")
    write(tmp_path / "/".join("abcdefgh") / "results.json", "{}")
    write(tmp_path / "notes.txt", "x")
    runs, left = read_outside(tmp_path)
    assert len(runs) == 1
    assert {Path(one.place).name: one.reason.split(";")[0] for one in left} == {
        "results_x.json": "it is a link, and links are not followed", "samples.jsonl.zst": "it is a packed file",
        "g": "it lies more than 6 folders deep",
    }  # fmt: skip
