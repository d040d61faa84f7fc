"""What would go out to others, repository by repository: prepared here, sent only when the user says so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluators.files import write_atomic
from warehouse.home import Home
from warehouse.reports.export import sound_results
from warehouse.reports.export_every_eval_ever import run_record
from warehouse.reports.export_hub import run_yaml

EVERY_EVAL_EVER = "evaleval/EEE_datastore"
"""The hub data set that takes Every Eval Ever records."""


@dataclass(frozen=True)
class Publication:
    """Files for one repository of the hub."""

    repository: str
    kind: Literal["model", "dataset"]
    files: dict[str, str]
    """Path inside the repository -> text."""
    left_out: tuple[str, ...]
    """What is not in them, with the reason."""


def prepare_publication(
    home: Home, to: Literal["hub", "every-eval-ever"], *, model: str | None = None
) -> list[Publication]:
    """The scores of our own full, sound runs as files for the hub. `hub`: one `.eval_results` YAML in each model's
    repository; `every-eval-ever`: one record a run in its data set. Imported runs are others' to publish."""
    results, left = sound_results(home, model=model)
    if not results:
        return []
    if to == "every-eval-ever":
        records = dict(run_record(run, measurements) for run, measurements in results)
        files = {
            f"data/{name}": json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
            for name, record in records.items()
        }
        return [Publication(EVERY_EVAL_EVER, "dataset", files, tuple(left))]
    prepared = []
    for name in dict.fromkeys(run.release.model for run, _ in results):
        texts, more = run_yaml((run, measurements) for run, measurements in results if run.release.model == name)
        if texts:
            files = {".eval_results/claimcheck.yaml": next(iter(texts.values()))}
            prepared.append(Publication(name, "model", files, (*left, *more)))
    return prepared


def write_publication(prepared: list[Publication], folder: Path) -> None:
    """Write the files below `<folder>/<repository>/`. Raises UserError for a full disk."""
    for publication in prepared:
        for name, text in publication.files.items():
            safe = [part.replace("..", "_") for part in publication.repository.split("/")]
            write_atomic(folder.joinpath(*safe, name), text.encode())
