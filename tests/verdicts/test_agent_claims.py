"""Claims about agent benchmarks: the scaffold is a setting, and looks come by what a task costs."""

from __future__ import annotations

from statistics import mean
from typing import Any

import pytest

from evaluators.catalogue import Benchmark, benchmark, catalogue
from evaluators.protocols.agent_protocols import agent_protocols
from evaluators.records import Origin, Settings
from evaluators.stopping import InterimLook
from flows.options import RunOptions
from flows.verification.jobs import plan_jobs
from tests.verdicts.cases import NOW, make_claim, make_lock, make_measurement, make_run, shuffled
from warehouse.claim_records import Claim, Comparability, Outcome, Verdict
from warehouse.claims.text.interval import read_interval
from warehouse.verdicts import ClaimRule, combine_protocols, judge, plan_items
from warehouse.verdicts.looks import look_schedule
from warehouse.verdicts.noise import noise_expected
from warehouse.verdicts.scaffold_names import same_scaffold

KEY = ("resolved", "none")
RAN = "mini-swe-agent 2.4.6 swebench.yaml@1a2b3c4d steps 250"
DEMO = benchmark("demo_repairs")
MEDIUM = DEMO.model_copy(update={"items": 127})


def claim_of(said: str, scaffold: str | None = None) -> Claim:
    return make_claim(said, Settings(scaffold=scaffold), benchmark="demo_repairs")


def verdict_of(claim: Claim, right: int, total: int = 20, scaffold: str = RAN, **more: Any) -> Verdict:
    """The verdict from a whole run with so many solved tasks."""
    known = DEMO.model_copy(update={"items": total})
    settings = Settings(
        shots=0, prompt="chat", repeats=1, subset="", metric="resolved", filter="none", tools="bash", scaffold=scaffold,
        quantization="bf16", max_tokens=more.pop("max_tokens", None),
    )  # fmt: skip
    run = make_run(
        settings, benchmark="demo_repairs", evaluator="outside", evaluator_version="mini-swe-agent 2.4.6", **more
    )
    names = {"benchmark": "demo_repairs", "metric": "resolved", "filter": "none"}
    measurement = make_measurement(shuffled(right, total, 3), total, **names)
    return judge(claim, make_lock(claim, known), run, measurement, now=NOW, benchmark=known)


def test_a_true_claim_is_confirmed_and_the_scaffold_is_shown() -> None:
    verdict = verdict_of(claim_of("60.0"), 12)
    assert verdict.outcome is Outcome.confirmed
    assert verdict.comparability is Comparability.assumed
    line = next(line for line in verdict.compared if line.setting == "scaffold")
    assert (line.claimed, line.measured, line.relation) == (None, RAN, "assumed")
    stated = verdict_of(claim_of("60.0", "mini-SWE-agent v2"), 12)
    assert next(line.relation for line in stated.compared if line.setting == "scaffold") == "equal"


@pytest.mark.parametrize("stated", [None, "mini-swe-agent", "mini-swe-agent 2.4.6"])
def test_a_limit_that_the_user_set_is_no_failure_of_the_model(stated: str | None) -> None:
    """With --turns 20 or --max-tokens 200 tasks end early: not what the claim is about, unless it says so itself."""
    few, claim = RAN.replace("steps 250", "steps 20 of 250"), claim_of("100.0", stated)
    short: dict[str, Any] = {"max_tokens": 200, "origins": {"max_tokens": Origin.user}}
    for verdict in (verdict_of(claim, 64, 127, few), verdict_of(claim, 64, 127, **short)):
        assert (verdict.outcome, verdict.flagged) == (Outcome.not_tested, False), verdict.headline
    assert verdict_of(claim_of("100.0", "mini-swe-agent steps 20"), 64, 127, few).outcome is Outcome.below_claim
    assert verdict_of(claim, 64, 127).outcome is Outcome.below_claim, "the control"


def test_a_vendors_own_scaffold_is_never_flagged() -> None:
    for scaffold in ("OpenHands", "in-house scaffold", "mini-swe-agent 1.0", "Claude Code"):
        verdict = verdict_of(claim_of("100.0", scaffold), 12)
        assert (verdict.outcome, verdict.flagged) == (Outcome.not_tested, False), scaffold
        assert verdict.comparability is Comparability.differs


def test_a_lie_beyond_run_noise_is_found_and_one_within_is_not_accused() -> None:
    found = verdict_of(claim_of("100.0", "mini-swe-agent 2.4.6"), 12)
    assert (found.outcome, found.flagged) == (Outcome.below_claim, True)
    close = verdict_of(claim_of("80.0", "mini-swe-agent 2.4.6"), 12)
    assert (close.outcome, close.flagged) == (Outcome.inconclusive, False)
    large = verdict_of(claim_of("80.0", "mini-swe-agent 2.4.6"), 300, 500)
    assert (large.outcome, large.flagged) == (Outcome.below_claim, True)


def test_a_claim_without_a_scaffold_is_never_refuted_unless_the_benchmark_has_one() -> None:
    other = DEMO.model_copy(update={"protocol": Settings(prompt="chat", repeats=1)})
    open_one = agent_protocols(other, Settings())
    assert open_one.missing == ("other agent scaffolds: the claim names none",)
    claim = claim_of("100.0")
    verdict = verdict_of(claim, 12)
    combined = combine_protocols(
        claim, open_one.protocols, [(open_one.protocols[0], verdict)], open_one.missing, now=NOW
    )
    assert (combined.outcome, combined.flagged) == (Outcome.depends_on_protocol, False)
    assert agent_protocols(other, Settings(scaffold="mini-swe-agent")).missing == ()
    assert agent_protocols(DEMO, Settings()).missing == ()
    said = agent_protocols(DEMO, Settings(temperature=0.7), Settings(temperature=0.1, max_tokens=99)).protocols[0]
    assert (said.settings.temperature, said.settings.max_tokens) == (0.7, 99)


def test_a_claim_with_another_scaffold_is_no_reason_for_a_run() -> None:
    ours, theirs = claim_of("60.0"), claim_of("90.0", "OpenHands").model_copy(update={"claim_id": "fedcba9876543210"})
    alone = plan_jobs([theirs], options=RunOptions())
    assert [(refusal.reason, "OpenHands" in refusal.text) for refusal in alone.refused] == [("tools_missing", True)]
    both = plan_jobs([ours, theirs], options=RunOptions())
    assert [len(job.claims) for job in both.jobs] == [2]
    assert both.refused == ()


@pytest.mark.parametrize(
    ("stated", "same"),
    [
        ("mini-swe-agent", True),
        ("mini-SWE-agent v2", True),
        ("Mini SWE Agent 2.4.6", True),
        ("mini-swe-agent 2.4.6 swebench.yaml@1a2b3c4d steps 250", True),
        ("mini-swe-agent 2.5.0", False),
        ("mini-swe-agent with bash and editor", False),
        ("SWE-agent", False),
        ("OpenHands", False),
        ("", False),
    ],
)
def test_words_for_a_scaffold(stated: str, same: bool) -> None:
    assert same_scaffold(stated, RAN) is same


@pytest.mark.parametrize("known", [one for one in catalogue().values() if one.harness], ids=lambda one: one.name)
def test_margins_come_by_size_and_looks_by_cost(known: Benchmark) -> None:
    """One run of few tasks means less: a margin below its noise would leave every claim undecided."""
    assert known.items and known.margin_reason
    if known.items <= 150:
        assert known.margin == 0.05
    elif known.items >= 500:
        assert known.margin == 0.03
    else:
        assert 0.03 <= known.margin <= 0.05
    assert known.minimum and known.every, "stated in the entry"
    assert known.minimum >= 30


def test_dear_tasks_are_looked_at_sooner() -> None:
    assert (look_schedule("demo_repairs").every, look_schedule("demo_repairs").minimum) == (5, 30)
    assert (look_schedule("gsm8k").every, look_schedule("gsm8k").minimum) == (32, 100)
    assert look_schedule("unknown").minimum == 100
    stated = DEMO.model_copy(update={"every": 10, "minimum": 40})
    assert (look_schedule(stated).every, look_schedule(stated).minimum) == (10, 40)


def test_a_lie_of_twenty_points_takes_half_of_127_tasks() -> None:
    """The plan: by the schedule alone from all of them to 56; with the run noise that must be assumed, to fewer than
    all."""
    interval = read_interval("37.0", "fraction")
    assert interval is not None
    level = make_lock(claim_of("37.0"), MEDIUM).level

    def expected(every: int, minimum: int, noise: float) -> int:
        plan = plan_items(
            interval, 127, 0.05, level, budget=1, noise=noise, gaps=(0.189,), every=every, minimum=minimum
        )
        assert plan.prospects[0].right > 0.99
        return plan.prospects[0].items

    noise = noise_expected(MEDIUM, interval, Settings(), margin=0.05, relative=False, items=127, level=level).width
    assert 0.06 < noise < 0.10
    assert expected(32, 100, 0.0) == expected(32, 100, noise) == 127
    assert 50 <= expected(5, 30, 0.0) <= 62
    assert expected(5, 30, noise) < 115


def test_the_rule_stops_such_a_lie_before_the_last_task() -> None:
    """The rule that a run is given, over many orders: 23 of 127 solved, 37.0 claimed."""
    claim = claim_of("37.0", "mini-swe-agent")
    criterion = make_lock(claim, MEDIUM)

    def tasks(rule: ClaimRule, seed: int) -> int:
        values = shuffled(23, 127, seed)
        return next((seen for seen in range(1, 127) if rule.stop(InterimLook(seen, 127, {KEY: values[:seen]}))), 127)

    without = criterion.model_copy(update={"noise": 0.0})
    assert 50 <= mean(tasks(ClaimRule([without]), seed) for seed in range(30)) <= 64
    assert mean(tasks(ClaimRule([criterion]), seed) for seed in range(30)) < 120
    assert mean(tasks(ClaimRule([without], minimum=100, every=32), seed) for seed in range(5)) >= 100
