"""Verdicts in the fact-checkers' format: schema.org `ClaimReview` as JSON-LD."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from warehouse.reports.outcome_words import outcome_words
from warehouse.reports.site import sentences
from warehouse.reports.site.safe_text import safe_text, web_address

RATING = {"confirmed": 5, "above_claim": 5, "below_claim": 1}
"""Outcomes that rate a claim, from 1 (wrong) to 5 (right)."""


def claim_review(row: dict[str, Any], base_url: str | None) -> Markup | None:
    """JSON-LD for a page's head; None where the evidence does not rate the claim itself.

    A claim below which the score lies is rated only if it is flagged; a result under other settings rates nothing.
    """
    rating = RATING.get(row["outcome"])
    if rating is None or row["comparability"] in ("differs", "unknown") or (rating == 1 and not row["flagged"]):
        return None
    author = safe_text(row["claimed_by"] or row["model"].partition("/")[0], 80)
    source = web_address(row["source_url"])
    review: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "datePublished": f"{row['judged_at']:%Y-%m-%d}",
        "url": f"{base_url or ''}claims/{row['claim_id']}.html",
        "claimReviewed": f"{safe_text(row['model'], 100)}: {safe_text(row['claimed'], 80)} on {sentences.title(row)}",
        "author": {"@type": "Organization", "name": "claimcheck"} | ({"url": base_url} if base_url else {}),
        "itemReviewed": {
            "@type": "Claim",
            "author": {"@type": "Organization" if row["claimant"] != "community" else "Person", "name": author},
        }
        | ({"appearance": {"@type": "CreativeWork", "url": source}} if source else {}),
        "reviewRating": {
            "@type": "Rating",
            "ratingValue": rating,
            "bestRating": 5,
            "worstRating": 1,
            "alternateName": outcome_words(row["outcome"]).words,
        },
    }
    # inside a script element only `<` could end it; the escapes are the same characters to a JSON reader
    text = json.dumps(review, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
