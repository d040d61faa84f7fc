"""Inspect evaluation logs (JSON, version 2) that others published -> third-party measurements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evaluators.records import UserError
from evaluators.safe_load import load_json, written
from warehouse.claim_records import Claimant
from warehouse.claims.readers.claim_entries import ClaimEntry, add_entries
from warehouse.claims.source_reading import Reading, source_of

ACCURACY = frozenset({"accuracy", "mean", "pass_at_1"})


def is_log(content: Any) -> bool:
    """Whether a JSON value looks like an Inspect log."""
    return isinstance(content, dict) and isinstance(content.get("eval"), dict) and "task" in content["eval"]


def read_inspect_log(text: str, *, url: str, read_at: datetime) -> Reading:
    """The scores of one log; an unfinished or invalidated one gives none, with the reason. Raises UserError for another
    kind of text."""
    content = load_json(text, url)
    if not is_log(content):
        raise UserError(f"{url} is no Inspect log; it needs `eval` with `task`")
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="inspect"))
    about = content["eval"]
    if content.get("status") != "success" or content.get("invalidated"):
        reading.leave(None, str(about["task"]), f"the run is {content.get('status')}, not a finished one")
        return reading
    task = str(about["task"]).rsplit("/", 1)[-1]
    config = about.get("config") or {}
    dataset = about.get("dataset") or {}
    limit = config.get("limit")
    stated: dict[str, Any] = {"harness": f"inspect_ai {(about.get('packages') or {}).get('inspect_ai', '')}".strip()}
    if limit:
        stated["subset"] = f"first {limit} items"
    if isinstance(config.get("epochs"), int):
        stated["repeats"] = config["epochs"]
    entries = []
    scores = (content.get("results") or {}).get("scores") or []
    for number, score in enumerate(scores):
        for name, metric in (score.get("metrics") or {}).items():
            metric_path = f"results.scores[{number}].metrics.{name}"
            if name == "stderr":
                continue
            try:
                entries.append(
                    ClaimEntry(
                        model=str(about["model"]),
                        benchmark_text=task,
                        names=(task, str(dataset.get("name") or "")) if name in ACCURACY else (f"{task} {name}",),
                        said=written(metric["value"]),
                        place=metric_path,
                        claimant=Claimant.third_party,
                        metrics=(name,),
                        stated=tuple(stated.items()),
                        words=(f"scorer: {score.get('scorer')}",),
                        note=f"run {about.get('created')}",
                        scale="fraction",
                    )
                )
            except (UserError, KeyError, TypeError) as error:
                reading.leave(None, metric_path, str(error))
    add_entries(reading, entries)
    return reading
