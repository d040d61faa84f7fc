"""Our own ledger in YAML -> claims. Facts written down by people: model, benchmark, said, claimant, settings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from evaluators.records import Settings, UserError
from evaluators.safe_load import load_yaml
from warehouse.claim_records import Claimant
from warehouse.claims.source_reading import Reading, new_claim, read_number_or_pair, source_of
from warehouse.claims.text.labels import read_label

SHIPPED = Path(__file__).parents[1] / "ledgers"
"""Ledgers that ship with the product."""

KEYS = frozenset({"model", "benchmark", "said", "claimant", "by", "settings", "note", "variant", "commit"})


def read_ledger(text: str, *, url: str, read_at: datetime) -> Reading:
    """All claims of a ledger: a mapping with `source` (free facts about it) and a list `claims`.

    A row that does not hold a model, a benchmark and a number is unread, with its number in the list. Settings that
    no field holds are kept word for word in the notes. Raises UserError for a text that is no ledger.
    """
    content = load_yaml(text, url)
    if not isinstance(content, dict) or not isinstance(content.get("claims"), list):
        raise UserError(f"{url} is no claims ledger; it needs a list `claims`")
    about = content.get("source") if isinstance(content.get("source"), dict) else {}
    title = str(about.get("document")) if about and about.get("document") else None
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="ledger", title=title))
    for number, row in enumerate(content["claims"], 1):
        try:
            _add(reading, row, number)
        except (UserError, ValueError) as error:
            reading.leave(None, f"claim {number}: {row}", str(error).splitlines()[0])
    return reading


def _add(reading: Reading, row: Any, number: int) -> None:
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("model", "benchmark", "said")):
        raise UserError("a claim needs model, benchmark and said, each as text")
    if unknown := sorted(set(row) - KEYS):
        raise UserError(f"unknown key {unknown[0]}; known are {', '.join(sorted(KEYS))}")
    label = read_label(row["benchmark"])
    notes: list[str] = []
    stated, left = settings_from(row.get("settings") or {})
    try:
        interval, stated = read_number_or_pair(row["said"], label.benchmark, stated)
    except UserError as problem:
        interval, notes = None, [f"not read as a number: {problem}"]
    claim = new_claim(
        model=row["model"],
        benchmark=label.benchmark,
        benchmark_text=row["benchmark"],
        said=row["said"],
        claimant=Claimant(row.get("claimant", "community")),
        source=reading.source,
        place=f"claim {number}",
        settings=Settings(**{**dict(label.stated), **stated}, notes=(*label.words, *left)),
        interval=interval,
        variant=row.get("variant"),
        by=row.get("by"),
        note="; ".join(part for part in (row.get("note"), *notes) if part) or None,
        commit=row.get("commit"),
    )
    reading.claims.append(claim)


def settings_from(given: Any) -> tuple[dict[str, Any], list[str]]:
    """Fields of Settings among `given`, and the rest as `key: value` words. Raises UserError if it is no mapping."""
    if not isinstance(given, dict):
        raise UserError("settings must be a mapping, e.g. {shots: 5}")
    known = {str(key): value for key, value in given.items() if key in Settings.model_fields and key != "notes"}
    kept = [str(note) for note in given.get("notes", ())] if isinstance(given.get("notes"), (list, tuple)) else []
    return known, [*kept, *(f"{key}: {value}" for key, value in given.items() if str(key) not in Settings.model_fields)]
