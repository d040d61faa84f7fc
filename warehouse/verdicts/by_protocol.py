"""One verdict on a claim from the verdicts under each of its protocols.

Confirmed under one plausible protocol (each tested at alpha divided by their number, so that the chance of any false
confirmation stays alpha); below or above the claim only if that was established under every one (an intersection-union
test, which needs no correction: Berger 1982, https://doi.org/10.1080/00401706.1982.10487790); else it depends on the
protocol, or is not decided yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evaluators.records import Protocol
from warehouse.claim_records import Claim, Outcome, ProtocolResult, Reason, Verdict
from warehouse.number_text import number_and_unit
from warehouse.verdicts.wording import outcome_word

Part = tuple[Protocol, Verdict]
CONFIRMED = (Outcome.confirmed, Outcome.reached)
BELOW = (Outcome.below_claim, Outcome.not_reached)


def combine_protocols(
    claim: Claim, protocols: Sequence[Protocol], parts: Sequence[Part], missing: Sequence[str] = (), *, now: datetime
) -> Verdict:
    """The verdict on `claim` from what came out under its protocols so far, in the order of their plausibility.

    `protocols`: all of the claim. `parts`: those that were run or tried. `missing`: plausible ways of asking that
    nothing here can run; while there are any, or plausible protocols without a part, nothing is refuted under each.
    Raises ValueError without parts.
    """
    if not parts:
        raise ValueError(f"no protocol of claim {claim.claim_id} was run")
    results = tuple(_result(protocol, verdict) for protocol, verdict in parts)
    plausible = [part for part in parts if part[0].plausible]
    if len(parts) == len(protocols) == 1 and not missing and plausible:
        protocol, verdict = parts[0]
        return verdict.model_copy(update={"protocol": protocol.name})
    for protocol, verdict in plausible:
        if verdict.outcome in CONFIRMED:
            return _under(protocol, verdict, results, parts)
    run = {protocol.name for protocol, _ in parts}
    missing = [*missing, *(protocol.name for protocol in protocols if protocol.plausible and protocol.name not in run)]
    outcomes = {verdict.outcome for _, verdict in plausible}
    sides = (*BELOW, Outcome.above_claim)
    if len(outcomes) == 1 and not missing and (only := next(iter(outcomes))) in sides:
        return _under_each(parts, results, only)
    if plausible and outcomes <= {Outcome.not_tested, Outcome.could_not_run, Outcome.invalid_run}:
        return parts[0][1].model_copy(update={"protocol": parts[0][0].name, "by_protocol": results, "flagged": False})
    if Outcome.inconclusive in outcomes and not missing:
        first = next(part for part in plausible if part[1].outcome is Outcome.inconclusive)
        return _open(claim, parts, results, first, Outcome.inconclusive, (), now)
    speaking = next((part for part in parts if part[1].score is not None), parts[0])
    return _open(claim, parts, results, speaking, Outcome.depends_on_protocol, missing, now)


def decides(verdict: Verdict) -> bool:
    """Whether no further protocol of the claim needs to be run after this one."""
    return verdict.outcome in CONFIRMED


def _result(protocol: Protocol, verdict: Verdict) -> ProtocolResult:
    return ProtocolResult(
        protocol=protocol.name,
        outcome=verdict.outcome,
        score=verdict.score,
        low=verdict.low,
        high=verdict.high,
        items=verdict.items,
        of=verdict.of,
        run_id=verdict.run_id,
        plausible=protocol.plausible,
    )


def _under(protocol: Protocol, verdict: Verdict, results: tuple[ProtocolResult, ...], parts: Sequence[Part]) -> Verdict:
    """Confirmed under one of several."""
    tried = [other.name for other, _ in parts if other.name != protocol.name]
    text = f"it holds under {protocol.name}; the claim does not say how it was asked"
    if tried:
        text += f"; also run: {', '.join(tried)}"
    return verdict.model_copy(
        update={
            "protocol": protocol.name,
            "by_protocol": results,
            "reasons": (Reason(code="protocol", text=text), *verdict.reasons),
            "headline": f"{verdict.headline} ({protocol.name})",
        }
    )


def _under_each(parts: Sequence[Part], results: tuple[ProtocolResult, ...], outcome: Outcome) -> Verdict:
    """The same side under every plausible protocol: the verdict nearest to the claim speaks for all."""
    best = max if outcome in BELOW else min
    protocol, verdict = best(
        (part for part in parts if part[0].plausible and part[1].outcome is outcome),
        key=lambda part: part[1].score if part[1].score is not None else 0.0,
    )
    flagged = all(verdict.flagged for protocol, verdict in parts if protocol.plausible)
    word = "below" if outcome in BELOW else "above"
    text = f"{word} the claim under each of {sum(part[0].plausible for part in parts)} plausible protocols"
    return verdict.model_copy(
        update={
            "protocol": protocol.name,
            "by_protocol": results,
            "flagged": flagged,
            "reasons": (Reason(code="every_protocol", text=f"{text}: {_scores(results)}"), *verdict.reasons),
            "headline": f"{verdict.headline} ({protocol.name}, the closest of {len(results)})",
        }
    )


def _open(
    claim: Claim,
    parts: Sequence[Part],
    results: tuple[ProtocolResult, ...],
    speaking: Part,
    outcome: Outcome,
    missing: Sequence[str],
    now: datetime,
) -> Verdict:
    """Neither: the scores side by side, and what would decide."""
    protocol, verdict = speaking
    reasons = [Reason(code="protocols", text=f"the claim does not say how it was asked: {_scores(results)}")]
    if missing:
        reasons.append(Reason(code="protocols_missing", text=f"not run: {'; '.join(missing)}"))
    reasons += verdict.reasons
    line = f"{_scores(results)}; claim {claim.said}: {outcome_word(outcome)}"
    return verdict.model_copy(
        update={
            "protocol": protocol.name,
            "by_protocol": results,
            "outcome": outcome,
            "flagged": False,
            "reasons": tuple(reasons),
            "headline": line,
            "judged_at": now,
        }
    )


def _scores(results: Sequence[ProtocolResult]) -> str:
    """`chat 84.1% (confirmed), completion 70.3% (below claim)`."""
    return ", ".join(
        f"{result.protocol} {number_and_unit(result.score, 'fraction')} ({outcome_word(result.outcome).lower()})"
        if result.score is not None
        else f"{result.protocol} ({outcome_word(result.outcome).lower()})"
        for result in results
    )
