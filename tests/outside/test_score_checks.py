"""A score is taken for what its file shows it to be: by its name, its unit, its items, its size, its weights."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from evaluators.outside.formats.lm_eval_samples import samples_of_file
from evaluators.outside.read_file import read_outside_file
from evaluators.records import UserError
from flows.verification.import_results import ImportRequest, import_results
from tests.outside.test_import_results import claim, home, lm_eval_files
from tests.outside.test_planted_results import write
from tests.outside.test_real_files import found
from warehouse.claim_records import Comparability, Outcome
from warehouse.home import Home
from warehouse.load import save_claims

__all__ = ["home"]

STATED: dict[str, Any] = {
    "shots": 5, "prompt": "completion", "temperature": 0.0, "repeats": 1, "metric": "exact_match",
    "filter": "strict-match", "subset": "",
}  # fmt: skip
ANSWERS = [number % 5 > 0 for number in range(1319)]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(folder: Path, *, task_hash: str | None = None, spoil: int = 0) -> Path:
    """A run as lm-eval 0.4.3 and later write it, with hashes; in `spoil` rows the target is another than was hashed."""
    results = lm_eval_files(folder, ANSWERS)
    samples = next(folder.glob("samples_*"))
    rows, joined = [], ""
    for line in samples.read_text().splitlines():
        row = json.loads(line)
        row["doc"] = {"question": f"Question {row['doc_id']}", "answer": row["target"]}
        row["arguments"] = {"gen_args_0": {"arg_0": f"Q: {row['doc_id']}", "arg_1": {"until": ["Q:"]}}}
        row["doc_hash"] = sha256(json.dumps(row["doc"], indent=2, ensure_ascii=False))
        row["prompt_hash"], row["target_hash"] = sha256(f"Q: {row['doc_id']}"), sha256(row["target"])
        joined += row["doc_hash"] + row["prompt_hash"] + row["target_hash"]
        if row["doc_id"] < spoil:
            row["target"] = "2"
        rows.append(row)
    write(samples, "\n".join(map(json.dumps, rows)))
    content = json.loads(results.read_text())
    content["task_hashes"] = {"gsm8k": task_hash or sha256(joined)}
    return write(results, content)


def test_hashes_of_a_real_run() -> None:
    """The task hash that lm-eval 0.4.8 stored comes out of its 20 samples, and each row's own hashes fit."""
    samples = samples_of_file(found("results__samples_truthfulqa_gen_2025-05-31T14-30-51.983293.jsonl"), "x")
    stored = json.loads(found("results__truthfulqa_gen_neo125_2025-05-31T14-30-51.983293.json").read_bytes())
    assert samples.hashes.task_hash() == stored["task_hashes"]["truthfulqa_gen"]
    assert samples.hashes.changed() is None and samples.hashes.same["doc_hash"] == 20


def test_samples_of_another_run_and_changed_ones_are_not_used(tmp_path: Path) -> None:
    own = read_outside_file(hashed(tmp_path / "own"))
    assert [len(one.items) for one in own.results] == [1319, 1319] and not own.left_out
    for name, path, reason in (
        ("other", hashed(tmp_path / "other", task_hash="0" * 64), "of another run"),
        ("changed", hashed(tmp_path / "changed", spoil=3), r"the target of 6 rows \(first: doc_id 0\)"),
    ):
        run = read_outside_file(path)
        assert [len(one.items) for one in run.results] == [0, 0], name
        assert [one.score for one in run.results] == [one.score for one in own.results]
        with pytest.raises(AssertionError, match=reason):
            raise AssertionError(run.left_out[0].reason)


def test_samples_that_are_cut_between_two_lines_are_not_used(tmp_path: Path) -> None:
    path = lm_eval_files(tmp_path, ANSWERS)
    samples = next(tmp_path.glob("samples_*"))
    write(samples, "\n".join(samples.read_text().splitlines()[:700]))
    run = read_outside_file(path)
    assert run.left_out[0].reason.startswith("they are of 700 documents, the results of 1,319")
    assert run.results[0].items == () and run.results[0].count == 1319


def test_items_that_do_not_give_the_score(home: Home, tmp_path: Path) -> None:
    """The claim meets the published score as a whole, at most `assumed`, and the contradiction is said."""
    save_claims(home, [claim("org/model", "gsm8k", "80", **STATED)])
    sound = import_results(home, str(lm_eval_files(tmp_path / "sound", ANSWERS)), ImportRequest())
    assert sound.verdicts[0].comparability is Comparability.matched
    path = lm_eval_files(tmp_path / "odd", ANSWERS)
    content = json.loads(path.read_text())
    content["results"]["gsm8k"]["exact_match,strict-match"] = 0.9
    report = import_results(home, str(write(path, content)), ImportRequest())
    verdict = report.verdicts[0]
    assert verdict.comparability is not Comparability.matched and not verdict.flagged
    assert any("says 90 %, its 1,319 items give 79.98 %" in reason.text for reason in verdict.reasons)
    assert report.runs[0].measurements[0].values == () and report.runs[0].measurements[0].score == 0.9


def record(metric: str, score: float) -> dict[str, Any]:
    return {
        "schema_version": "0.3.0", "retrieved_timestamp": "1776300000", "source_metadata": {}, "eval_library": {},
        "model_info": {"name": "m", "id": "org/model"},
        "evaluation_results": [{"evaluation_name": "GSM8K", "metric_config": {"metric_name": metric},
                                "score_details": {"score": score}}],
    }  # fmt: skip


def test_a_time_is_no_accuracy(home: Home, tmp_path: Path) -> None:
    """A benchmark with one metric is met by words for the share of right answers, and by no others."""
    for metric in ("Accuracy", "exact match", "em"):
        runs = import_results(home, str(write(tmp_path / "a.json", record(metric, 0.8))), ImportRequest(), dry_run=True)
        assert runs.runs[0].measurements[0].metric == "exact_match", metric
    for metric in ("Inference time", "refusal rate", "std", "tokens"):
        with pytest.raises(UserError, match="is not known to be the score of GSM8K"):
            import_results(home, str(write(tmp_path / "a.json", record(metric, 0.8))), ImportRequest())
    assert not home.runs.exists() or not list(home.runs.iterdir())


def test_a_percentage_that_does_not_say_so(home: Home, tmp_path: Path) -> None:
    """66 is not read as 66 %, nor 1.2 as anything."""
    save_claims(home, [claim("org/model", "gsm8k", "80")])
    for score in (66, 1.2, -0.1):
        path = lm_eval_files(tmp_path / f"{score}", ANSWERS)
        next(path.parent.glob("samples_*")).unlink()
        content = json.loads(path.read_text())
        content["results"]["gsm8k"] = {"exact_match,strict-match": score}
        with pytest.raises(UserError, match=f"{score:g} is no share between 0 and 1"):
            import_results(home, str(write(path, content)), ImportRequest())
    assert not home.runs.exists() or not list(home.runs.iterdir())


def test_a_part_that_the_program_does_not_write(home: Home, tmp_path: Path) -> None:
    """simple-evals leaves no trace of `--examples`: what no whole run gives is shown, not judged."""
    save_claims(home, [claim("org/model", "mmlu", "80")])
    request = ImportRequest(release="org/model")
    for score, shown in ((0.0, True), (1.0, True), (37 / 50, True), (11233 / 14042, False)):
        path = write(tmp_path / "mmlu_m.json", {"other": score, "score": score, "score:std": 0.0})
        verdict = import_results(home, str(path), request).verdicts[0]
        assert (verdict.outcome is Outcome.not_tested) is shown, score
        assert any("untold number of items" in reason.text for reason in verdict.reasons) is shown


@pytest.mark.parametrize(
    "more",
    [
        "peft=me/adapter",
        "revision=step3000",
        *(
            pytest.param(more, marks=pytest.mark.long)
            for more in ("steer_path=v.pt", "lora_local_path=me/l", "delta=a/b")
        ),
    ],
)
def test_other_weights_than_the_name_says(home: Home, tmp_path: Path, more: str) -> None:
    path = lm_eval_files(tmp_path, ANSWERS)
    content = json.loads(path.read_text())
    content["config"] |= {"model": "hf", "model_args": f"pretrained=org/model,{more}"}
    write(path, content)
    told = more.replace("=", " ")
    with pytest.raises(UserError, match=f"calls the model org/model with {told}; say which release"):
        import_results(home, str(path), ImportRequest())
    mine = import_results(home, str(path), ImportRequest(release="me/tuned"), dry_run=True)
    assert mine.runs[0].release.model == "me/tuned"
    content["config"]["model_args"] = "pretrained=org/model,revision=main,dtype=bfloat16"
    assert read_outside_file(write(path, content)).model == "org/model"
