"""Verdicts where nothing was run: not looked at yet, or with one of a fixed list of reasons why it could not be."""

from __future__ import annotations

from datetime import datetime

from evaluators.records import UserError
from warehouse.claim_records import Claim, Outcome, Reason, Verdict

REASONS = {
    "unknown_benchmark": "the benchmark is not in the catalogue",
    "unplaced_words": "the claim's words are not all understood, and what is not may change its meaning",
    "no_protocol": "none of the ways in which the claim may have been measured can be run here",
    "no_number": "the claim states no number that can be tested",
    "no_evaluator": "nothing here runs this benchmark",
    "not_stated_in_files": "the release's files do not say it",
    "no_score": "the run gave no such score",
    "no_item_count": "the catalogue does not say how many items the benchmark has",
    "server_failed": "the model server could not be started or kept running",
    "weights_missing": "the weights are not published or could not be pulled",
    "weights_gated": "the weights need an agreement that nobody here has accepted",
    "weights_unsafe": "the weights come only in a format that is not loaded here",
    "hash_mismatch": "a file's hash differs from the one that was published",
    "architecture_unsupported": "no server here runs this architecture",
    "memory": "the weights do not fit the memory here",
    "context_too_short": "the claim is about longer texts than the server takes here",
    "hardware_missing": "the hardware that the claim names is not here",
    "dataset_missing": "the benchmark's data could not be read",
    "dataset_gated": "the benchmark's data need an agreement that nobody here has accepted",
    "sandbox_missing": "the benchmark runs generated code and there is no sandbox",
    "judge_missing": "the benchmark needs a judge model that is not here",
    "tools_missing": "the benchmark needs tools or a scaffold that are not here",
    "unexpected": "something failed here that nobody expected",
    "budget": "the run would cost more than the budget allows",
}
"""The fixed list of reasons of `could_not_run`, with the sentence that each means."""


def could_not_run(claim: Claim, reason_code: str, text: str | None = None, *, now: datetime) -> Verdict:
    """The verdict `could_not_run`. `reason_code`: one of REASONS; `text`: one sentence for people (the list's own if
    None). Raises UserError for another code."""
    if reason_code not in REASONS:
        raise UserError(f"{reason_code} is no reason for could_not_run; use one of {', '.join(REASONS)}")
    sentence = text or REASONS[reason_code]
    return Verdict(
        claim_id=claim.claim_id,
        criterion_id=None,
        run_id=None,
        outcome=Outcome.could_not_run,
        comparability=None,
        reasons=(Reason(code=reason_code, text=sentence),),
        headline=f"claim {claim.said}: COULD NOT RUN ({sentence})",
        judged_at=now,
    )


def unverified(claim: Claim, *, now: datetime, text: str = "nothing was run yet") -> Verdict:
    """The verdict a claim starts with."""
    return Verdict(
        claim_id=claim.claim_id,
        criterion_id=None,
        run_id=None,
        outcome=Outcome.unverified,
        comparability=None,
        reasons=(Reason(code="not_run_yet", text=text),),
        headline=f"claim {claim.said}: UNVERIFIED ({text})",
        judged_at=now,
    )
