"""Files of others become runs, meet the vendor's claims, and never accuse anybody."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evaluators.records import ItemStatus, Run, Settings, UserError
from flows.cli import run_command
from flows.verification.import_results import ImportRequest, import_results, judge_imported_runs
from tests.outside.test_planted_results import KEY, report, trajectory, trial, write
from warehouse.claim_records import Claim, Claimant, ClaimSource, Comparability, Outcome, Verdict
from warehouse.claims.text.interval import read_interval
from warehouse.home import Home
from warehouse.load import rebuild_database, save_claims
from warehouse.queries.table import details, table_rows
from warehouse.reports.reasons import main_reason
from warehouse.reports.site.claim_evidence import SiteReader, read_changes
from warehouse.reports.site.claim_view import claim_view

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def claim(model: str, benchmark: str, said: str, **settings: Any) -> Claim:
    return Claim(
        claim_id=hashlib.sha256(f"{model} {benchmark} {said}".encode()).hexdigest()[:16],
        model=model,
        benchmark=benchmark,
        benchmark_text=benchmark,
        said=said,
        interval=read_interval(said, "fraction"),
        claimant=Claimant.vendor,
        by=model.split("/")[0],
        settings=Settings(**settings),
        source=ClaimSource(url="https://example.org/card", sha256="0" * 64, read_at=NOW, kind="model_card"),
        place="line 1",
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def by_benchmark(verdicts: list[Verdict], home: Home) -> dict[str, Verdict]:
    names = {row["claim_id"]: row["benchmark"] for row in table_rows(home)}
    return {names[verdict.claim_id]: verdict for verdict in verdicts}


GEMMA = "google/gemma-2-9b"
CARD = (
    claim(GEMMA, "piqa", "81.7", shots=0),
    claim(GEMMA, "arc_easy", "88.0", shots=0),
    claim(GEMMA, "mmlu", "71.3", shots=5),
    claim(GEMMA, "hellaswag", "81.9", shots=10),
    claim(GEMMA, "lambada_openai", "76.3"),
)
"""What the model's card says (LAMBADA stands in no card: it is the sound run's own value)."""


@pytest.mark.long
def test_gemma_with_and_without_bos(home: Home) -> None:
    """Two real runs of one model: the one whose prompts began without BOS accuses nobody and says why."""
    save_claims(home, CARD)
    sound = by_benchmark(import_results(home, str(DATA / "gemma-2-9b-with-bos.json"), ImportRequest()).verdicts, home)
    broken = by_benchmark(
        import_results(home, str(DATA / "gemma-2-9b-without-bos.json"), ImportRequest()).verdicts, home
    )
    for name in ("piqa", "arc_easy", "lambada_openai"):
        assert sound[name].outcome is Outcome.confirmed, name
        assert broken[name].outcome in (Outcome.inconclusive, Outcome.invalid_run), name
        codes = {reason.code for reason in broken[name].reasons}
        assert codes & {"near_collapse", "bos_missing", "chance_level"}, name
        assert any("BOS" in reason.text for reason in broken[name].reasons), name
    for name in ("mmlu", "hellaswag"):  # the card's examples differ
        assert sound[name].comparability is Comparability.differs
        assert sound[name].outcome is Outcome.not_tested
    assert not any(verdict.flagged for verdict in [*sound.values(), *broken.values()])
    shown = {row["benchmark"]: row for row in table_rows(home)}
    assert shown["piqa"]["outcome"] == "confirmed" and shown["piqa"]["ran_by"] == "imported"
    assert main_reason(shown["hellaswag"]) == "claimed shots 10, run 0"
    with SiteReader(home) as reader:  # the broken run stands for no claim, so it changed nothing
        changes = {change["benchmark_text"]: change for change in read_changes(reader)}
        assert claim_view(shown["piqa"], None).basis == "all 1,838 questions, run by others"
    assert {name: (change["before"], change["outcome"]) for name, change in changes.items()} == {
        row["benchmark_text"]: (None, row["outcome"]) for row in shown.values()
    }
    assert [other["outcome"] for other in shown["piqa"]["others"]] == ["inconclusive"]
    page = details(home, shown["piqa"]["claim_id"])
    assert set(page.others[0]["differ"]) >= {"model_args", "bos"}


def lm_eval_files(folder: Path, answers: list[bool], **changes: Any) -> Path:
    """Results and samples as lm-eval writes them, for gsm8k under its two filters."""
    when = "2026-01-01T00-00-00.000000"
    score = sum(answers) / len(answers)
    content: dict[str, Any] = {
        "results": {"gsm8k": {"exact_match,strict-match": score, "exact_match,flexible-extract": score}},
        "configs": {"gsm8k": {"output_type": "generate_until", "repeats": 1,
                              "generation_kwargs": {"temperature": 0.0, "do_sample": False, "max_gen_toks": 256}}},
        "versions": {"gsm8k": 3}, "n-shot": {"gsm8k": 5},
        "n-samples": {"gsm8k": {"original": 1319, "effective": len(answers)}},
        "config": {"model": "local-completions", "model_args": {"model": "org/model", "api_key": KEY}, "limit": None},
        "date": 1776300000.0, "chat_template_sha": None, "system_instruction": None, "lm_eval_version": "0.4.13",
    } | changes  # fmt: skip
    rows = [
        {"doc_id": number, "resps": [["#### 1"]], "filtered_resps": ["1" if right else "[invalid]"], "target": "1",
         "filter": kind, "metrics": ["exact_match"], "exact_match": float(right)}
        for kind in ("strict-match", "flexible-extract") for number, right in enumerate(answers)
    ]  # fmt: skip
    write(folder / f"samples_gsm8k_{when}.jsonl", "\n".join(map(json.dumps, rows)))
    return write(folder / f"results_{when}.json", content)


def stored(home: Home) -> list[Run]:
    return [Run.model_validate_json(path.read_bytes()) for path in home.runs.glob("*/run.json")]


def test_items_come_in_with_their_order_and_counts(home: Home, tmp_path: Path) -> None:
    save_claims(home, [claim("org/model", "gsm8k", "80", shots=5, prompt="completion", temperature=0.0, repeats=1,
                             metric="exact_match", filter="strict-match", subset="")])  # fmt: skip
    answers = [number % 5 > 0 for number in range(1319)]
    found = import_results(home, str(lm_eval_files(tmp_path / "out", answers)), ImportRequest(by="Lab"))
    verdict = found.verdicts[0]
    assert verdict.comparability is Comparability.matched
    assert (verdict.items, verdict.of) == (1319, 1319) and verdict.low is not None
    run = stored(home)[0]
    strict = run.measurements[0]
    assert (len(strict.values), strict.unextracted, strict.failed) == (1319, 264, 0)
    assert sum(value or 0 for value in strict.values) == sum(answers)
    assert list(strict.values) != [float(right) for right in answers]  # in the order of the seed
    assert run.imported is not None and run.imported.by == "Lab" and run.ran_by == "imported"
    assert KEY not in run.model_dump_json()
    # the same file again changes nothing
    again = import_results(home, str(lm_eval_files(tmp_path / "out", answers)), ImportRequest(by="Lab"))
    assert (again.new, again.verdicts, len(stored(home))) == (0, [], 1)
    assert rebuild_database(home).runs == 1


def test_a_limited_run_is_shown_and_judges_nothing(home: Home, tmp_path: Path) -> None:
    save_claims(home, [claim("org/model", "gsm8k", "95")])
    changes = {"config": {"model": "hf", "model_args": "pretrained=org/model", "limit": 100}}
    found = import_results(home, str(lm_eval_files(tmp_path, [True] * 50 + [False] * 50, **changes)), ImportRequest())
    verdict = found.verdicts[0]
    assert (verdict.outcome, verdict.score, verdict.flagged) == (Outcome.not_tested, 0.5, False)
    assert "first 100 of 1,319 items" in verdict.headline
    assert table_rows(home)[0]["outcome"] == "not_tested"


def test_what_the_file_does_not_tell_is_unknown(home: Home, tmp_path: Path) -> None:
    """SWE-bench: whether tools, scaffold or thinking are those of the claim is not told."""
    model = "Qwen/Qwen3.6-35B-A3B"
    save_claims(home, [claim(model, "swe_bench_verified", "73.4")])
    ids = [f"django__django-{number}" for number in range(500)]
    content = report(
        total_instances=500, submitted_instances=500, resolved_instances=285, infra_failure_instances=5,
        resolved_ids=ids[:285], unresolved_ids=ids[285:495], infra_failure_ids=ids[495:], empty_patch_ids=[],
        error_ids=[], submitted_ids=ids, completed_ids=ids[:495], failure_reasons={},
    )  # fmt: skip
    found = import_results(home, str(write(tmp_path / "Qwen__Qwen3.6-35B-A3B.x.json", content)), ImportRequest())
    verdict = found.verdicts[0]
    assert verdict.comparability is Comparability.unknown and not verdict.flagged
    assert verdict.score == pytest.approx(285 / 495)  # the infrastructure's five are nobody's failure
    assert any("5 items failed by the infrastructure" in reason.text for reason in verdict.reasons)
    assert {line.setting for line in verdict.compared if line.relation == "unknown"} >= {"scaffold", "tools"}


def test_versions_and_counts_are_checked(home: Home, tmp_path: Path) -> None:
    save_claims(home, [claim("org/model", "gsm8k", "80")])
    answers = [number % 5 > 0 for number in range(1000)]
    counts = {"gsm8k": {"original": 1000, "effective": 1000}}
    changes = {"versions": {"gsm8k": 2}, "n-samples": counts}
    verdict = import_results(home, str(lm_eval_files(tmp_path, answers, **changes)), ImportRequest()).verdicts[0]
    told = " ".join(reason.text for reason in verdict.reasons)
    assert "version 2" in told and "1,000 items, the catalogue's 1,319" in told
    assert "other_items" in {reason.code for reason in verdict.reasons}


def test_a_dead_endpoint_is_no_zero(home: Home, tmp_path: Path) -> None:
    save_claims(home, [claim("org/model", "terminal_bench_2", "51.5")])
    for number in range(89):
        one = trial(f"task-{number}", 1, None, "ConnectionError")
        write(tmp_path / "job" / one["trial_name"] / "result.json", one)
    write(tmp_path / "job" / "config.json", {"datasets": [{"name": "terminal-bench", "version": "2.0"}]})
    found = import_results(home, str(tmp_path / "job"), ImportRequest(release="org/model"))
    assert found.verdicts[0].outcome is Outcome.invalid_run and found.verdicts[0].score is None


def test_a_claim_that_comes_later_meets_the_run(home: Home, tmp_path: Path) -> None:
    import_results(home, str(lm_eval_files(tmp_path, [True] * 1319)), ImportRequest())
    save_claims(home, [claim("org/model", "gsm8k", "70")])
    assert [verdict.outcome for verdict in judge_imported_runs(home, "org/model")] == [Outcome.above_claim]
    assert judge_imported_runs(home, "org/model") == []


def test_nothing_is_half_imported(home: Home, tmp_path: Path) -> None:
    lm_eval_files(tmp_path / "a", [True] * 1319)
    broken = lm_eval_files(tmp_path / "b", [True] * 1319)
    samples = next(broken.parent.glob("samples_*"))
    samples.write_text(samples.read_text()[:-5])
    with pytest.raises(UserError, match="no whole JSON"):
        import_results(home, str(broken), ImportRequest())
    assert not home.root.exists()
    with pytest.raises(UserError, match="--release"):
        anonymous = {"config": {"model": "x", "model_args": {}}}
        import_results(home, str(lm_eval_files(tmp_path / "c", [True], **anonymous)), ImportRequest())
    assert not home.root.exists()


def test_ungraded_predictions_are_no_run(home: Home, tmp_path: Path) -> None:
    patches = {"a__a-1": {"model_name_or_path": "org/model", "instance_id": "a__a-1", "model_patch": "diff"}}
    with pytest.raises(UserError, match="no grades"):
        import_results(home, str(write(tmp_path / "preds.json", patches)), ImportRequest())
    assert not home.root.exists()


def test_a_folder_lists_what_was_left_out(home: Home, tmp_path: Path) -> None:
    lm_eval_files(tmp_path / "good", [True] * 1319)
    lm_eval_files(tmp_path / "local", [True] * 1319, config={"model": "hf", "model_args": "pretrained=/mnt/weights/7B"})
    write(tmp_path / "other" / "notes.json", {"hello": 1})
    found = import_results(home, str(tmp_path), ImportRequest(), dry_run=True)
    assert len(found.runs) == 1 and not home.root.exists()
    assert [one.place.rsplit("/", 2)[-2] for one in found.left_out] == ["other", "local"]
    assert "--release" in found.left_out[1].reason


def test_the_command_line(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(home.root))
    save_claims(home, [claim("org/model", "gsm8k", "80")])
    file = str(lm_eval_files(tmp_path, [number % 5 > 0 for number in range(1319)]))
    assert run_command(["results", "import", file, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["stored"], told["runs"][0]["benchmark"], told["verdicts"]) == (False, "gsm8k", [])
    assert run_command(["results", "import", file, "--by", "Lab", "--date", "2026-01-02", "--weights", "Q4_K_M"]) == 0
    assert "CONFIRMED" in capsys.readouterr().out
    assert stored(home)[0].started.isoformat() == "2026-01-02T00:00:00+00:00"
    for form, marks in (("json", b"["), ("csv", b"model,"), ("parquet", b"PAR1")):
        out = tmp_path / f"verdicts.{form}"
        assert run_command(["results", "export", str(out), "--format", form, "--verdicts"]) == 0
        assert out.read_bytes().startswith(marks)
    row = json.loads((tmp_path / "verdicts.json").read_text())[0]
    assert (row["outcome"], row["measured_is"], row["ran_by"], row["made_by"]) == (
        "confirmed", "benchmark score", "imported", "Lab")  # fmt: skip
    assert run_command(["results", "publish", "hub"]) == 0  # others' scores are not ours to publish
    assert "nothing to publish" in capsys.readouterr().out
    assert run_command(["results", "import", str(tmp_path / "absent.json")]) == 2
    assert run_command(["results", "import", file, "--date", "yesterday"]) == 2


def test_trajectories_with_their_grades(home: Home, tmp_path: Path) -> None:
    """Infrastructure failures of the scaffold, which the report takes for empty patches, are told apart."""
    ids = [f"django__django-{number}" for number in range(500)]
    for number in range(3):
        ending = "InternalServerError" if number == 0 else "Submitted"
        write(tmp_path / ids[number] / f"{ids[number]}.traj.json", trajectory(ids[number], ending))
    write(tmp_path / "preds.json", {name: {"model_name_or_path": "m", "instance_id": name, "model_patch": "d"}
                                    for name in ids})  # fmt: skip
    write(tmp_path / "served.verified.json", report(
        total_instances=500, submitted_instances=500, resolved_instances=100, resolved_ids=ids[100:200],
        unresolved_ids=ids[200:], empty_patch_ids=ids[:100], infra_failure_ids=[], error_ids=[], submitted_ids=ids,
        completed_ids=ids[100:], failure_reasons={}, infra_failure_instances=0))  # fmt: skip
    found = import_results(home, str(tmp_path), ImportRequest(release="org/model"))
    run = found.runs[0]
    assert run.benchmark == "swe_bench_verified" and run.measurements[0].failed == 1
    assert run.measurements[0].score == pytest.approx(100 / 499)
    assert str(run.settings.scaffold).startswith("mini-swe-agent 2.4.6")
    assert ItemStatus.failed in {ItemStatus(row) for row in statuses(home, run)}
    assert KEY not in run.model_dump_json()


def statuses(home: Home, run: Run) -> set[str]:
    import pyarrow.parquet as pq

    return set(pq.read_table(home.runs / run.run_id / "items.parquet")["status"].to_pylist())


@pytest.mark.parametrize(("error", "outcome"), [(0.02, Outcome.inconclusive), (0.002, Outcome.below_claim)])
def test_a_published_error_counts_where_there_are_no_items(
    home: Home, tmp_path: Path, error: float, outcome: Outcome
) -> None:
    """Three points outside what the claim allows, more than run noise explains: more or less than 1.96 of the error."""
    save_claims(home, [claim("org/model", "gsm8k", "80")])
    file = lm_eval_files(tmp_path, [True])
    content = json.loads(file.read_text()) | {"n-samples": {"gsm8k": {"original": 1319, "effective": 1319}}}
    content["results"]["gsm8k"] = {
        f"exact_match{kind},{name}": value
        for name in ("flexible-extract", "strict-match")
        for kind, value in (("", 0.745), ("_stderr", error))
    }
    alone = write(tmp_path / "alone" / file.name, content)
    verdict = import_results(home, str(alone), ImportRequest()).verdicts[0]
    assert (verdict.outcome, verdict.flagged) == (outcome, False)
    told = next(reason.text for reason in verdict.reasons if reason.code == "published_error")
    assert f"standard error of {100 * error:.2g} points" in told
    assert ("within the published uncertainty" in verdict.headline) == (outcome is Outcome.inconclusive)


SUBMITTED = [f"django__django-{number}" for number in range(500)]


def grades_of(resolved: int, errors: int, **changes: Any) -> dict[str, Any]:
    """A report on all of SWE-bench Verified: the others are unresolved."""
    return report(
        total_instances=500, submitted_instances=500, resolved_instances=resolved, resolved_ids=SUBMITTED[:resolved],
        unresolved_ids=SUBMITTED[resolved + errors :], error_ids=SUBMITTED[resolved : resolved + errors],
        error_instances=errors, infra_failure_instances=0, infra_failure_ids=[], failure_reasons={},
        empty_patch_ids=[], submitted_ids=SUBMITTED, completed_ids=SUBMITTED[:resolved],
    ) | changes  # fmt: skip


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize(("errors", "outcome"), [(0, Outcome.below_claim), (100, Outcome.inconclusive)])
def test_instances_that_were_never_graded_contradict_no_claim(
    home: Home, tmp_path: Path, errors: int, outcome: Outcome, listed: bool
) -> None:
    """46 % with a fifth of the instances ended in errors may be the 60 % that are claimed."""
    save_claims(home, [claim("org/model", "swe_bench_verified", "60.0")])
    some = {} if listed else {"unresolved_ids": [], "submitted_ids": [], "completed_ids": []}
    file = write(tmp_path / "org__model.verified.json", grades_of(230, errors, **some))
    found = import_results(home, str(file), ImportRequest())
    (measured,) = found.runs[0].measurements
    assert measured.score == pytest.approx(0.46)
    if errors:
        assert (measured.low, measured.high) == pytest.approx((0.46, 0.66))
    assert (found.verdicts[0].outcome, found.verdicts[0].flagged) == (outcome, False)


def test_tasks_that_ran_out_of_time_contradict_no_claim(home: Home, tmp_path: Path) -> None:
    """How fast somebody's machine answered is no answer of the model."""
    save_claims(home, [claim("org/model", "terminal_bench_2", "51.5")])
    for number in range(89):
        late = 30 <= number < 60
        one = trial(f"task-{number}", 1, float(number < 30), "AgentTimeoutError" if late else None)
        write(tmp_path / "job" / one["trial_name"] / "result.json", one)
    write(tmp_path / "job" / "config.json", {"datasets": [{"name": "terminal-bench", "version": "2.0"}]})
    found = import_results(home, str(tmp_path / "job"), ImportRequest(release="org/model"))
    (measured,) = found.runs[0].measurements
    assert (measured.timed_out, measured.low, measured.high) == (30, pytest.approx(30 / 89), pytest.approx(60 / 89))
    assert found.verdicts[0].outcome is Outcome.inconclusive
