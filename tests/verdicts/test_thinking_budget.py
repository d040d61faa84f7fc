"""Claims made with a budget of thinking, run as a limit of the whole answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.protocols.release_kind import ReleaseKind, kind_of_files
from evaluators.records import Settings
from flows.options import VerifyOptions
from flows.verification.jobs import plan_jobs
from tests.flows.answering_server import AnsweringServer, share
from tests.flows.test_protocols import THINKING, verify
from tests.verdicts.cases import make_claim
from warehouse.claim_records import Outcome
from warehouse.claims.text.thinking_budget import thinking_budget, within_budget
from warehouse.verdicts.unplaced_words import unplaced_words

STRICT = Settings(filter="strict-match")


@pytest.mark.parametrize(
    ("note", "budget"),
    [
        ("64k thinking budget", 64_000),
        ("with a 16k-token thinking budget", 16_000),
        ("32,768 reasoning tokens", 32_768),
        ("32K thinking token budget", 32_000),
        ("thinking budget of 1.5k tokens", 1_500),
        ("thinking_budget=4096", 4_096),
        ("a large thinking budget", None),
        ("thinking budget of 0", None),
        ("8k thinking budget and 16k thinking budget", None),
        ("32k output tokens", None),
    ],
)
def test_budgets_are_read(note: str, budget: int | None) -> None:
    """Its words leave nothing unplaced where they state a size, and everything where they do not."""
    settings = Settings(notes=(note,), max_tokens=32_768)
    assert thinking_budget(settings) == budget
    assert (unplaced_words(settings) == ()) is (budget is not None or "output" in note)


def test_a_budget_limits_the_answer() -> None:
    budget = Settings(notes=("8k thinking budget",))
    assert within_budget(budget) == budget.model_copy(update={"thinking": "on", "max_tokens": 8_000})
    assert within_budget(budget.model_copy(update={"max_tokens": 4_096})).max_tokens == 4_096
    assert thinking_budget(budget.model_copy(update={"thinking": "off"})) is None
    assert unplaced_words(Settings(notes=("8k thinking budget, Swahili",))), "what stands beside it still counts"


def test_a_model_that_is_told_its_budget_is_not_run() -> None:
    """Its thinking differs from the first token; nor is one of which that is not known."""
    told = "{% if thinking_budget is defined %}You may think for {{ thinking_budget }} tokens{% endif %}<think>"
    kinds = {
        "the chat template tells": kind_of_files("lab/model-instruct", template=told),
        "no chat template": ReleaseKind(kind="unknown", thinking="unknown"),
    }
    claim = make_claim("80.0", Settings(notes=("8k thinking budget",)), benchmark="gsm8k")
    for said, kind in kinds.items():
        [refusal] = plan_jobs([claim], kind=kind, options=VerifyOptions()).refused
        assert refusal.reason == "no_protocol" and said in refusal.text
    assert not plan_jobs([claim], kind=THINKING, options=VerifyOptions()).refused


def thinker(right: float, long: float) -> AnsweringServer:
    """A server that thinks for longer than the budget of 40 tokens about a share of the sums."""

    def thinks(thought: str) -> str:
        more = " and so on" * 30 if share(thought) < long else ""
        return f"<think>{thought}{more}</think>\n"

    return AnsweringServer({"thinking": right, "chat": 0.1, "completion": 0.1}, thinks=thinks)


@pytest.mark.parametrize(
    ("right", "long", "claimed", "outcome"),
    [
        pytest.param(0.9, 0.0, "90.0", Outcome.confirmed, marks=pytest.mark.long),
        (0.75, 0.0, "90.0", Outcome.below_claim),
        (0.9, 0.2, "90.0", Outcome.invalid_run),
    ],
)
def test_only_answers_that_the_budget_does_not_touch_speak(
    right: float, long: float, claimed: str, outcome: Outcome, tmp_path: Path
) -> None:
    """True and false claims are told apart where answers end within the budget; where a fifth of them does not, the run
    says nothing of the vendor: what its server would have made of them is not known."""
    stated = STRICT.model_copy(update={"notes": ("40 thinking tokens",), "shots": 0})
    with thinker(right, long) as server:
        verdict, runs = verify(make_claim(claimed, stated, benchmark="demo_sums"), THINKING, server, tmp_path)
        assert 40 in {body["max_tokens"] for body in server.bodies}
    assert (verdict.outcome, verdict.flagged) == (outcome, outcome is Outcome.below_claim)
    assert [run.settings.thinking for run in runs] == ["on"]
    assert "thinking_budget" in [reason.code for reason in verdict.reasons]
