"""Pictures to share: cards of 1200 x 630 as SVG and PNG, and badges."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment

from warehouse.reports.outcome_words import outcome_words
from warehouse.reports.site import sentences
from warehouse.reports.site.claim_view import ClaimView
from warehouse.reports.site.colours import COLOURS
from warehouse.reports.site.safe_text import safe_text

LIGHT = COLOURS["light"]
CHARACTER = 6.7
"""Mean width in px of a character of 11 px Verdana, for badges."""


def claim_card(pages: Environment, view: ClaimView, *, foot: str, address: str) -> str:
    """The card of one claim as SVG."""
    lines, size = _heading(view.title)
    return pages.get_template("card.svg").render(
        c=LIGHT, colour=view.outcome.colour, label=view.sentence, model=safe_text(view.row["model"], 56), lines=lines,
        size=size, view=view, said=safe_text(view.said, 22), foot=foot, address=address,
        pill=round(70 + 16.5 * len(view.outcome.words)),
    )  # fmt: skip


def release_card(
    pages: Environment, name: str, kicker: str, counted: list[tuple[str, int]], flagged: int, *, foot: str, address: str
) -> str:
    """The card of a release (or of the whole board) as SVG: what came out, counted by outcome."""
    lines, size = _heading(name)
    counts = [(count, outcome_words(outcome)) for outcome, count in counted][:5]
    colour = "bad" if flagged else "link"
    return pages.get_template("card.svg").render(
        c=LIGHT, colour=colour, label=f"{name}: {sentences.count_sentence(counted, flagged)}", model=kicker,
        lines=lines, size=size, view=None, counts=counts, foot=foot, address=address,
    )  # fmt: skip


def badge(pages: Environment, rows: Sequence[dict[str, Any]]) -> str:
    """The badge of a release as SVG: flagged claims if there are any, else those that hold."""
    flagged = sum(bool(row["flagged"]) for row in rows)
    hold = sum(row["outcome"] == "confirmed" for row in rows)
    text, colour = f"{hold:,} hold", LIGHT["good"]
    if flagged:
        text, colour = f"{flagged:,} flagged", LIGHT["bad"]
    elif not hold:
        text, colour = "none decided yet", LIGHT["quiet"]
    name = "claims checked"
    return pages.get_template("badge.svg").render(
        name=name, text=text, colour=colour, left=round(14 + CHARACTER * len(name)),
        right=round(14 + CHARACTER * len(text))
    )  # fmt: skip


def png(svg: str) -> bytes:
    """An SVG picture as PNG."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg))


def _heading(text: str) -> tuple[list[str], int]:
    """Lines of a heading, two at most, and their size in px."""
    if len(text) <= 30:
        return [text], 50
    lines = textwrap.wrap(safe_text(text, 92), 48) or [""]
    return lines[:2], 36
