"""The hub's `.eval_results/*.yaml` -> claims, through huggingface_hub's own types."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evaluators.records import UserError
from evaluators.safe_load import load_documents
from warehouse.claim_records import Claimant
from warehouse.claims.readers.claim_entries import ClaimEntry, add_entries
from warehouse.claims.source_reading import Reading, source_of


def read_eval_results(
    text: str, *, model: str, url: str, read_at: datetime, merged: bool = True, commit: str | None = None
) -> Reading:
    """All entries of one file of a model's repository.

    `merged` False: the file comes from an open pull request, so it is a community claim whatever it says. An entry
    whose source names another organisation is a third party's. Raises UserError for a text that is no such file.
    """
    documents = [
        item for document in load_documents(text, url, words=True) if document for item in _items(document, url)
    ]
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="eval_results"))
    entries = []
    for number, item in enumerate(documents):
        try:
            entries.append(_entry(item, number, model, merged, commit))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reading.leave(None, f"entry {number}", f"it does not fit the format: {type(error).__name__} {error}")
    add_entries(reading, entries)
    return reading


def _items(document: Any, url: str) -> list[Any]:
    if isinstance(document, list) and all(isinstance(item, dict) and "dataset" in item for item in document):
        return document
    raise UserError(f"{url} is no .eval_results file; it needs a list of entries with `dataset` and `value`")


def _entry(item: dict[str, Any], number: int, model: str, merged: bool, commit: str | None) -> ClaimEntry:
    from huggingface_hub import parse_eval_result_entries

    entry = parse_eval_result_entries([item])[0]
    if not isinstance(entry.value, str):
        raise ValueError("value is no number")
    owner = model.split("/")[0] if "/" in model else None
    author = entry.source_org or entry.source_user
    claimant = Claimant.vendor
    if not merged:
        claimant = Claimant.community
    elif author is not None and (owner is None or author.casefold() != owner.casefold()):
        claimant = Claimant.third_party
    notes = [
        f"verify token: {entry.verify_token}" if entry.verify_token else None,
        f"date: {entry.date}" if entry.date else None,
        f"source: {entry.source_name or ''} {entry.source_url}".replace("  ", " ") if entry.source_url else None,
        f"data set revision: {entry.dataset_revision}" if entry.dataset_revision else None,
    ]
    return ClaimEntry(
        model=model,
        benchmark_text=f"{entry.dataset_id} {entry.task_id}",
        names=(entry.task_id, f"{entry.dataset_id} {entry.task_id}", entry.dataset_id)
        if entry.task_id != "default"
        else (entry.dataset_id,),
        said=entry.value,
        place=f"entry {number}",
        claimant=claimant,
        by=author or owner,
        words=(entry.notes,) if entry.notes else (),
        note="; ".join(note for note in notes if note) or None,
        commit=commit,
    )
