"""Every Eval Ever records (schema 0.1.0 to 0.3.0) -> claims: first and third party apart, uncertainty kept."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from evaluators.records import UserError
from evaluators.safe_load import load_json, written
from warehouse.claim_records import Claim, Claimant
from warehouse.claims.readers.claim_entries import ClaimEntry, Scale, add_entries
from warehouse.claims.source_reading import KEY, Reading, restored, source_of
from warehouse.claims.text.names import normalise

PARTIES = {
    "first_party": Claimant.vendor,
    "third_party": Claimant.third_party,
    "collaborative": Claimant.third_party,
    "other": Claimant.community,
}


def read_every_eval_ever(text: str, *, url: str, read_at: datetime) -> Reading:
    """All results of one record. Raises UserError for a text that is no such record."""
    record = load_json(text, url)
    if not is_record(record):
        raise UserError(
            f"{url} is no Every Eval Ever record; it needs schema_version, model_info and evaluation_results"
        )
    about = record.get("source_metadata") or {}
    title = str(about.get("source_name") or record.get("evaluation_id") or "")
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="every_eval_ever", title=title or None))
    entries = []
    for number, result in enumerate(record["evaluation_results"]):
        entry_path = f"evaluation_results[{number}]"
        try:
            if ours := _restored(result):
                reading.claims.append(ours)
                continue
            entries.append(_entry(record, about, result, entry_path))
        except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
            reading.leave(None, f"{entry_path}: {_name(result)}", f"it does not fit the schema: {error}")
    add_entries(reading, entries)
    return reading


def _restored(result: Any) -> Claim | None:
    """The claim that an export of ours carries, if the score beside it is still the claim's."""
    details = (result.get("generation_config") or {}).get("additional_details") or {}
    if KEY not in details:
        return None
    claim = restored(details[KEY])
    if claim.interval is None or claim.interval.value != float(result["score_details"]["score"]):
        raise UserError("the score was changed beside the exported claim")
    return claim


def is_record(content: Any) -> bool:
    """Whether a JSON value looks like a record."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("evaluation_results"), list)
        and isinstance(content.get("model_info"), dict)
    )


def _name(result: Any) -> str:
    return str(result.get("evaluation_name")) if isinstance(result, dict) else str(result)


def _entry(record: dict[str, Any], about: dict[str, Any], result: dict[str, Any], entry_path: str) -> ClaimEntry:
    model = record["model_info"]
    metric, details = result["metric_config"], result["score_details"]
    data = result.get("source_data") or record.get("source_data")
    data = data if isinstance(data, dict) else {}
    name = str(result["evaluation_name"])
    dataset = str(data.get("dataset_name") or "")
    party = PARTIES.get(str(about.get("evaluator_relationship")), Claimant.community)
    stated, words = _settings(result, model, record.get("eval_library"))
    words += [str(metric["evaluation_description"])] if metric.get("evaluation_description") else []
    note = {
        "uncertainty": details.get("uncertainty"),
        "lower_is_better": metric.get("lower_is_better"),
        "source": about.get("source_urls") or about.get("urls") or data.get("url"),
        "hf_repo": data.get("hf_repo"),
        "schema_version": record.get("schema_version"),
    }
    named, whole = normalise(re.sub(r"\([^()]*\)", "", name)), normalise(dataset)
    same = not whole or whole in named or named in whole
    return ClaimEntry(
        model=str(model["id"] if model.get("id") else model["name"]),
        benchmark_text=name if same else f"{dataset}: {name}",
        names=(name,) if same else (f"{dataset} {name}", *((name,) if _is_suite(dataset, about) else ())),
        said=written(details["score"]),
        place=entry_path,
        claimant=party,
        by=str(about.get("source_organization_name") or about.get("source_name") or "") or None,
        metrics=tuple(str(metric[key]) for key in ("metric_id", "metric_name") if metric.get(key)),
        stated=tuple(stated.items()),
        words=tuple(dict.fromkeys(words)),
        note=json.dumps({key: value for key, value in note.items() if value is not None}, ensure_ascii=False),
        scale=_scale(metric),
    )


def _is_suite(dataset: str, about: dict[str, Any]) -> bool:
    """Whether the data set is the name of a collection (a leaderboard), not of one benchmark."""
    return dataset.casefold().replace(" ", "") in str(about.get("source_name")).casefold().replace(" ", "")


def _scale(metric: dict[str, Any]) -> Scale | None:
    unit = str(metric.get("metric_unit") or "").casefold()
    if unit in ("percent", "percentage", "%", "points"):
        return "percent"
    if unit in ("fraction", "proportion", "ratio", "probability"):
        return "fraction"
    top = metric.get("max_score")
    return {100.0: "percent", 1.0: "fraction"}.get(float(top)) if isinstance(top, (int, float)) else None  # type: ignore[return-value]


def _settings(result: dict[str, Any], model: dict[str, Any], library: Any) -> tuple[dict[str, Any], list[str]]:
    config = result.get("generation_config") or {}
    given = config.get("generation_args") or {}
    stated: dict[str, Any] = {}
    words: list[str] = []
    for key, value in given.items() if isinstance(given, dict) else ():
        if value is None:
            continue
        if key in ("temperature", "top_p") and isinstance(value, (int, float)):
            stated[key] = float(value)
        elif key in ("top_k", "max_tokens") and isinstance(value, (int, float)) and float(value).is_integer():
            stated[key] = int(value)
        elif key == "reasoning" and isinstance(value, bool):
            stated["thinking"] = "on" if value else "off"
        else:
            words.append(f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    extra = config.get("additional_details")
    words += [f"{key}: {value}" for key, value in extra.items()] if isinstance(extra, dict) else []
    if isinstance(library, dict) and library.get("name") not in (None, "unknown"):
        version = library.get("version")
        stated["harness"] = f"{library['name']} {version}" if version not in (None, "unknown") else str(library["name"])
    engine = model.get("inference_engine")
    if isinstance(engine, dict) and engine.get("name"):
        stated["backend"] = str(engine["name"])
        if engine.get("version"):
            stated["backend_version"] = str(engine["version"])
    if (precision := (model.get("additional_details") or {}).get("precision")) not in (None, "unknown"):
        stated["quantization"] = str(precision)
    return stated, words
