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

    found = parse_eval_result_entries([item])[0]
    if not isinstance(found.value, str):
        raise ValueError("value is no number")
    owner = model.split("/")[0] if "/" in model else None
    author = found.source_org or found.source_user
    claimant = Claimant.vendor
    if not merged:
        claimant = Claimant.community
    elif author is not None and (owner is None or author.casefold() != owner.casefold()):
        claimant = Claimant.third_party
    notes = [
        f"verify token: {found.verify_token}" if found.verify_token else None,
        f"date: {found.date}" if found.date else None,
        f"source: {found.source_name or ''} {found.source_url}".replace("  ", " ") if found.source_url else None,
        f"data set revision: {found.dataset_revision}" if found.dataset_revision else None,
    ]
    return ClaimEntry(
        model=model,
        benchmark_text=f"{found.dataset_id} {found.task_id}",
        names=(found.task_id, f"{found.dataset_id} {found.task_id}", found.dataset_id)
        if found.task_id != "default"
        else (found.dataset_id,),
        said=found.value,
        place=f"entry {number}",
        claimant=claimant,
        by=author or owner,
        words=(found.notes,) if found.notes else (),
        note="; ".join(note for note in notes if note) or None,
        commit=commit,
    )
