"""Published scores beside measured ones through the real judge: honest differences accuse nobody, lies are found."""

from __future__ import annotations

import random

import pytest

from evaluators.catalogue import benchmark
from evaluators.records import Settings
from tests.benchmarks.truth import judged, lie
from tests.benchmarks.truth_cases import BROKEN, SIZES, USUAL, Case, honest_cases
from tests.verdicts.cases import NOW, make_claim, make_measurement, make_run, shuffled
from warehouse.claim_records import Outcome
from warehouse.verdicts import judge, make_criterion

WIDEST = f"{max(USUAL):g} points"


@pytest.mark.parametrize("case", [case for case in honest_cases() if "points" not in case.source], ids=str)
def test_a_published_reproduction_is_not_flagged(case: Case) -> None:
    verdict = judged(case, 1)
    assert verdict.outcome in (Outcome.confirmed, Outcome.inconclusive), verdict.headline


@pytest.mark.parametrize("case", [case for case in honest_cases() if case.source.endswith(WIDEST)], ids=str)
def test_what_a_card_leaves_unsaid_is_no_lie(case: Case) -> None:
    """Nearly four points, on any size of benchmark, with a fully stated protocol."""
    assert judged(case, 1).outcome is Outcome.inconclusive


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_a_broken_set_up_is_named(case: Case) -> None:
    verdict = judged(case, 1)
    assert not verdict.flagged and verdict.outcome in (Outcome.invalid_run, Outcome.inconclusive)


@pytest.mark.parametrize("name", [name for name, items, _ in SIZES if 1000 < items < 2000])
def test_a_lie_of_seven_points_is_flagged(name: str) -> None:
    verdict = lie(7, 0.7, 0.02, random.Random(1), name, benchmark(name).items or 0)
    assert verdict.outcome is Outcome.below_claim and verdict.flagged


@pytest.mark.parametrize(("harness", "flagged"), [("lm-eval 0.4.13", True), (None, False)])
def test_who_names_the_harness_is_held_to_it(harness: str | None, flagged: bool) -> None:
    """Three points on MMLU, by likelihoods: only where wording and reading are those of the run."""
    known = benchmark("mmlu")
    items = known.items or 0
    stated = known.protocol.model_copy(update={"metric": "acc", "harness": harness})
    claim = make_claim("65.0", stated, benchmark="mmlu")
    criterion = make_criterion(claim, known, order_seed=1, now=NOW)
    values = shuffled(round(0.62 * items), items, 1)
    measurement = make_measurement(values, items, benchmark="mmlu", metric="acc", filter="none")
    ran = Settings(**{**known.protocol.model_dump(), "metric": "acc", "filter": "none"})
    verdict = judge(claim, criterion, make_run(ran, benchmark="mmlu"), measurement, now=NOW, benchmark=known)
    assert verdict.flagged is flagged
    if not flagged:
        assert verdict.reasons[0].code == "unsaid" and "wording" in verdict.reasons[0].text
