"""Broken, foreign and hostile files end with one clear line, within bounds, and give nothing."""

import json
import os
import resource
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluators.outside import zip_entries
from evaluators.outside.outside_records import OutsideRun
from evaluators.outside.read_file import read_outside_file
from evaluators.outside.read_outside import read_outside
from evaluators.outside.redact import redacted, redacted_text
from evaluators.user_error import UserError

ROOT = Path(__file__).parents[2]
LM_EVAL: dict[str, Any] = {
    "results": {"gsm8k": {"alias": "gsm8k", "exact_match,strict-match": 0.5, "exact_match_stderr,strict-match": "N/A"}},
    "configs": {"gsm8k": {"generation_kwargs": {"temperature": 0.0}, "output_type": "generate_until"}},
    "versions": {"gsm8k": 3}, "n-shot": {"gsm8k": 5}, "n-samples": {"gsm8k": {"original": 2, "effective": 2}},
    "group_subtasks": {"gsm8k": []}, "config": {"model": "hf", "model_args": "pretrained=a/b", "limit": None},
    "date": 1776300000.1, "chat_template_sha": None,
    "samples": {"gsm8k": [{"doc_id": 0, "resps": [["x"]], "filtered_resps": ["x"], "exact_match": 1.0, "target": "x"}]},
}  # fmt: skip
INSPECT: dict[str, Any] = {
    "version": 2, "status": "success",
    "eval": {"task": "t", "model": "a/b", "dataset": {"samples": 2, "sample_ids": [1, 2]}, "config": {"epochs": 1}},
    "plan": {"steps": [{"solver": "generate"}], "config": {"temperature": 0.5}},
    "results": {"scores": [{"name": "match", "metrics": {"accuracy": {"value": 0.5}, "stderr": {"value": 0.1}}}]},
    "stats": {"started_at": "2026-05-01T00:00:00"},
    "samples": [{"id": 1, "epoch": 1, "output": {"choices": [{"stop_reason": "stop"}]},
                 "scores": {"match": {"value": "C"}}, "model_usage": {"m": {"input_tokens": 1}}}],
}  # fmt: skip
TAU2: dict[str, Any] = {
    "info": {"num_trials": 1, "agent_info": {"llm": "m", "llm_args": {}}, "user_info": {"llm": "u"}}, "tasks": [{}],
    "simulations": [{"task_id": "1", "trial": 0, "reward_info": {"reward": 1.0}, "termination_reason": "user_stop",
                     "messages": [{"role": "assistant"}]}],
}  # fmt: skip
EEE: dict[str, Any] = {
    "model_info": {"id": "a/b", "inference_engine": {"name": "vllm"}}, "source_metadata": {},
    "eval_library": {"name": "x"},
    "evaluation_results": [
        {"evaluation_name": "GSM8K", "metric_config": {"max_score": 1}, "score_details": {"score": 0.5}}
    ],
}  # fmt: skip
SWEBENCH: dict[str, Any] = {
    "total_instances": 2, "resolved_instances": 1, "resolved_ids": ["a"], "unresolved_ids": ["b"],
    "failure_reasons": {"b": "x"},
}  # fmt: skip
DOCUMENTS: dict[str, Any] = {
    "results_1.json": LM_EVAL,
    "inspect.json": INSPECT,
    "tau2.json": TAU2,
    "record.json": EEE,
    "org__m.run.json": SWEBENCH,
    "lcb_eval_all.json": [{"question_id": "1", "graded_list": [True], "contest_date": "2024-01-01"}],
    "m_eval_results.json": {"eval": {"HumanEval/0": [{"base_status": "pass", "plus_status": "pass"}]}},
    "mmlu_m.json": {"score": 0.5, "score:std": 0.5},
    "bench.json": [{"model_filename": "m-Q4_K_M.gguf", "avg_ts": 1.0, "n_prompt": 5, "n_gen": 0, "samples_ts": [1.0]}],
    "serve.json": {"completed": 2, "request_throughput": 1.0, "output_throughput": 2.0, "model_id": "m"},
    "guidellm.json": {"benchmarks": [{"args": {"strategy": {"type_": "constant"}}, "metrics":
                                      {"output_tokens_per_second": {"successful": {"mean": 1.0, "count": 2}}}}]},
    "results_lighteval.json": {"config_general": {"model_name": "a/b", "max_samples": None}, "results":
                               {"harness|arc:challenge|25": {"acc": 0.5, "acc_stderr": 0.1}}, "config_tasks": {}},
    "tau.json": [{"task_id": 0, "reward": 1.0, "info": {"error": "x"}, "trial": 0,
                  "traj": [{"role": "system", "content": "# Airline Agent Policy"}]}],
    "summary.json": {"k": 2, "experiment_name": "e", "github": {"m": {}}, "overall":
                     {"m": {"total_tasks": 127, "pass@1": {"avg": 0.5}, "pass@2": 0.6, "pass^2": 0.4}}},
    "a.traj.json": {"info": {"exit_status": "Submitted", "config": {"agent": {}}}, "messages": [{"role": "assistant"}]},
}  # fmt: skip
ODD = st.sampled_from(
    [None, True, -1, 0, 2, 1e308, float("nan"), float("inf"), 10**400, "", "x" * 500, "../../etc/passwd", "\ud800",
     [], [[]], [None], {}, {"": None}, {"value": {}}, "N/A", "2026-99-99T99:99:99"]
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(below, (*path, key))


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], odd)
    return copy


def outcome(path: Path) -> OutsideRun | str:
    try:
        run = read_outside_file(path)
    except UserError as problem:
        assert "\n" not in str(problem)
        return str(problem)
    for result in run.results:
        assert result.score is None or abs(result.score) < float("inf")
    return run


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_wrong_types_anywhere(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = DOCUMENTS[name]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(content))))
        content = changed(content, path, data.draw(ODD))
    target = tmp_path / name
    target.write_text(json.dumps(content), encoding="utf-8", errors="surrogatepass")
    outcome(target)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_truncated_files_give_nothing(tmp_path: Path, name: str) -> None:
    whole = json.dumps(DOCUMENTS[name])
    target = tmp_path / name
    for part in (0, 1, 10, len(whole) // 2, len(whole) - 1):
        target.write_text(whole[:part])
        assert isinstance(outcome(target), str)


def test_a_cut_sample_file_gives_nothing(tmp_path: Path) -> None:
    row = json.dumps({"doc_id": 0, "resps": [["x"]], "filtered_resps": ["x"], "filter": "none", "exact_match": 1.0})
    (tmp_path / "results_2026-01-01T00-00-00.000000.json").write_text(json.dumps(LM_EVAL))
    (tmp_path / "samples_gsm8k_2026-01-01T00-00-00.000000.jsonl").write_text(f"{row}\n{row[:30]}")
    with pytest.raises(UserError, match="line 2 is no whole JSON"):
        read_outside(tmp_path)


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":' * 500_000, '{"status":"x","eval":' + "[" * 3_000_000])
def test_endless_nesting(tmp_path: Path, text: str) -> None:
    target = tmp_path / "deep.json"
    target.write_text(text)
    assert isinstance(outcome(target), str)


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def log_entries(**more: bytes) -> dict[str, bytes]:
    header = {key: value for key, value in INSPECT.items() if key != "samples"}
    return {"header.json": json.dumps(header).encode(), "summaries.json": b"[]", **more}


def test_zip_bombs_and_paths_in_names(tmp_path: Path) -> None:
    zeros = b" " * (zip_entries.LARGEST_ENTRY + 1000)
    for number, entries in enumerate(
        (
            {"header.json": zeros},
            log_entries(**{"summaries.json": zeros}),
            log_entries(**{"samples/1_epoch_1.json": zeros}),
        )
    ):
        bomb = archive(tmp_path / f"{number}.eval", entries)
        tracemalloc.start()
        began = perf_counter()
        assert "unpacks to more than" in str(outcome(bomb))
        assert perf_counter() - began < 20 and tracemalloc.get_traced_memory()[1] < 4 * zip_entries.LARGEST_ENTRY
        tracemalloc.stop()
    sample = json.dumps(INSPECT["samples"][0]).encode()
    away = archive(
        tmp_path / "away.eval", log_entries(**{"samples/../../../evil_epoch_1.json": sample, "/etc/x": b"x"})
    )
    assert isinstance(outcome(away), OutsideRun)
    assert {path.name for path in tmp_path.iterdir()} == {"0.eval", "1.eval", "2.eval", "away.eval"}
    cut = tmp_path / "cut.eval"
    cut.write_bytes(away.read_bytes()[:-30])
    assert isinstance(outcome(cut), str)
    assert "did not finish" in str(outcome(archive(tmp_path / "early.eval", {"_journal/start.json": b"{}"})))


def test_two_gigabytes_are_refused_at_once(tmp_path: Path) -> None:
    for name, start in (("a.json", b'{"results": {'), ("b.jsonl", b'{"doc_id": 0, "resps": []}\n{"a": 1}\n'),
                        ("c.json", b'{"version": 2, "status": "success", "eval": {')):  # fmt: skip
        target = tmp_path / name
        with target.open("wb") as file:
            file.write(start)
            file.truncate(2_000_000_000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = perf_counter()
        assert "bytes" in str(outcome(target))
        assert perf_counter() - began < 10
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_too_many_values_and_long_lines(tmp_path: Path) -> None:
    wide = tmp_path / "wide.json"
    wide.write_text("[" + "[]," * 7_000_000 + "[]]")
    assert "more than 6,000,000 values" in str(outcome(wide))


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "out.json").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="holds no results"):
        read_outside(tmp_path)


def test_foreign_files_name_what_is_known(tmp_path: Path) -> None:
    foreign = {
        "a.json": b'{"hello": 1}', "b.jsonl": b'{"hello": 1}\n{"hello": 2}\n', "c.bin": os.urandom(64),
        "d.yaml": b"a: &a [1]\nb: [*a, *a]\n", "e.json": b"\xff\xfe{}", "f.parquet": b"PAR1xxxx",
    }  # fmt: skip
    for name, content in foreign.items():
        target = tmp_path / name
        target.write_bytes(content)
        assert isinstance(outcome(target), str), name
    with pytest.raises(UserError, match="does not exist"):
        read_outside(tmp_path / "absent.json")


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=127), min_size=20, max_size=40))
def test_secrets_are_removed_and_settings_stay(secret: str) -> None:
    shown = json.dumps(redacted({"api_key": secret, "model_kwargs": {"API-KEY": secret}, "max_tokens": 5,
                                 "add_bos_token": True, "note": f"Authorization: Bearer {secret}"}))  # fmt: skip
    assert secret not in shown
    assert '"max_tokens": 5' in shown and '"add_bos_token": true' in shown
    for text in (
        f"sk-{secret}",
        f"hf_{secret}",
        f"https://user:{secret}@host/v1",
        f"api_key={secret}&x=1",
        f'"api_key": "{secret}"',
    ):
        assert secret not in redacted_text(text)
    assert redacted_text("the model has 32 tokens and a key idea") == "the model has 32 tokens and a key idea"


READ_WITHIN = """
import resource, sys
from pathlib import Path
from evaluators.outside.read_file import read_outside_file
resource.setrlimit(resource.RLIMIT_DATA, (300_000_000, 300_000_000))
run = read_outside_file(Path(sys.argv[1]))
print(len(run.results[0].items), run.results[0].items[0].status.value)
"""


@pytest.mark.long
def test_a_log_of_463_megabytes_in_bounded_memory(tmp_path: Path) -> None:
    """Ten samples whose events hold a whole database each; memory that is not the file's own pages stays small."""
    target = tmp_path / "large.json"
    head = json.dumps({key: value for key, value in INSPECT.items() if key != "samples"})[:-1]
    event = json.dumps({"db": {f"user {number}": {"orders": [1, 2.5], "name": "n" * 20} for number in range(1000)}})
    with target.open("w") as file:
        file.write(f'{head}, "samples": [')
        for number in range(10):
            sample = json.dumps(INSPECT["samples"][0] | {"id": number})[:-1]
            file.write(("," if number else "") + sample + ', "events": [')
            file.write(",".join([event] * (46_300_000 // len(event))) + "]}")
        file.write("]}")
    assert target.stat().st_size > 462_000_000
    found = subprocess.run(
        [sys.executable, "-c", READ_WITHIN, str(target)], capture_output=True, text=True, timeout=120, cwd=ROOT
    )
    assert found.stdout.split() == ["10", "ok"], found.stderr[-500:]
