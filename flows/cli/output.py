"""Tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.runtime.plain_console import PlainConsole
from flows.runtime.plain_text import write_line
from warehouse.reports.formatting import flag_of, interval, number, why

STYLE = {
    "confirmed": "green",
    "below_claim": "bold red",
    "above_claim": "cyan",
    "depends_on_protocol": "yellow",
    "reached": "green",
    "not_reached": "yellow",
    "not_tested": "dim",
    "inconclusive": "yellow",
    "invalid_run": "magenta",
    "could_not_run": "dim",
    "unverified": "dim",
}
WIDTH_OF_A_FILE = 160
UNPRINTED = re.compile(
    r"[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
"""Characters that a terminal may obey; JSON has its own way to write them."""


def console() -> Console:
    """Where tables go, with strangers' text as text: as wide as the terminal (or COLUMNS), else 160 columns."""
    stated = sys.stdout.isatty() or os.environ.get("COLUMNS")
    return PlainConsole() if stated else PlainConsole(width=WIDTH_OF_A_FILE)


def print_json(value: Any) -> None:
    """One JSON document on standard output; NaN and infinities as null, dates in ISO 8601."""
    text = json.dumps(_plain(value), ensure_ascii=False, indent=2)
    write_line(UNPRINTED.sub(lambda sign: json.dumps(sign.group())[1:-1], text))


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None
        case datetime():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def print_claims(claims: Sequence[dict[str, Any]], *, ids: bool = False) -> None:
    """The claims-vs-measured table, one block a model."""
    out = console()
    for model in dict.fromkeys(row["model"] for row in claims):
        table = Table(title=model, title_style="bold", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        if ids:
            table.add_column("id", no_wrap=True)
        table.add_column("benchmark", min_width=12)
        table.add_column("claimed", min_width=8)
        table.add_column("measured", min_width=12)
        table.add_column("items", justify="right")
        table.add_column("outcome", min_width=9)
        table.add_column("settings", no_wrap=True)
        table.add_column("why", min_width=20)
        for row in (row for row in claims if row["model"] == model):
            cells = [row["claim_id"][:8]] if ids else []
            name = row["benchmark_text"] + (f" ({row['variant']})" if row["variant"] else "")
            style = STYLE.get(row["outcome"], "")
            how = f" ({row['protocol']})" if row.get("protocol") else ""
            outcome = Text(row["outcome"].replace("_", " ") + how + flag_of(row), style=style)
            table.add_row(
                *cells, Text(name), Text(row["claimed"]), Text(_measured(row)), _items(row), outcome,
                row["comparability"] or "—", Text("; ".join(part for part in (_others(row), why(row)) if part)),
            )  # fmt: skip
        out.print(table)
    if not claims:
        out.print("no claims yet; `claimcheck demo` or `claimcheck verify RELEASE` brings some")


def _measured(row: dict[str, Any]) -> str:
    if row["measured"] is None:
        return "—"
    whose = f" by {row['made_by'] or 'others'}" if row.get("ran_by") == "imported" else ""
    span = interval(row["measured_low"], row["measured_high"], row["unit"])
    return f"{number(row['measured'], row['unit'])} {span}".strip() + whose


def _others(row: dict[str, Any]) -> str:
    """What other runs of the same claim say, in a few words."""
    parts = [
        f"{other['by'] or 'others'} {'—' if other['score'] is None else number(other['score'], row['unit'])} "
        f"({other['outcome'].replace('_', ' ')})"
        for other in row.get("others") or ()
    ]
    if not parts:
        return ""
    return ("runs contradict each other: " if row.get("disagree") else "also ") + ", ".join(parts[:3])


def _items(row: dict[str, Any]) -> str:
    if row["items"] is None or (row["of"] or 0) <= 1:
        return "—"
    return f"{row['items']:,} of {row['of']:,}"
