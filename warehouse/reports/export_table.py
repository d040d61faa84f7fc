"""Claims and results as CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluators.files import write_atomic
from evaluators.records import Run
from warehouse.claim_records import Claim
from warehouse.reports.spreadsheet_text import no_formula


def claim_row(claim: Claim) -> dict[str, Any]:
    """One row: fields for people, and the whole claim in `record` so that an import restores it."""
    interval = claim.interval
    return {
        "claim_id": claim.claim_id,
        "model": claim.model,
        "variant": claim.variant,
        "commit": claim.commit,
        "benchmark": claim.benchmark,
        "benchmark_text": claim.benchmark_text,
        "said": claim.said,
        "value": interval.value if interval else None,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "unit": interval.unit if interval else None,
        "qualifier": interval.qualifier.value if interval else None,
        "claimant": claim.claimant.value,
        "by": claim.by,
        "settings": claim.settings.model_dump_json(exclude_none=True),
        "source_url": claim.source.url,
        "source_sha256": claim.source.sha256,
        "source_kind": claim.source.kind,
        "read_at": claim.source.read_at.isoformat(),
        "place": claim.place,
        "note": claim.note,
        "supersedes": claim.supersedes,
        "record": claim.model_dump_json(exclude_none=True),
    }


def result_rows(run: Run) -> list[dict[str, Any]]:
    """One row a measurement, scores in their unit (fractions), and the manifest without item values in `record`."""
    record = run.model_dump(mode="json", exclude_none=True)
    for measurement in record.get("measurements", ()):
        measurement.pop("values", None)
    return [
        {
            "run_id": run.run_id,
            "model": run.release.model,
            "commit": run.release.commit,
            "artifact_key": run.artifact.key if run.artifact else None,
            "quantization": run.artifact.quantization if run.artifact else None,
            "benchmark": measurement.benchmark,
            "metric": measurement.metric,
            "filter": measurement.filter,
            "score": measurement.score,
            "stderr": measurement.stderr,
            "unit": measurement.unit,
            "items": measurement.items,
            "of": measurement.of,
            "truncated": measurement.truncated,
            "empty": measurement.empty,
            "refused": measurement.refused,
            "unextracted": measurement.unextracted,
            "failed": measurement.failed,
            "evaluator": run.evaluator,
            "evaluator_version": run.evaluator_version,
            "backend": run.server.backend if run.server else None,
            "backend_version": run.server.version if run.server else None,
            "settings": run.settings.model_dump_json(exclude_none=True),
            "started": run.started.isoformat(),
            "finished": run.finished.isoformat() if run.finished else None,
            "record": json.dumps(record, ensure_ascii=False),
        }
        for measurement in run.measurements
    ]


def _names(text: str) -> list[str]:
    return text.split()


CLAIM_COLUMNS = _names(
    "claim_id model variant commit benchmark benchmark_text said value low high unit qualifier claimant by settings "
    "source_url source_sha256 source_kind read_at place note supersedes record"
)
RESULT_COLUMNS = _names(
    "run_id model commit artifact_key quantization benchmark metric filter score stderr unit items of truncated empty "
    "refused unextracted failed evaluator evaluator_version backend backend_version settings started finished record"
)


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows with a heading; an unknown is an empty cell. Raises UserError if the disk is full.

    A text that a spreadsheet would take for a formula gets a quotation mark in front; `record` keeps it as it was.
    """
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows({name: no_formula(value) for name, value in row.items()} for row in rows)
    write_atomic(path, text.getvalue().encode("utf-8", "replace"))


def write_parquet(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as zstd Parquet, numbers as doubles and integers, all else as text."""
    import pyarrow
    import pyarrow.parquet

    doubles = {"value", "low", "high", "score", "stderr"}
    integers = {"items", "of", "truncated", "empty", "refused", "unextracted", "failed"}
    kinds = [
        pyarrow.float64() if name in doubles else pyarrow.int64() if name in integers else pyarrow.string()
        for name in columns
    ]
    schema = pyarrow.schema(list(zip(columns, kinds, strict=True)))
    table = pyarrow.Table.from_pylist(list(rows), schema=schema)
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    write_atomic(path, sink.getvalue().to_pybytes())
