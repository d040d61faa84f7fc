"""Claims about a pair: what was said, the verdict on stored item results, and how often it is wrong."""

from __future__ import annotations

import random
from typing import Any

import pytest

from evaluators.records import RunStatus, UserError
from flows.verification.pairs.pair_run import pair_run
from tests.harness.fakes import ARTIFACT
from tests.verdicts.cases import AS_RUN, NOW, STATED, SUMS, make_claim, make_lock, make_measurement, make_run
from warehouse.claim_records import Claim, Outcome, Verdict
from warehouse.claims.text.pair_words import FULL_PRECISION, read_pair, recovery_interval
from warehouse.verdicts import judge

QUIET = SUMS.model_copy(update={"output": "multiple_choice"})
"""Without run noise."""
Q4 = STATED.model_copy(update={"quantization": "Q4_K_M", "denominator": "BF16"})


def claim_of(said: str, **stated: Any) -> Claim:
    pair = read_pair(said)
    assert pair is not None
    made = make_claim("50", Q4.model_copy(update=stated))
    return made.model_copy(update={"said": said, "interval": pair.interval})


def items(lost: int, won: int, total: int, seed: int = 1, right: float = 0.8) -> tuple[list[float], list[float]]:
    """Scores of an artifact and of its reference on all items, in a random order."""
    same = total - lost - won
    both = round(right * same)
    rows = [(0.0, 1.0)] * lost + [(1.0, 0.0)] * won + [(1.0, 1.0)] * both + [(0.0, 0.0)] * (same - both)
    random.Random(seed).shuffle(rows)
    return [x for x, _ in rows], [y for _, y in rows]


def judged(claim: Claim, first: list[float], second: list[float], of: int, **more: Any) -> Verdict:
    """The verdict on a claim from two stored runs. `more`: fields of the second run's settings; `counts`: of the first
    one's affected answers; `signals`: of the first run."""
    benchmark = more.pop("benchmark", QUIET)
    counts, signals = more.pop("counts", {}), more.pop("signals", {})
    runs = []
    for name, values in (("Q4_K_M", first), ("BF16", second)):
        settings = AS_RUN.model_copy(update={"quantization": name, **(more if name == "BF16" else {})})
        artifact = ARTIFACT.model_copy(update={"quantization": name})
        mine = name == "Q4_K_M"
        found = make_measurement(values, of, **(counts if mine else {}))
        more_of = {"signals": signals} if mine else {}
        runs.append(
            make_run(settings, run_id=name, artifact=artifact, measurements=(found,), task_version="1", **more_of)
        )
    run = pair_run(runs[0], runs[1], "BF16", {})
    lock = make_lock(claim, benchmark)
    return judge(claim, lock, run, run.measurements[0], now=NOW, benchmark=benchmark)


@pytest.mark.parametrize(
    ("said", "unit", "low", "reference"),
    [
        ("within 1 point of BF16", "difference", -0.01, "BF16"),
        ("within 1% of the BF16 baseline", "difference", -0.01, "BF16"),
        ("retains 99.1 % of the BF16 accuracy", "recovery", 0.9905, "BF16"),
        ("degradation of less than 0.5 %", "difference", -0.005, None),
        ("recovery 99.3 %", "recovery", 0.9925, None),
        ("recovers over 99% of the unquantized model's performance", "recovery", 0.99, FULL_PRECISION),
        ("loses at most 1 point against Q8_0", "difference", -0.01, "Q8_0"),
        ("accuracy loss of 0.4 points compared to org/Odd-8B", "difference", -0.0045, "org/Odd-8B"),
    ],
)
def test_what_is_said_of_a_pair(said: str, unit: str, low: float, reference: str | None) -> None:
    pair = read_pair(said)
    assert pair is not None
    assert (pair.interval.unit, pair.interval.high, pair.reference) == (unit, None, reference)
    assert pair.interval.low == pytest.approx(low)


def test_numbers_and_other_models_are_no_pairs() -> None:
    for said in ("85.2", "~77%", "60-100", "99.1%", "at least 85", "95% of the questions"):
        assert read_pair(said) is None
    for said in ("within 1 point of GPT-4", "within 2 points of the best model"):
        with pytest.raises(UserError, match="neither weights"):
            read_pair(said)
    with pytest.raises(UserError):
        recovery_interval("98.3 / 97.1")


def test_half_a_point_within_one_holds_and_six_do_not() -> None:
    claim = claim_of("within 1 point of BF16")
    honest = judged(claim, *items(20, 12, 1600), 1600)
    assert (honest.outcome, honest.flagged) == (Outcome.confirmed, False)
    named = {line.setting: line.claimed for line in honest.compared}
    assert named["reference"] == "BF16" and "denominator" not in named
    assert honest.score == pytest.approx(-0.005) and "79.1% of Q4_K_M against 79.6% of BF16" in honest.headline
    first, second = items(120, 24, 1600)
    lie = judged(claim, first[:800], second[:800], 1600)
    assert (lie.outcome, lie.flagged) == (Outcome.below_claim, True)
    assert lie.low is not None and lie.high is not None and lie.low < -0.06 < lie.high < -0.02
    assert lie.strength is not None and lie.strength > 3


def test_a_share_that_is_kept() -> None:
    first, second = items(22, 12, 1600)  # 98.9 % of 56 % of the items
    kept = judged(claim_of("recovery 99.3%"), first, second, 1600)
    assert kept.outcome is Outcome.confirmed
    assert kept.low == kept.high == kept.score == pytest.approx(sum(first) / sum(second))
    first, second = items(140, 24, 1600)
    lost = judged(claim_of("recovery 99.3%"), first[:1200], second[:1200], 1600)
    assert (lost.outcome, lost.flagged) == (Outcome.below_claim, True)
    assert lost.low is not None and lost.high is not None and lost.low < sum(first) / sum(second) < lost.high < 0.99


def test_sides_that_were_asked_differently_accuse_nobody() -> None:
    claim, (first, second) = claim_of("within 1 point of BF16"), items(200, 10, 1600)
    verdict = judged(claim, first, second, 1600, shots=5)
    assert (verdict.outcome, verdict.flagged) == (Outcome.invalid_run, False)
    assert "shots differ" in verdict.headline


def test_another_quantization_than_the_claimed_is_not_tested() -> None:
    verdict = judged(claim_of("within 1 point of BF16", quantization="Q8_0"), *items(200, 10, 1600), 1600)
    assert (verdict.outcome, verdict.flagged) == (Outcome.not_tested, False)


def test_run_noise_of_both_is_allowed_for() -> None:
    """A loss of 3.5 points where 10 % of the answers may flip on either side contradicts "within 1 point" no more."""
    claim, (first, second) = claim_of("within 1 point of BF16"), items(66, 10, 1600)
    assert judged(claim, first, second, 1600).outcome is Outcome.below_claim
    noisy = judged(claim, first, second, 1600, benchmark=SUMS)
    assert noisy.outcome is Outcome.inconclusive and not noisy.flagged
    assert any(reason.code == "run_noise" for reason in noisy.reasons)


def test_what_failed_counts_against_every_answer() -> None:
    first, second = items(40, 10, 1600)
    gaps: list[Any] = [None if place % 60 == 0 else value for place, value in enumerate(first)]
    verdict = judged(claim_of("within 1 point of BF16"), gaps[:800], second[:800], 1600)
    assert verdict.outcome is Outcome.inconclusive


@pytest.mark.parametrize(
    "more",
    [
        {"counts": {"unextracted": 110}},
        {"counts": {"truncated": 30, "timed_out": 80}},
        {"signals": {"respelled_share:exact_match,strict-match": 0.07}},
    ],
)
def test_a_loss_that_is_gone_with_the_affected_answers_accuses_nobody(more: dict[str, Any]) -> None:
    claim, (first, second) = claim_of("within 1 point of BF16"), items(120, 24, 1600)
    assert judged(claim, first, second, 1600).flagged
    verdict = judged(claim, first, second, 1600, **more)
    assert (verdict.outcome, verdict.reasons[0].code) == (Outcome.inconclusive, "within_bounds")
    first, second = items(400, 24, 1600)
    assert judged(claim, first, second, 1600, **more).flagged, "what is left of a lie of 24 points is one"


def test_weights_that_have_collapsed_may_be_served_wrongly() -> None:
    claim, (first, second) = claim_of("within 1 point of BF16"), items(1100, 0, 1600, right=0.2)
    verdict = judged(claim, first, second, 1600)
    assert (verdict.outcome, verdict.reasons[0].code) == (Outcome.inconclusive, "near_collapse")


def test_who_recovers_more_than_all_is_held_to_all() -> None:
    claim = claim_of("recovery 103.4%")
    assert judged(claim, *items(20, 20, 1600), 1600).outcome is Outcome.confirmed
    assert judged(claim, *items(140, 24, 1600), 1600).flagged


def test_old_records_still_load() -> None:
    record = make_run(measurements=(make_measurement([1.0, 0.0]),)).model_dump(mode="json")
    del record["measurements"][0]["reference_values"]
    run = type(make_run()).model_validate(record)
    assert run.measurements[0].reference_values == () and run.status is RunStatus.finished


@pytest.mark.long
@pytest.mark.parametrize("said", ["within 1 point of BF16", "retains at least 98% of BF16"])
def test_at_the_edge_it_is_wrong_at_most_five_times_in_a_hundred(said: str) -> None:
    """Looks after 200, 400, 800 and 1600 items, at the last honest and at the first false difference."""
    claim, total = claim_of(said), 1600
    for honest, wrong in ((True, Outcome.below_claim), (False, Outcome.confirmed)):
        found = 0
        for seed in range(200):
            won = 40
            second_right = round(0.8 * (total - 2 * won)) + won
            allowed = 32 if "point" in said else round(0.02 * second_right) + 16
            first, second = items(won + allowed + (0 if honest else 2), won, total, seed)
            found += any(judged(claim, first[:n], second[:n], total).outcome is wrong for n in (200, 400, 800))
        assert found <= 18, (honest, found)  # 5 % of 200 and three standard errors
