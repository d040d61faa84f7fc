"""Verdicts on values that files state exactly: parameters, context window, size, licence. No statistics."""

from __future__ import annotations

from evaluators.licence_names import licence_named, normalise_licence, same_licence_family
from evaluators.records import Measurement, UserError
from warehouse.claim_records import Criterion, Outcome, Reason
from warehouse.claims.text.interval import read_interval
from warehouse.number_text import number_and_unit
from warehouse.verdicts.wording import WORDS, claimed

TYPED = ("names", "elsewhere")
"""Evidence that is read here and not shown."""
Judged = tuple[Outcome, tuple[Reason, ...], str]


def judge_specification(criterion: Criterion, measurement: Measurement) -> Judged:
    """Outcome, reasons and headline of a claim about what the release's files say. Confirmed if the value, or the range
    that honest ways of counting give (the measurement's `low` and `high`), meets the claim's interval; words (a
    licence) if they are one of the names in the evidence, and contradicted only if they name another licence."""
    how = "; ".join(f"{key}: {text}" for key, text in measurement.evidence.items() if key not in TYPED)
    if criterion.interval.unit == "text":
        return (
            _memory(criterion, measurement, how) if measurement.unit == "bytes" else _words(criterion, measurement, how)
        )
    value = measurement.score
    if value is None:
        return _silent(how)
    if measurement.unit != criterion.interval.unit:
        text = f"measured in {measurement.unit}, claimed in {criterion.interval.unit}"
        return Outcome.inconclusive, (Reason(code="other_unit", text=text),), f"{text}: INCONCLUSIVE"
    low, high = criterion.interval.low, criterion.interval.high
    least = value if measurement.low is None else min(value, measurement.low)
    most = value if measurement.high is None else max(value, measurement.high)
    outcome = Outcome.confirmed
    if low is not None and most < low:
        outcome = Outcome.below_claim if criterion.higher_is_better else Outcome.above_claim
    elif high is not None and least > high:
        outcome = Outcome.above_claim if criterion.higher_is_better else Outcome.below_claim
    measured = number_and_unit(value, measurement.unit)
    line = f"files say {measured}; claim {claimed(criterion.interval)}: {WORDS[outcome]}"
    return outcome, (_reason(f"the files say {measured}", how),), line


def _memory(criterion: Criterion, measurement: Measurement, how: str) -> Judged:
    """A claim that a model fits in so much memory, against the bytes it needs."""
    try:
        room = read_interval(criterion.interval.text or "", "bytes")
    except UserError as problem:
        return Outcome.inconclusive, (Reason(code="no_number", text=str(problem)),), f"{problem}: INCONCLUSIVE"
    if measurement.score is None or room.value is None:
        return _silent(how)
    fits = measurement.score <= (room.high or room.value)
    outcome = Outcome.confirmed if fits else Outcome.below_claim
    needs = f"needs {number_and_unit(measurement.score, 'bytes')}"
    return outcome, (_reason(needs, how),), f"{needs}; claim fits {criterion.interval.text}: {WORDS[outcome]}"


def _words(criterion: Criterion, measurement: Measurement, how: str) -> Judged:
    """A claim in words, against the names that the files allow. Only words that name another known licence contradict
    a known one: "open", a licence that is not known here, or one of the same family is nobody's untruth."""
    value, said = measurement.evidence.get("value", ""), criterion.interval.text or ""
    if not value:
        return _silent(how)
    names = {normalise_licence(name) for name in (value, *measurement.evidence.get("names", "").split(";"))}
    if said.casefold() == value.casefold() or normalise_licence(said) in names - {""}:
        text = f"the files say {value}"
        return Outcome.confirmed, (_reason(text, how),), f"files say {value}; claim {said}: CONFIRMED"
    named = licence_named(said)
    if named is None:
        text = f"the files say {value}; the claim's words name no licence that is known here: {said}"
        return Outcome.inconclusive, (Reason(code="no_licence_named", text=text),), f"{text}: INCONCLUSIVE"
    if named.id == measurement.evidence.get("elsewhere"):
        text = f"the release contradicts itself: {measurement.evidence.get('conflict', how)}"
        return Outcome.inconclusive, (Reason(code="files_disagree", text=text),), f"{text}: INCONCLUSIVE"
    text = f"the files say {value}, the claim says {said}"
    published = licence_named(value)
    if published is None or same_licence_family(named, published):
        why = "a licence that is not known here" if published is None else "a licence of the same family"
        text = f"{text}: {why}"
        return Outcome.inconclusive, (Reason(code="licence_unsure", text=text),), f"{text}: INCONCLUSIVE"
    return Outcome.below_claim, (_reason(text, how),), f"files say {value}; claim {said}: NOT WHAT THE FILES SAY"


def _silent(how: str) -> Judged:
    text = "the files do not state the value"
    return Outcome.inconclusive, (Reason(code="not_stated_in_files", text=text),), f"{text}: INCONCLUSIVE"


def _reason(text: str, how: str) -> Reason:
    return Reason(code="stated_in_files", text=f"{text} ({how})" if how else text)
