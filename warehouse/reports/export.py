"""Out again: claims and results as CSV, Parquet, Every Eval Ever and `.eval_results`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evaluators.files import write_atomic
from evaluators.records import Measurement, Run, RunStatus, UserError
from warehouse.claim_records import Claim
from warehouse.home import Home
from warehouse.sql import statement
from warehouse.store import reading

Format = Literal["csv", "parquet", "json", "every-eval-ever", "eval-results"]


@dataclass(frozen=True)
class Exported:
    """What an export wrote."""

    files: tuple[Path, ...]
    """The files."""
    written: int
    """Claims or measurements in them."""
    left_out: tuple[str, ...]
    """What is not in them, with the reason."""


def export_claims(claims: Sequence[Claim], to: Path, form: Format) -> Exported:
    """Write claims to a file (`csv`, `parquet`) or below a folder (the other two). Raises UserError for a full disk."""
    from warehouse.reports import export_every_eval_ever, export_hub, export_table

    match form:
        case "csv" | "parquet":
            rows = [export_table.claim_row(claim) for claim in claims]
            write = export_table.write_csv if form == "csv" else export_table.write_parquet
            write(to, export_table.CLAIM_COLUMNS, rows)
            return Exported((to,), len(rows), ())
        case "every-eval-ever":
            records = export_every_eval_ever.claim_records(claims)
            files = _write_json(to, records)
            count = sum(len(record["evaluation_results"]) for record in records.values())
            left = f"{len(claims) - count} claims without a number: the format holds numbers only"
            return Exported(files, count, (left,) if count < len(claims) else ())
        case "eval-results":
            texts, skipped = export_hub.claims_yaml(claims)
            reason = f"{skipped} claims that are no single score of a hub data set"
            return Exported(_write_texts(to, texts), len(claims) - skipped, (reason,) if skipped else ())
    raise UserError(f"unknown format {form}; known are csv, parquet, every-eval-ever, eval-results")


def write_results(home: Home, to: Path, form: Format, *, model: str | None = None) -> Exported:
    """Write the scores of our full, sound runs. What stopped early, is invalid, has failed items or was run by others
    is named as left out."""
    from warehouse.reports import export_every_eval_ever, export_hub, export_table

    results, left = sound_results(home, model=model)
    count = sum(len(measurements) for _, measurements in results)
    match form:
        case "csv" | "parquet" | "json":
            rows = [
                row
                for run, measurements in results
                for row in export_table.result_rows(run.model_copy(update={"measurements": measurements}))
            ]
            if form == "json":
                write_atomic(to, (json.dumps(rows, ensure_ascii=False, indent=2) + "\n").encode())
                return Exported((to,), count, tuple(left))
            write = export_table.write_csv if form == "csv" else export_table.write_parquet
            write(to, export_table.RESULT_COLUMNS, rows)
            return Exported((to,), count, tuple(left))
        case "every-eval-ever":
            records = dict(export_every_eval_ever.run_record(run, measurements) for run, measurements in results)
            return Exported(_write_json(to, records), count, tuple(left))
        case "eval-results":
            texts, more = export_hub.run_yaml(results)
            return Exported(_write_texts(to, texts), count - len(more), (*left, *more))
    raise UserError(f"unknown format {form}; known are csv, parquet, every-eval-ever, eval-results")


def sound_results(
    home: Home, *, model: str | None = None
) -> tuple[list[tuple[Run, tuple[Measurement, ...]]], list[str]]:
    """Runs with their exportable measurements, and what is not exported, with the reason."""
    with reading(home) as connection:
        records = connection.execute(statement("run_records"), {"model": model}).fetchall()
    results, left = [], []
    for (record,) in records:
        content = json.loads(record)
        content.pop("artifact_key", None)
        run = Run.model_validate(content)
        if run.ran_by == "imported":
            left.append(f"{run.run_id} ({run.benchmark}): run by others")
            continue
        if run.status != RunStatus.finished:
            left.append(f"{run.run_id} ({run.benchmark}): {run.status.value} run")
            continue
        reasons = [(measurement, _unsound(measurement)) for measurement in run.measurements]
        sound = tuple(measurement for measurement, reason in reasons if reason is None)
        left += [
            f"{run.run_id} ({measurement.benchmark} {measurement.metric},{measurement.filter}): {reason}"
            for measurement, reason in reasons
            if reason
        ]
        if sound:
            results.append((run, sound))
    return results, left


def _unsound(measurement: Measurement) -> str | None:
    if measurement.score is None:
        return "no score"
    if measurement.stopped_early or measurement.items < measurement.of:
        return f"score at stop, {measurement.items:,} of {measurement.of:,} items"
    if measurement.failed:
        return f"{measurement.failed} items failed"
    return None


def _write_json(folder: Path, records: dict[str, dict[str, object]]) -> tuple[Path, ...]:
    files = []
    for name, record in records.items():
        path = folder / "data" / name
        write_atomic(path, (json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode())
        files.append(path)
    return tuple(files)


def _write_texts(folder: Path, texts: dict[str, str]) -> tuple[Path, ...]:
    for name, text in texts.items():
        write_atomic(folder / name, text.encode())
    return tuple(folder / name for name in texts)
