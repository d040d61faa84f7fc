"""LLM-Stats JSON -> claims: a list of scores of one model, or a model's page with `qualitative_metrics`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evaluators.records import UserError
from evaluators.safe_load import load_json, written
from warehouse.claim_records import Claimant
from warehouse.claims.readers.claim_entries import ClaimEntry, add_entries
from warehouse.claims.source_reading import Reading, source_of
from warehouse.claims.tables.ownership.owners import hub_id

LINKS = ("weights_link", "api_ref_link", "playground_link", "repo_link")


def read_llm_stats(text: str, *, url: str, read_at: datetime, model: str | None = None) -> Reading:
    """All scores of one model. What it reports of itself is the vendor's claim, the rest a third party's.

    `model` is used instead of the name in the file. Scores are fractions in this format where the benchmark's are.
    Raises UserError for a text of another kind.
    """
    content = load_json(text, url)
    if not is_llm_stats(content):
        raise UserError(f"{url} is no LLM-Stats file; it needs a list of scores, or `qualitative_metrics`")
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="llm_stats"))
    page: dict[str, Any] = content if isinstance(content, dict) else {}
    rows = page.get("qualitative_metrics", []) if page else content
    hub = next((hub for key in LINKS if (hub := hub_id(str(page.get(key) or "")))), None)
    entries = []
    for number, row in enumerate(rows):
        row_path = f"[{number}]" if not page else f"qualitative_metrics[{number}]"
        try:
            named = model or hub or page.get("name") or row["model_id"]
            entries.append(_score(row, str(named), row_path))
        except (UserError, KeyError, TypeError, AttributeError) as error:
            reading.leave(None, f"{row_path}: {row}", f"it does not fit the format: {error}")
    entries += _specification(page, str(model or hub or page.get("name")))
    add_entries(reading, entries)
    return reading


def is_llm_stats(content: Any) -> bool:
    """Whether a JSON value looks like one of the two forms."""
    if isinstance(content, dict):
        return isinstance(content.get("qualitative_metrics"), list)
    return isinstance(content, list) and all(isinstance(row, dict) and "is_self_reported" in row for row in content)


def _score(row: dict[str, Any], model: str, row_path: str) -> ClaimEntry:
    name = str(row.get("benchmark_name") or row.get("dataset_name") or row["benchmark_id"])
    own = bool(row["is_self_reported"])
    link = row.get("self_reported_source_link") or row.get("source_link")
    method = row.get("analysis_method")
    verified = {key: row[key] for key in row if key.startswith("verif") and row[key]}
    note = [
        f"source: {link}" if link else None,
        f"recorded: {row.get('date_recorded') or row.get('updated_at')}",
        f"verified: {verified}" if verified else None,
    ]
    said = written(row["score"])
    return ClaimEntry(
        model=model,
        benchmark_text=name,
        names=(name, str(row.get("benchmark_id") or "")),
        said=said,
        place=row_path,
        claimant=Claimant.vendor if own else Claimant.third_party,
        by=None if own else "LLM-Stats",
        metrics=(str(method),) if method and len(str(method)) <= 40 else (),
        words=(str(method),) if method and len(str(method)) > 40 else (),
        note="; ".join(part for part in note if part),
        scale="fraction" if float(said) <= 1 else None,
    )


def _specification(page: dict[str, Any], model: str) -> list[ClaimEntry]:
    entries = []
    for key, benchmark in (
        ("param_count", "total_parameters"),
        ("input_context_size", "context_window"),
        ("license", "license"),
    ):
        value = page.get(key)
        if isinstance(value, (int, str)) and not isinstance(value, bool) and str(value).strip():
            entries.append(
                ClaimEntry(
                    model=model,
                    benchmark_text=key,
                    names=(benchmark,),
                    said=str(value),
                    place=key,
                    claimant=Claimant.third_party,
                    by="LLM-Stats",
                )
            )
    return entries
