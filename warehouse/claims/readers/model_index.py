"""The front matter of a model card: `model-index` through huggingface_hub's types, and the licence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evaluators.records import UserError
from evaluators.safe_load import load_documents
from warehouse.claim_records import Claimant
from warehouse.claims.readers.claim_entries import ClaimEntry, add_entries
from warehouse.claims.source_reading import Reading, source_of
from warehouse.claims.tables.document import split_front_matter


def read_front_matter(
    text: str, *, url: str, read_at: datetime, model: str | None = None, commit: str | None = None
) -> Reading:
    """The results in a card's front matter only (a card, or YAML documents alone). `read_card` reads them too.

    Without `model` the names in the model-index are taken.
    """
    plain = text.replace("\r\n", "\n")
    front, rest, _ = split_front_matter(plain)
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="model_index"))
    add_front_matter(plain if front is None or "model-index:" in rest else front, reading, model=model, commit=commit)
    return reading


def add_front_matter(yaml_text: str, reading: Reading, *, model: str | None, commit: str | None) -> None:
    """Add the front matter's licence and results to a reading; what is broken becomes unread."""
    try:
        documents = load_documents(yaml_text, "front matter", words=True)
    except UserError as problem:
        reading.leave(1, yaml_text[:80], str(problem))
        return
    for document in documents:
        _add_document(document, reading, model, commit)


def _add_document(content: Any, reading: Reading, model: str | None, commit: str | None) -> None:
    if not isinstance(content, dict):
        if content:
            reading.leave(1, str(content)[:80], "the front matter is no mapping")
        return
    entries = []
    licence = content.get("license_name") if content.get("license") == "other" else content.get("license")
    if model and isinstance(licence, str) and licence.strip() and not licence.startswith("{"):
        entries.append(
            ClaimEntry(
                model=model,
                benchmark_text="license",
                names=("license",),
                said=licence,
                place="front matter, license",
                claimant=Claimant.vendor,
                by=model.split("/")[0] if "/" in model else None,
                commit=commit,
            )
        )
    index = content.get("model-index")
    if index is None and model is None:
        reading.leave(None, ", ".join(map(str, content))[:80], "no model-index in this document")
    if index is not None:
        entries += _results(index, reading, model, commit)
    add_entries(reading, entries)


def _results(index: Any, reading: Reading, model: str | None, commit: str | None) -> list[ClaimEntry]:
    if not isinstance(index, list):
        reading.leave(None, "model-index", "it is no list")
        return []
    entries = []
    for position, element in enumerate(index):
        results = element.get("results") if isinstance(element, dict) else None
        if not isinstance(results, list):
            reading.leave(None, f"model-index[{position}]", "it has no list `results`")
            continue
        for number, result in enumerate(results):
            where = f"model-index[{position}].results[{number}]"
            metrics = result.get("metrics") if isinstance(result, dict) else None
            for order, metric in enumerate(metrics if isinstance(metrics, list) else [None]):
                at = f"{where}.metrics[{order}]"
                try:
                    entries.append(_entry({**result, "metrics": [metric]}, at, model or str(element["name"]), commit))
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    reading.leave(None, at, f"it does not fit the model-index format: {type(error).__name__} {error}")
    return entries


def _entry(result: dict[str, Any], at: str, model: str, commit: str | None) -> ClaimEntry:
    from huggingface_hub.repocard_data import model_index_to_eval_results

    evaluation = model_index_to_eval_results([{"name": model, "results": [result]}])[1][0]
    if not isinstance(evaluation.metric_value, str):
        raise ValueError("the value is no number")
    stated: dict[str, Any] = {}
    words = []
    for key, value in (evaluation.dataset_args or {}).items() if isinstance(evaluation.dataset_args, dict) else ():
        if key in ("num_few_shot", "num_fewshot", "n_shot") and str(value).isdigit():
            stated["shots"] = int(value)
        else:
            words.append(f"{key}: {value}")
    words += [f"config: {evaluation.dataset_config}"] if evaluation.dataset_config not in (None, "default") else []
    words += [f"split: {evaluation.dataset_split}"] if evaluation.dataset_split else []
    notes = [
        f"verify token: {evaluation.verify_token}" if evaluation.verify_token else None,
        f"verified: {evaluation.verified}" if evaluation.verified is not None else None,
        f"source: {evaluation.source_name or ''} {evaluation.source_url or ''}".strip()
        if evaluation.source_url
        else None,
        f"data set revision: {evaluation.dataset_revision}" if evaluation.dataset_revision else None,
    ]
    board = "leaderboard" in f"{evaluation.source_name} {evaluation.source_url}".casefold()
    names = (
        f"{evaluation.dataset_name} {evaluation.dataset_config or ''}",
        evaluation.dataset_name,
        evaluation.dataset_type,
    )
    return ClaimEntry(
        model=model,
        benchmark_text=evaluation.dataset_name,
        names=tuple(dict.fromkeys(name.strip() for name in (evaluation.dataset_config or "", *names))),
        said=evaluation.metric_value,
        place=at,
        claimant=Claimant.third_party if board else Claimant.vendor,
        by=evaluation.source_name if board else (model.split("/")[0] if "/" in model else None),
        metrics=tuple(dict.fromkeys(metric for metric in (evaluation.metric_type, evaluation.metric_name) if metric)),
        stated=tuple(stated.items()),
        words=tuple(words),
        note="; ".join(note for note in notes if note) or None,
        commit=commit,
    )
