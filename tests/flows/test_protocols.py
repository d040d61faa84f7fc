"""A claim that leaves its protocol open, from the plan to the verdict, on servers whose truth is known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evaluators.harness import run_benchmark
from evaluators.protocols.release_kind import ReleaseKind
from evaluators.records import Run, RunStatus, Settings
from flows.options import VerifyOptions
from flows.verification.jobs import plan_jobs, protocol_criteria
from flows.verification.open_claims import OpenClaims
from tests.flows.answering_server import AnsweringServer
from tests.harness.fakes import ARTIFACT
from tests.verdicts.cases import make_claim
from warehouse.claim_records import Claim, Outcome, Verdict
from warehouse.verdicts import ClaimRule, judge

INSTRUCT = ReleaseKind(kind="instruct", thinking="none", has_template=True)
THINKING = ReleaseKind(kind="thinking", thinking="switchable", switch="enable_thinking", has_template=True)
STRICT = Settings(filter="strict-match")
ANY = pytest.approx(0.9, abs=0.1)


def verify(
    claim: Claim, kind: ReleaseKind, server: AnsweringServer, folder: Path, options: VerifyOptions | None = None
) -> tuple[Verdict, list[Run]]:
    """Plan, run and judge as the flow does, without Prefect and warehouse."""
    options = options or VerifyOptions(backend="llama.cpp")
    plan = plan_jobs([claim], kind=kind, options=options)
    assert not plan.refused
    state, runs, now = OpenClaims(plan), [], datetime.now(UTC)
    for job in plan.jobs:
        if not state.of_job(job):
            continue
        criteria = protocol_criteria(job, plan, options)
        limit = min(job.settings.max_tokens or 40, 512)
        settings = job.settings.model_copy(update={"max_tokens": limit})
        run = run_benchmark(
            job.benchmark, ARTIFACT, server, settings, folder=folder, stop=ClaimRule(list(criteria.values())),
            protocol=job.protocol,
        )  # fmt: skip
        runs.append(run)
        parts = []
        for protocol in job.protocols[claim.claim_id]:
            criterion = criteria[claim.claim_id, protocol.name]
            found = [
                one for one in run.measurements if (one.metric, one.filter) == (criterion.metric, criterion.filter)
            ]
            parts.append((protocol, judge(claim, criterion, run, found[0] if found else None, now=now)))
        verdict = state.add(claim, parts, now)
        if verdict is not None:
            return verdict, runs
    return state.left({claim.claim_id: claim}, now)[0], runs


def test_true_through_its_template_only(tmp_path: Path) -> None:
    """93 by chat and 83 plain; the claim of 93 states no settings: it ends confirmed, by chat, and plain is not run."""
    with AnsweringServer({"chat": 0.93, "completion": 0.83}) as server:
        verdict, runs = verify(make_claim("93.0", STRICT, benchmark="demo_sums"), INSTRUCT, server, tmp_path)
        most = max(body["max_tokens"] for body in server.bodies)
    assert most < 1024, "no request, the preflight's included, asks for more than the context holds"
    assert (verdict.outcome, verdict.protocol) == (Outcome.confirmed, "chat")
    assert "(chat)" in verdict.headline and len(runs) == 1
    assert "instruct" in runs[0].checks["release_kind"]
    assert {line.setting: line.origin for line in verdict.compared}["prompt"] == "benchmark"


def test_false_however_it_is_asked(tmp_path: Path) -> None:
    """83 by chat and plain: flagged, with both scores."""
    with AnsweringServer({"chat": 0.83, "completion": 0.83}) as server:
        verdict, runs = verify(make_claim("93.0", STRICT, benchmark="demo_sums"), INSTRUCT, server, tmp_path)
        assert (verdict.outcome, verdict.flagged) == (Outcome.below_claim, True)
        assert [run.protocol for run in runs] == ["chat", "completion"]
        assert max(run.measurements[0].items for run in runs) < 800, "refuting takes a part of the items"
        only = VerifyOptions(backend="llama.cpp", protocol=("completion",))
        verdict, _ = verify(make_claim("93.0", STRICT, benchmark="demo_sums"), INSTRUCT, server, tmp_path, only)
    assert (verdict.outcome, verdict.flagged) == (Outcome.depends_on_protocol, False), "chat was not asked"


@pytest.mark.parametrize(
    "opening",
    [
        "<think>",
        *(pytest.param(mark, marks=pytest.mark.long) for mark in ("[THINK]", "◁think▷", "<|channel>thought\n")),
    ],
)
def test_only_true_when_it_thinks(tmp_path: Path, opening: str) -> None:
    """93 with thinking, whose marks and stop strings reach neither the score nor the server."""
    closing = {"<think>": "</think>", "[THINK]": "[/THINK]", "◁think▷": "◁/think▷"}.get(opening, "<channel|>")
    with AnsweringServer(
        {"thinking": 0.93, "chat": 0.7, "completion": 0.7}, lambda thought: f"{opening}{thought}{closing}\n"
    ) as server:
        verdict, runs = verify(make_claim("93.0", STRICT, benchmark="demo_sums"), THINKING, server, tmp_path)
        assert all("stop" not in body for body in server.bodies if body["max_tokens"] == 512)
    assert (verdict.outcome, verdict.protocol) == (Outcome.confirmed, "thinking")
    assert runs[0].signals["think_tag_share"] == 0 and runs[0].signals["reasoning_share"] == 1


SPOKEN = THINKING.model_copy(update={"switch": None, "words": ("detailed thinking on", "detailed thinking off")})


@pytest.mark.long
def test_thinking_that_a_word_of_the_system_prompt_switches(tmp_path: Path) -> None:
    """93 with the word, 70 without: the word goes out with every request, and the preflight sees that it works."""
    shares = {"thinking": 0.93, "chat": 0.7, "completion": 0.7}
    with AnsweringServer(shares, word="detailed thinking on") as server:
        verdict, runs = verify(make_claim("93.0", STRICT, benchmark="demo_sums"), SPOKEN, server, tmp_path)
        asked = {body["messages"][0]["content"] for body in server.bodies}
    assert (verdict.outcome, verdict.protocol, asked) == (Outcome.confirmed, "thinking", {"detailed thinking on"})
    assert runs[0].checks["thinking"].startswith("set apart") and runs[0].signals["reasoning_share"] == 1


@pytest.mark.long
def test_a_word_that_switches_nothing_off_is_refused(tmp_path: Path) -> None:
    claim = make_claim("93.0", STRICT.model_copy(update={"thinking": "off", "prompt": "chat"}), benchmark="demo_sums")
    with AnsweringServer({"thinking": 0.6, "chat": 0.6, "completion": 0.6}, word="detailed thinking off") as server:
        verdict, runs = verify(claim, SPOKEN, server, tmp_path)
    assert runs[0].status is RunStatus.invalid and runs[0].requests_sent == 0 and not verdict.flagged


def test_a_server_that_thinks_against_the_protocol_is_refused(tmp_path: Path) -> None:
    """Thinking off, and it thinks all the same: no item is paid for, and nobody is accused."""
    claim = make_claim("93.0", STRICT.model_copy(update={"thinking": "off", "prompt": "chat"}), benchmark="demo_sums")
    with AnsweringServer({"thinking": 0.6, "chat": 0.6, "completion": 0.6}, always=True) as server:
        verdict, runs = verify(claim, THINKING, server, tmp_path)
    assert runs[0].status is RunStatus.invalid and "thinking" in str(runs[0].reason)
    assert runs[0].requests_sent == 0 and not verdict.flagged


def test_marks_that_nobody_knows_accuse_nobody(tmp_path: Path) -> None:
    """Thinking in marks of no known family is scored with the answer, so the run is unsound."""
    with AnsweringServer(
        {"thinking": 0.6, "chat": 0.6, "completion": 0.6}, lambda thought: f"<inner_thoughts>{thought}</end>\n"
    ) as server:
        claim = make_claim("93.0", STRICT.model_copy(update={"thinking": "on"}), benchmark="demo_sums")
        verdict, _ = verify(claim, THINKING, server, tmp_path)
    assert verdict.outcome is Outcome.invalid_run and not verdict.flagged


def test_what_the_claim_states_is_run(tmp_path: Path) -> None:
    """Three shots as turns, the temperature and the penalty that the claim names, on every request."""
    stated = Settings(
        filter="strict-match", shots=3, prompt="chat", temperature=0.7, presence_penalty=1.5, repeats=1, max_tokens=300
    )
    with AnsweringServer({"chat": 0.9, "completion": 0.5}) as server:
        verdict, runs = verify(make_claim("90.0", stated, benchmark="demo_sums"), INSTRUCT, server, tmp_path)
        asked = [body for body in server.bodies if body["max_tokens"] == 300]
    assert all(len(body["messages"]) == 7 for body in asked) and asked
    assert {(body["temperature"], body["presence_penalty"], body["top_p"]) for body in asked} == {(0.7, 1.5, 1.0)}
    assert verdict.comparability is not None and verdict.comparability.value == "matched"
    assert runs[0].origins["shots"].value == "claim" and verdict.outcome is Outcome.confirmed


def test_words_that_nothing_placed_are_refused(tmp_path: Path) -> None:
    """No run is made for them."""
    for note in ("Swahili", "Humanities", "cloze"):
        claim = make_claim("90.0", Settings(notes=(note,)), benchmark="demo_sums")
        [refusal] = plan_jobs([claim], kind=INSTRUCT).refused
        assert refusal.reason == "unplaced_words" and note in refusal.text
