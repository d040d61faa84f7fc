"""What vendors say of their measuring takes no way of asking away."""

from __future__ import annotations

import pytest

from evaluators.catalogue import benchmark
from evaluators.protocols.plausible_protocols import plausible_protocols
from evaluators.protocols.release_kind import ReleaseKind
from evaluators.protocols.vendor_habits import Habit, vendor_habits
from evaluators.records import Protocol, Settings
from tests.verdicts.cases import NOW, SUMS, make_claim, make_measurement, make_run, shuffled, stop_at
from warehouse.claim_records import Outcome, Verdict
from warehouse.verdicts import ClaimRule, combine_protocols, judge, make_criterion

KINDS = (
    ReleaseKind(kind="thinking", thinking="switchable", switch="enable_thinking", has_template=True),
    ReleaseKind(kind="instruct", thinking="none", has_template=True),
    ReleaseKind(kind="base", thinking="none"),
)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_habits_take_no_protocol_away(kind: ReleaseKind) -> None:
    """What is asked without them stays plausible: one that is wrong can keep a claim from being refuted, and never
    helps to refute it."""
    habits = [habit for vendor in vendor_habits() for habit in vendor.benchmarks]
    for name in sorted({habit.benchmark for habit in habits}):
        of_it = [habit for habit in habits if habit.benchmark == name]
        for stated in (Settings(), Settings(shots=5)):
            with_them = plausible_protocols(benchmark(name), kind, stated, habits=of_it)
            without = plausible_protocols(benchmark(name), kind, stated)
            asked = {(protocol.benchmark, protocol.settings) for protocol in with_them.protocols}
            assert {(protocol.benchmark, protocol.settings) for protocol in without.protocols} <= asked, name
            assert set(without.missing) <= set(with_them.missing)


def verdict_of(habit: Settings, true_under: Settings | None) -> Verdict:
    """The verdict on a claim of 93 without settings by a vendor of this habit: true where it is asked as `true_under`
    says, 10 points lower otherwise."""
    claim = make_claim("93.0", Settings(metric="exact_match", filter="strict-match"))
    habits = [Habit(benchmark=SUMS.name, settings=habit, address="https://vendor.example")]
    plausible = plausible_protocols(SUMS, KINDS[2], claim.settings, habits=habits)
    parts: list[tuple[Protocol, Verdict]] = []
    for number, protocol in enumerate(plausible.protocols):
        said = {} if true_under is None else true_under.model_dump(exclude_none=True, exclude={"notes"})
        right = bool(said) and all(getattr(protocol.settings, field) == value for field, value in said.items())
        criterion = make_criterion(
            claim, SUMS, order_seed=1, now=NOW, settings=protocol.settings, plausible=plausible.count,
            protocol=protocol.name,
        )  # fmt: skip
        values = shuffled(round((0.93 if right else 0.83) * 1600), 1600, number)
        measurement = make_measurement(values[: stop_at(ClaimRule([criterion]), values)], 1600)
        run = make_run(
            protocol.settings.model_copy(update={"quantization": "F16", "tools": "none"}), run_id=f"{number}"
        )
        parts.append((protocol, judge(claim, criterion, run, measurement, now=NOW, benchmark=SUMS)))
        if parts[-1][1].outcome is Outcome.confirmed:
            break
    return combine_protocols(claim, plausible.protocols, parts, plausible.missing, now=NOW)


OTHER_SHOTS = Settings(shots=4)
OTHER_SAMPLING = Settings(shots=SUMS.protocol.shots, temperature=1.0, max_tokens=16)


@pytest.mark.parametrize("habit", [OTHER_SHOTS, OTHER_SAMPLING], ids=["shots", "sampling"])
@pytest.mark.parametrize("kept", [True, False], ids=["as the vendor says", "as the catalogue says"])
def test_a_claim_that_is_true_as_somebody_says_is_confirmed(habit: Settings, kept: bool) -> None:
    """By the documented habit, or by the catalogue although the habit on record is wrong."""
    verdict = verdict_of(habit, habit if kept else Settings(shots=SUMS.protocol.shots, temperature=0.0))
    assert (verdict.outcome, verdict.flagged) == (Outcome.confirmed, False)


def test_a_claim_that_is_false_either_way_is_flagged() -> None:
    assert verdict_of(OTHER_SHOTS, None).flagged
