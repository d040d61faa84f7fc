"""A claim against a run that somebody else made: the same judge, and never an accusation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from evaluators.catalogue import Benchmark
from evaluators.records import Imported, ItemScore, Measurement, Run
from warehouse.claim_records import Claim, Comparability, Criterion, Outcome, Reason, Verdict
from warehouse.verdicts.comparability import compare
from warehouse.verdicts.judge_scores import judge

DECIDED = (Outcome.confirmed, Outcome.below_claim, Outcome.above_claim)


def judge_imported(
    claim: Claim,
    criterion: Criterion,
    run: Run,
    measurement: Measurement,
    benchmark: Benchmark,
    *,
    now: datetime,
    other_cells: Sequence[tuple[str, float]] = (),
    items: Iterable[ItemScore] = (),
) -> Verdict:
    """The verdict on a claim from one measurement of an imported run. A limited run is shown and judges nothing
    (`not_tested`), as does one under other settings than stated. Nothing is ever flagged: the weights were not seen."""
    origin = run.imported
    assert origin is not None
    if origin.limited:
        comparability, compared = compare(claim, run, benchmark, metric=criterion.metric, filter=criterion.filter)
        score = "no score" if measurement.score is None else f"{100 * measurement.score:.1f}%"
        verdict = Verdict(
            claim_id=claim.claim_id,
            criterion_id=criterion.criterion_id,
            run_id=run.run_id,
            outcome=Outcome.not_tested,
            comparability=comparability,
            reasons=(Reason(code="limited", text=f"the run is about {origin.limited}: shown, not judged"),),
            compared=compared,
            score=measurement.score,
            items=measurement.items,
            of=measurement.of,
            headline=f"{benchmark.title}: {score} on {origin.limited}; shown, not judged",
            judged_at=now,
        )
    else:
        verdict = judge(
            claim, criterion, run, measurement, now=now, benchmark=benchmark, other_cells=other_cells, items=items
        )
        if verdict.comparability is Comparability.differs and verdict.outcome in DECIDED:
            verdict = verdict.model_copy(update={"outcome": Outcome.not_tested})
    return verdict.model_copy(
        update={
            "flagged": False,
            "reasons": (*verdict.reasons, *imported_reasons(origin)),
            "headline": f"{verdict.headline} ({ran_by(origin)})",
        }
    )


def imported_reasons(origin: Imported) -> tuple[Reason, ...]:
    """Who ran it with what, and what a reader of the score must know."""
    named = f", on a model that the file calls {origin.model}" if origin.model else ""
    text = f"{ran_by(origin)} with {origin.harness}{named}; the weights were not seen"
    return (
        Reason(code="imported", text=text),
        *(Reason(code="imported_note", text=note) for note in origin.notes),
    )


def ran_by(origin: Imported) -> str:
    """`run by Lab`, or what is known of who ran it."""
    if origin.by:
        return f"run by {origin.by}"
    return "run by the vendor" if origin.first_party else "run by others"
