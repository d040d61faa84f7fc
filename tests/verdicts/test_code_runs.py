"""Verdicts on runs of generated code: timeouts are bounds, windows decide comparability, no sandbox shows in a row."""

from typing import Any

import pytest

from evaluators.catalogue import Benchmark
from evaluators.records import Settings
from tests.verdicts.cases import AS_RUN, NOW, STATED, SUMS, make_claim, make_lock, make_measurement, make_run, shuffled
from warehouse.claim_records import Comparability, Outcome, Verdict
from warehouse.verdicts import judge

DATED = SUMS.model_copy(update={"windowed": True})
WINDOW = "2024-08..2025-05"


def judged(
    said: str, *, benchmark: Benchmark = SUMS, stated: Settings = STATED, run: Settings = AS_RUN, **counts: Any
) -> Verdict:
    """1,200 of 1,600 items right."""
    claim = make_claim(said, stated)
    measurement = make_measurement(shuffled(1200, 1600, 7), **counts)
    return judge(claim, make_lock(claim, benchmark), make_run(run), measurement, now=NOW, benchmark=benchmark)


@pytest.mark.parametrize(
    ("said", "timed_out", "flagged"),
    [("92.0", 0, True), ("92.0", 60, True), ("92.0", 272, False), ("92.0", 400, False), ("78.0", 30, False)],
)
def test_a_run_whose_bounds_straddle_is_not_flagged(said: str, timed_out: int, flagged: bool) -> None:
    """Bounds as the engine gives them, and as the judge makes them from the counts of an older row."""
    stated = {"low": 0.75, "high": 0.75 + timed_out / 1600}
    for bounds in (stated, {}):
        verdict = judged(said, timed_out=timed_out, **bounds)
        assert verdict.flagged == flagged
        assert verdict.outcome is (Outcome.below_claim if flagged else Outcome.inconclusive)
        assert flagged or any(reason.code == "bounds" for reason in verdict.reasons)


def test_a_claim_without_a_window_is_never_flagged() -> None:
    window = STATED.model_copy(update={"subset": WINDOW})
    ran = AS_RUN.model_copy(update={"subset": WINDOW})
    for settings in (AS_RUN, ran):
        without = judged("92.0", benchmark=DATED, stated=STATED.model_copy(update={"subset": None}), run=settings)
        assert without.comparability is Comparability.differs
        assert not without.flagged
    other = judged("92.0", benchmark=DATED, stated=window.model_copy(update={"subset": "2024-01..2024-06"}), run=ran)
    assert not other.flagged
    same = judged("92.0", benchmark=DATED, stated=window, run=ran)
    assert same.comparability is Comparability.matched
    assert same.flagged


def test_a_run_without_a_sandbox_says_so_in_every_row() -> None:
    for said in ("92.0", "75.0"):
        verdict = judged(said, run=AS_RUN.model_copy(update={"sandbox": "none"}))
        assert any("sandbox (none)" in reason.text for reason in verdict.reasons)
        kept_in = judged(said, run=AS_RUN.model_copy(update={"sandbox": "bwrap"}))
        assert not any("sandbox" in reason.text for reason in kept_in.reasons)
        assert verdict.outcome is kept_in.outcome
