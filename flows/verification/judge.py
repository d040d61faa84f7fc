"""From runs to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from evaluators.records import Run, RunStatus
from flows.predictions.frozen_predictions import read_predictions
from flows.runtime.notify import save_and_tell
from flows.verification.jobs import Refusal
from warehouse.claim_records import Claim, Criterion, Verdict
from warehouse.home import Home
from warehouse.queries.verification import flip_rate, items_of_run, other_cells, refusals
from warehouse.verdicts import could_not_run


def judge_run(claims: Iterable[Claim], criteria: Mapping[str, Criterion], run: Run, home: Home) -> list[Verdict]:
    """One verdict a claim, each against the criterion that was stored before the run (`criteria`: by claim id)."""
    return judge_pairs([(claim, criteria[claim.claim_id]) for claim in claims], run, home)


def judge_pairs(pairs: Iterable[tuple[Claim, Criterion]], run: Run, home: Home) -> list[Verdict]:
    """One verdict a claim and criterion, in their order.

    The run must be loaded into the warehouse, from which examples and the other numbers of the claim's table come.
    """
    from warehouse.verdicts import could_not_run, judge

    pairs, verdicts = list(pairs), []
    predictions = read_predictions(home, [criterion.predictions_sha256 for _, criterion in pairs])
    for claim, criterion in pairs:
        now = datetime.now(UTC)
        measurement = next(
            (
                measured
                for measured in run.measurements
                if (measured.benchmark, *measured.score_key) == (criterion.benchmark, *criterion.score_key)
            ),
            None,
        )
        if measurement is None and run.evaluator == "specification":
            text = f"the release's files do not say its {claim.benchmark_text.lower()}"
            verdicts.append(could_not_run(claim, "not_stated_in_files", text, now=now))
        elif measurement is None and run.status is not RunStatus.invalid:
            text = f"the run gave no score {criterion.metric},{criterion.filter}"
            verdicts.append(could_not_run(claim, "no_score", text, now=now))
        else:
            flips = flip_rate(home, run, *criterion.score_key)
            known = run if flips is None else run.model_copy(update={"signals": run.signals | flips})
            examples = items_of_run(home, run.run_id, *criterion.score_key) if run.evaluator == "lm-eval" else []
            cells = other_cells(home, claim)
            verdicts.append(
                judge(
                    claim, criterion, known, measurement, now=now, other_cells=cells, items=examples,
                    predictions=predictions.get(criterion.predictions_sha256 or ""),
                )
            )  # fmt: skip
    return verdicts


def refuse(refused: Sequence[Refusal], home: Home) -> list[Verdict]:
    """Store `could_not_run` with its reason for each; none where the same was said already."""
    said = refusals(home, [refusal.claim for refusal in refused])
    now = datetime.now(UTC)
    verdicts = [
        could_not_run(refusal.claim, refusal.reason, refusal.text, now=now)
        for refusal in refused
        if said.get(refusal.claim.claim_id) != refusal.text
    ]
    save_and_tell(home, [refusal.claim for refusal in refused], verdicts)
    return verdicts
