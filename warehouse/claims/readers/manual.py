"""One claim that a person types in, with its source."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import yaml

from evaluators.records import Settings, UserError
from warehouse.claim_records import Claimant
from warehouse.claims.readers.ledger_yaml import settings_from
from warehouse.claims.source_reading import Reading, new_claim, read_number_or_pair, source_of
from warehouse.claims.text.labels import read_label, settings_with
from warehouse.claims.text.names import suggest_benchmarks


def claim_by_hand(
    *,
    model: str,
    benchmark: str,
    said: str,
    source: str,
    claimant: str,
    read_at: datetime,
    by: str | None = None,
    settings: dict[str, str] | None = None,
    variant: str | None = None,
    note: str | None = None,
) -> tuple[Reading, str]:
    """The claim as a reading, and the page to keep with it: the entry itself as YAML, as nothing else was read.

    Raises UserError for an unknown benchmark (with names that look alike), a number that cannot be read, or an unknown
    setting.
    """
    label = read_label(benchmark)
    if label.benchmark is None:
        near = suggest_benchmarks(label.text)
        hint = f"; did you mean {', '.join(near)}?" if near else "; `claimcheck doctor` lists the catalogue"
        raise UserError(f"unknown benchmark {benchmark}{hint}")
    stated, unknown = settings_from(settings or {})
    if unknown:
        raise UserError(f"unknown setting {unknown[0].split(':')[0]}; known are {', '.join(Settings.model_fields)}")
    interval, stated = read_number_or_pair(said, label.benchmark, stated)
    entry: dict[str, Any] = {"model": model, "benchmark": benchmark, "said": said, "claimant": claimant}
    entry |= {
        key: value for key, value in (("by", by), ("settings", stated), ("variant", variant), ("note", note)) if value
    }
    page = yaml.safe_dump({"source": {"document": source}, "claims": [entry]}, sort_keys=False, allow_unicode=True)
    reading = Reading(source_of(page, url=source, read_at=read_at, kind="manual"))
    reading.claims.append(
        new_claim(
            model=model,
            benchmark=label.benchmark,
            benchmark_text=benchmark,
            said=said,
            claimant=Claimant(claimant),
            source=reading.source,
            place="by hand",
            settings=settings_with(Settings(), {**dict(label.stated), **stated}, label.words),
            interval=interval,
            variant=variant,
            by=by,
            note=note,
        )
    )
    return reading, page
