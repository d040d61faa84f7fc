"""Locks, plans, boards, the stopping rule, specification and speed claims, and verdicts without a run."""

from __future__ import annotations

import random
import subprocess
import sys
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.catalogue import Benchmark, Score
from evaluators.records import Measurement, RunStatus, Settings, UserError
from evaluators.stopping import InterimLook
from tests.verdicts.cases import (
    NOW,
    STATED,
    SUMS,
    make_claim,
    make_lock,
    make_measurement,
    make_run,
    shuffled,
    stop_at,
    verify,
)
from warehouse.claim_records import Comparability, Outcome, Verdict
from warehouse.claims.text.interval import read_interval
from warehouse.verdicts import ClaimRule, could_not_run, criterion_hash, discoveries, judge, plan_items, unverified
from warehouse.verdicts.statistics.control_variate import forecast, forecast_hash
from warehouse.verdicts.statistics.false_discovery import e_bh
from warehouse.verdicts.statistics.median import median_interval
from warehouse.verdicts.statistics.run_noise import within_of_means

KEY = ("exact_match", "strict-match")
SPEED = Benchmark(
    name="output_speed",
    title="Output speed",
    evaluator="speed",
    scores=(Score(metric="value"),),
    unit="tok/s",
    margin=0.1,
    decides=("hardware", "quantization", "backend"),
)
ON = Settings(hardware="RTX 4090", quantization="F16", backend="llama.cpp")


def specification(unit: str) -> Benchmark:
    return Benchmark(name="spec", title="Spec", evaluator="specification", scores=(Score(metric="value"),), unit=unit)


def test_changing_the_bar_makes_a_new_lock() -> None:
    claim = make_claim("80.0")
    first, again = make_lock(claim), make_lock(claim)
    assert first == again and first.criterion_id == criterion_hash(first)
    others = [
        make_lock(claim, margin=0.03),
        make_lock(claim, alpha=0.01),
        make_lock(claim, order_seed=2),
        make_lock(claim, items=800),
        make_lock(make_claim("80.1")),
        make_lock(make_claim("80.0", STATED.model_copy(update={"filter": "flexible"}))),
    ]
    assert len({first.criterion_id, *(criterion.criterion_id for criterion in others)}) == len(others) + 1
    assert others[-1].filter == "flexible-extract"


def test_a_claim_without_a_number_cannot_be_locked() -> None:
    with pytest.raises(UserError, match="states no number"):
        make_lock(make_claim("80.0").model_copy(update={"interval": None}))
    with pytest.raises(UserError, match="no score"):
        make_lock(make_claim("80.0", Settings(metric="bleu")))


def test_one_run_serves_several_claims() -> None:
    values = shuffled(1280, 1600, 1)
    hard, easy = (make_lock(make_claim(said).model_copy(update={"claim_id": said})) for said in ("80.0", "95.0"))
    both, alone = stop_at(ClaimRule([hard, easy]), values), stop_at(ClaimRule([easy]), values)
    assert alone < both == stop_at(ClaimRule([hard]), values)
    assert stop_at(ClaimRule([hard, easy], non_deciding=["80.0"]), values) == alone
    assert stop_at(ClaimRule([hard], budget=0.25), values) == 416
    assert not ClaimRule([easy]).stop(InterimLook(96, 1600, {KEY: values[:96]}))
    assert not ClaimRule([easy]).stop(InterimLook(800, 1600, {}))


def test_predictions_are_frozen_with_the_lock() -> None:
    generator = random.Random(2)
    values = shuffled(1280, 1600, 5)
    others = [[value if generator.random() < 0.85 else 1.0 - (value or 0.0) for value in values] for _ in range(4)]
    predictions = forecast(others)
    claim = make_claim("85.5")
    plain, helped = make_lock(claim), make_lock(claim, predictions=predictions)
    assert plain.criterion_id != helped.criterion_id
    with_help = ClaimRule([helped], predictions={forecast_hash(predictions): predictions})
    assert stop_at(with_help, values) < stop_at(ClaimRule([plain]), values)
    with pytest.raises(UserError, match="verify the claim again"):
        ClaimRule([helped], predictions={forecast_hash(predictions): predictions[::-1]}).stop(
            InterimLook(320, 1600, {KEY: values[:320]})
        )


def test_repeats_show_their_own_noise() -> None:
    assert within_of_means([0.5, 1.0, 0.0, 0.5], 2) == pytest.approx(0.25)
    assert within_of_means([0.3, 1.0], 2) is None and within_of_means([0.0, 1.0], 1) is None


def test_a_score_outside_its_range_never_stops_a_run() -> None:
    assert not ClaimRule([make_lock(make_claim("80.0"))]).stop(InterimLook(800, 1600, {KEY: [12.5] * 800}))


def test_plan_is_exact_and_says_what_cannot_be_decided() -> None:
    interval = read_interval("80.0", "fraction")
    found = plan_items(interval, 1600, 0.02)
    items = [prospect.items for prospect in found.prospects]
    assert [prospect.gap for prospect in found.prospects] == [0.0, 0.03, 0.05, 0.10]
    assert items[0] > items[3] and items[2] > items[3]
    assert all(prospect.right > 0.95 for prospect in found.prospects) and not found.sentences
    runs = [stop_at(ClaimRule([make_lock(make_claim("80.0"))]), shuffled(1280, 1600, seed)) for seed in range(40)]
    assert sum(runs) / len(runs) == pytest.approx(items[0], rel=0.1)
    capped = plan_items(interval, 1600, 0.02, budget=0.2)
    assert any("will probably not decide" in text for text in capped.sentences)
    assert all(prospect.items <= 320 for prospect in capped.prospects)
    sampled = plan_items(interval, 127, 0.02, noise=0.0726, claimed_repeats=64, gaps=(0.0, 0.08, 0.12))
    assert sampled.sentences == ("127 items cannot refute a gap of 8 points; 2 repeats would",)
    alone = plan_items(interval, 127, 0.03, noise=0.1, gaps=(0.05,))
    assert "the claimant's single run may be that far off itself" in alone.sentences[0]


@given(st.lists(st.floats(-5, 12), max_size=30))
def test_the_board_only_ever_keeps_the_strongest(values: list[float]) -> None:
    kept = e_bh(values)
    assert all(values[index] >= log(1 / 0.05) for index in kept)
    left = [value for index, value in enumerate(values) if index not in kept]
    assert not kept or not left or min(values[index] for index in kept) >= max(left)


def test_one_weak_flag_among_many_claims_does_not_stand() -> None:
    inflated = verify(make_claim("92.0"), shuffled(1280, 1600, 3))
    true = verify(make_claim("80.0"), shuffled(1280, 1600, 4))
    assert discoveries([inflated]) in ([inflated], [])
    weak = inflated.model_copy(update={"strength": log(41)})
    strong = inflated.model_copy(update={"strength": log(1e6)})
    assert discoveries([weak, *[true] * 40]) == []
    assert discoveries([strong, *[true] * 40]) == [strong]


def judge_value(said: str, unit: str, /, **measured: object) -> Verdict:
    claim, known = make_claim(said, Settings(), unit, "spec"), specification(unit)
    fields = {"benchmark": "spec", "metric": "value", "score": None, "unit": unit, "items": 1, "of": 1}
    measurement = Measurement.model_validate(fields | measured)
    run = make_run(Settings(), benchmark="spec", evaluator="specification", server=None)
    return judge(claim, make_lock(claim, known), run, measurement, now=NOW, benchmark=known)


def test_specification_claims() -> None:
    assert judge_value("35B", "parameters", score=34.66e9).outcome is Outcome.confirmed
    assert judge_value("35B", "parameters", score=30.5e9).outcome is Outcome.below_claim
    assert judge_value("35B", "parameters", score=36.2e9, low=34.9e9, high=36.2e9).outcome is Outcome.confirmed
    assert judge_value("262K", "tokens", score=262144).outcome is Outcome.confirmed
    overstated = judge_value("8K", "tokens", score=2048)
    assert overstated.outcome is Outcome.below_claim and overstated.flagged and "2,048" in overstated.headline
    apache = {"value": "Apache-2.0", "names": "apache-2.0; apache 2; open source"}
    assert judge_value("Apache 2.0", "licence", evidence=apache).outcome is Outcome.confirmed
    llama = {"value": "LicenseRef-llama3", "names": "llama 3 community license; community"}
    assert judge_value("Apache 2.0", "licence", evidence=llama).outcome is Outcome.below_claim
    for vague in ("Open", "Community", "our own licence v3"):
        assert judge_value(vague, "licence", evidence=apache).outcome is Outcome.inconclusive
    for said, value in (
        ("MIT", "LicenseRef-modified-mit"), ("Llama 3", "LicenseRef-llama3.1"), ("MIT", "LicenseRef-acme-labs"),
        ("Qwen License", "LicenseRef-qwen-research"),
    ):  # fmt: skip
        assert judge_value(said, "licence", evidence={"value": value}).outcome is Outcome.inconclusive
    for said, value in (
        ("GPL-3.0", "AGPL-3.0-only"),
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"),
        ("MIT", "LicenseRef-deepseek"),
    ):
        assert judge_value(said, "licence", evidence={"value": value}).outcome is Outcome.below_claim
    two = {
        "value": "LicenseRef-qwen-research",
        "names": "qwen-research",
        "elsewhere": "MIT",
        "conflict": "card and file",
    }
    assert judge_value("MIT", "licence", evidence=two).reasons[0].code == "files_disagree"
    assert judge_value("Apache 2.0", "licence", evidence=two).outcome is Outcome.below_claim
    assert judge_value("8K", "tokens").outcome is Outcome.inconclusive
    assert judge_value("24 GB", "text", unit="bytes", score=21e9).outcome is Outcome.confirmed
    assert judge_value("16 GB", "text", unit="bytes", score=21e9).outcome is Outcome.below_claim


def judge_speed(said: str, runs: list[float], ran: Settings = ON, **more: object) -> Verdict:
    claim = make_claim(said, ON, "tok/s", "output_speed")
    fields = {
        "benchmark": "output_speed",
        "metric": "value",
        "score": 1.0,
        "unit": "tok/s",
        "items": len(runs),
        "of": len(runs),
        "values": runs,
    }
    measurement = Measurement.model_validate(fields | more)
    run = make_run(ran, benchmark="output_speed", evaluator="speed")
    return judge(claim, make_lock(claim, SPEED), run, measurement, now=NOW, benchmark=SPEED)


def test_speed_claims() -> None:
    steady = [100.0, 101, 99, 100.5, 99.5, 100.2, 98.9]
    assert judge_speed("100 tok/s", steady).outcome is Outcome.confirmed
    assert judge_speed("60-105 tok/s", steady).outcome is Outcome.confirmed
    slow = judge_speed("100 tok/s", [value * 0.8 for value in steady])
    assert slow.outcome is Outcome.below_claim and slow.flagged and slow.confidence == pytest.approx(1 - 2 / 128)
    assert judge_speed("100 tok/s", steady[:5]).reasons[0].code == "few_runs"
    assert judge_speed("100 tok/s", [100, 100, 100, 90, 80, 80, 80]).reasons[0].code == "unstable"
    assert judge_speed("100 tok/s", steady, failed=1).outcome is Outcome.invalid_run
    elsewhere = judge_speed("100 tok/s", [value / 5 for value in steady], ON.model_copy(update={"hardware": "CPU"}))
    assert elsewhere.outcome is Outcome.not_tested and elsewhere.comparability is Comparability.differs
    assert not elsewhere.flagged


def test_order_statistics_cover_the_median() -> None:
    generator = random.Random(1)
    for size in (7, 10, 20):
        hits = 0
        for _ in range(800):
            found = median_interval([generator.lognormvariate(0, 0.3) for _ in range(size)])
            hits += found.low <= 1 <= found.high
            assert found.confidence >= 0.95
        assert hits >= 0.93 * 800


def test_without_a_run() -> None:
    claim = make_claim("80.0")
    assert could_not_run(claim, "memory", now=NOW).outcome is Outcome.could_not_run
    assert unverified(claim, now=NOW).outcome is Outcome.unverified
    with pytest.raises(UserError, match="no reason"):
        could_not_run(claim, "no idea", now=NOW)


def test_a_server_that_failed_is_no_unsound_run_and_is_asked_again_another_time() -> None:
    claim, values = make_claim("99.0"), [0.0] * 800
    stalled = make_run(status=RunStatus.invalid, reason="it answered none of the last 12", server_failed=True)
    for measurement in (None, make_measurement(values)):
        verdict = judge(claim, make_lock(claim), stalled, measurement, now=NOW)
        assert (verdict.outcome, verdict.flagged, verdict.score) == (Outcome.could_not_run, False, None)
        assert [(reason.code, reason.text) for reason in verdict.reasons] == [("server_failed", str(stalled.reason))]
        assert verdict.criterion_id is None, "no verdict against a criterion, which would settle the claim"


def test_reading_commands_stay_fast() -> None:
    script = (
        "import sys; import warehouse.verdicts, warehouse.verdicts.judge_scores, warehouse.verdicts.early_stopping;"
        "assert not {'numpy', 'scipy', 'prefect', 'duckdb', 'lm_eval'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_public_names_are_functions_whatever_was_imported_first() -> None:
    script = (
        "import warehouse.verdicts.judge_scores, warehouse.verdicts.statistics.sample_size;"
        "import warehouse.verdicts.criterion;"
        "from warehouse.verdicts import judge, plan_items, make_criterion, discoveries;"
        "assert all(map(callable, (judge, plan_items, make_criterion, discoveries)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_claim_that_the_items_left_cannot_save_stands_among_many() -> None:
    choice = SUMS.model_copy(update={"output": "multiple_choice"})
    claim = make_claim("92.0")
    criterion = make_lock(claim, choice)
    measurement = make_measurement(shuffled(1100, 1600, 3)[:1500])
    verdict = judge(claim, criterion, make_run(), measurement, now=NOW, benchmark=choice)
    true = verify(make_claim("80.0"), shuffled(1280, 1600, 4))
    assert verdict.flagged and discoveries([verdict, *[true] * 40]) == [verdict]
