"""Claims beside measurements as text: readable at 80 columns, one line a claim where nobody looks at it."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from rich.cells import cell_len as rich_cell_len
from rich.console import Console
from rich.text import Text

from flows.cli.output import console
from warehouse.number_text import flag_of, interval, number, pair_named
from warehouse.reports.outcome_words import COMPARABILITY, outcome_words
from warehouse.reports.reasons import main_reason
from warehouse.reports.site.safe_text import safe_text

Row = dict[str, Any]
WIDE = 110
"""Columns of a terminal from which the reason stands beside the rest; below, it has a line of its own."""
GAP = 2
"""Columns between two cells."""
HEADINGS = ("benchmark", "claimed", "measured", "outcome", "settings", "items", "why")
LONGEST = {"benchmark": 30, "claimed": 14, "measured": 24, "outcome": 32, "settings": 24, "items": 16}
"""Most columns of a cell; a longer text goes on in the next line."""
NARROW = 20
"""Columns of a measurement and of an outcome below `WIDE`."""
CONDITIONS = ("hardware", "quantization", "backend", "prompt_tokens", "depth", "concurrency")
"""Settings that tell speeds apart."""


def print_claims(claims: Sequence[Row], *, ids: bool = False, out: Console | None = None, empty: str = "") -> None:
    """The claims-vs-measured table, one block a model. empty: what to say if there are no rows."""
    out = out or console()
    if not claims:
        out.print(empty or "no claims yet; `claimcheck demo` or `claimcheck verify RELEASE` brings some")
        return
    on_terminal, file = out.is_terminal, out.file  # each asks the environment anew
    looked_at = on_terminal or out.width < WIDE
    models: dict[str, list[Row]] = {}
    for row in claims:
        models.setdefault(row["model"], []).append(row)
    for position, (model, rows) in enumerate(models.items()):
        lines = [(("\n" if position else "") + safe_text(model, out.width), "bold")]
        lines += _terminal(rows, out.width, ids) if looked_at else _one_line_each(rows, ids)
        if on_terminal:
            for text, style in lines:
                out.print(Text(text.rstrip(), style=style), no_wrap=True, overflow="ignore", crop=False)
        else:  # thousands of lines through rich take seconds; a file gets them as they are
            print("\n".join(text.rstrip() for text, _ in lines), file=file)


def _terminal(rows: Sequence[Row], width: int, ids: bool) -> Iterator[tuple[str, str]]:
    cells = [_cells(row) for row in rows]
    lead = 10 if ids else 2
    wide = width >= WIDE and width - lead >= sum(_widths(cells, HEADINGS[:6]).values()) + GAP * 6
    names = HEADINGS[:6] if wide else HEADINGS[:4]
    widths = _widths(cells, names)
    if not wide:
        widths |= {name: min(widths[name], NARROW) for name in ("measured", "outcome")}
    spare = width - lead - sum(widths.values()) - GAP * len(names)
    if spare < 0:
        widths["benchmark"] = max(widths["benchmark"] + spare, 12)
    beside = wide and spare >= 24
    heading = " " * lead + "".join(_pad(name, widths[name] + GAP) for name in names) + ("why" if beside else "")
    yield heading, "dim"
    for row, cell in zip(rows, cells, strict=True):
        columns = [_wrapped(cell[name], widths[name]) for name in names]
        if beside:
            columns.append(_wrapped(cell["why"], spare))
        style = outcome_words(row["outcome"]).style
        for line, parts in enumerate(zip_longest(*columns, fillvalue="")):
            start = row["claim_id"][:8] if ids and line == 0 else ""
            text = "".join(_pad(part, width + GAP) for part, width in zip(parts, [*widths.values(), 0], strict=False))
            yield _pad(start, lead) + text, style if row["outcome"] != "confirmed" else ""
        if not beside:
            # what the vendor did not say, and what differs, is in the reason already
            settings = f"settings: {cell['settings']}" if row["comparability"] == "matched" else ""
            more = [] if wide else [cell["items"], settings]
            under = " · ".join(part for part in (*more, cell["why"]) if part)
            for part in _wrapped(under, width - lead - 2):
                yield " " * (lead + 2) + part, "dim"


def cell_len(text: str) -> int:
    """Columns of a text on a terminal; most texts are ASCII, for which rich takes ten times as long."""
    return len(text) if text.isascii() else rich_cell_len(text)


def _widths(cells: Sequence[dict[str, str]], names: Sequence[str]) -> dict[str, int]:
    return {name: min(max(cell_len(name), *(cell_len(cell[name]) for cell in cells)), LONGEST[name]) for name in names}


def _one_line_each(rows: Sequence[Row], ids: bool) -> Iterator[tuple[str, str]]:
    cells = [_cells(row) for row in rows]
    names = HEADINGS[:6]
    widths = {name: max(cell_len(name), *(cell_len(cell[name]) for cell in cells)) for name in names}
    lead = 10 if ids else 2
    yield " " * lead + "".join(_pad(name, widths[name] + GAP) for name in names) + "why", ""
    for row, cell in zip(rows, cells, strict=True):
        text = "".join(_pad(cell[name], widths[name] + GAP) for name in names) + cell["why"]
        yield _pad(row["claim_id"][:8] if ids else "", lead) + text, ""


def _cells(row: Row) -> dict[str, str]:
    words = outcome_words(row["outcome"])
    how = f" ({row['protocol']})" if row["protocol"] else ""
    name = row["benchmark_text"] + (f" ({row['variant']})" if row["variant"] else "")
    name += pair_named(row)
    if row["unit"] in ("tok/s", "s", "ratio"):
        name += _conditions(row)
    cells = {
        "benchmark": name,
        "claimed": row["claimed"],
        "measured": _measured(row),
        "outcome": f"{words.symbol} {words.words}" + how + flag_of(row),
        "settings": COMPARABILITY.get(row["comparability"] or "", ""),
        "items": f"{row['items']:,} of {row['of']:,}" if row["items"] is not None and (row["of"] or 0) > 1 else "",
        "why": "; ".join(part for part in (_others(row), main_reason(row)) if part),
    }
    return {name: safe_text(text) for name, text in cells.items()}


def _conditions(row: Row) -> str:
    """What a speed was stated for, so that speeds of one model can be told apart."""
    stated = json.loads(row["claimed_settings"] or "{}")
    parts = [str(stated[name]) for name in CONDITIONS[:3] if stated.get(name)]
    parts += [f"{name.partition('_')[0]} {stated[name]:,}" for name in CONDITIONS[3:] if stated.get(name)]
    return f", {' · '.join(parts)}" if parts else ""


def _measured(row: Row) -> str:
    if row["measured"] is None:
        return "—"
    whose = f" by {row['made_by'] or 'others'}" if row["ran_by"] == "imported" else ""
    return f"{number(row['measured'], row['unit'])} {_span(row)}".strip() + whose


def _others(row: Row) -> str:
    """What other runs of the same claim say, in a few words."""
    parts = [
        f"{other['by'] or 'others'} {number(other['score'], row['unit'])} ({outcome_words(other['outcome']).words})"
        for other in row["others"] or ()
    ]
    if not parts:
        return ""
    return ("runs contradict each other: " if row["disagree"] else "also ") + ", ".join(parts[:3])


def _span(row: Row) -> str:
    if row["measured_low"] is None and row["measured_high"] is None:
        return ""
    return interval(row["measured_low"], row["measured_high"], row["unit"])


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 8), break_on_hyphens=False) or [""]


def _pad(text: str, width: int) -> str:
    return text.ljust(width) if text.isascii() else text + " " * max(width - rich_cell_len(text), 0)


def print_limit(shown: int, total: int) -> None:
    """Say that there are more rows than were shown."""
    if shown < total:
        print(f"\nthe first {shown:,} of {total:,} claims; --limit 0 shows all", file=sys.stderr)
