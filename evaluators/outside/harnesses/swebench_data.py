"""Instances in SWE-bench's format: from a folder, or from small repositories written down as text (`swebench_hub`: from
the hub).

A folder holds `test.jsonl`, a row an instance with the fields of swebench 5 (eval_script, log_parser and eval_type
among them), and `repositories/<instance_id>/`, a git repository at the instance's base commit. A folder with
`repositories.yaml` instead is made into one (`small_repositories`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.catalogue import Benchmark
from evaluators.outside.harnesses.harness import HarnessMissing
from evaluators.outside.harnesses.small_repositories import SOURCE, build_repositories

ROWS, REPOSITORIES = "test.jsonl", "repositories"
FIELDS = (
    "instance_id", "repo", "version", "base_commit", "patch", "problem_statement", "FAIL_TO_PASS", "PASS_TO_PASS",
    "eval_script", "log_parser", "eval_type",
)  # fmt: skip
"""What a row must have."""


@dataclass(frozen=True)
class InstanceSet:
    """Instances that lie on this machine."""

    folder: Path
    """Folder with `test.jsonl` and `repositories/`."""
    rows: dict[str, dict[str, Any]]
    """By instance id, in the order of the file."""
    version: str
    """`sha256:<hex>` over the rows."""


def local_instances(benchmark: Benchmark, home: Path) -> InstanceSet:
    """The instances of an entry of the catalogue. Small repositories are built below `home`.

    Raises HarnessMissing, with the next step, for an entry without a folder, and for a folder that lacks something.
    """
    if benchmark.data_folder is None:
        raise HarnessMissing(
            f"{benchmark.title} has no data here; give its entry a data_folder with {ROWS} and {REPOSITORIES}/",
            "dataset_missing",
        )
    folder = Path(__file__).parents[2] / benchmark.data_folder
    if (folder / SOURCE).exists():
        folder = build_repositories(folder / SOURCE, home / "harnesses" / "data")
    rows = instance_rows(folder / ROWS)
    for name in rows:
        if not (folder / REPOSITORIES / name / ".git").exists():
            raise HarnessMissing(
                f"{folder / REPOSITORIES / name} is no git repository; lay it there at its base commit",
                "dataset_missing",
            )
    return InstanceSet(folder, rows, rows_version(rows))


def rows_version(rows: dict[str, dict[str, Any]]) -> str:
    """`sha256:<hex>` over rows."""
    text = json.dumps(list(rows.values()), sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def instance_rows(path: Path, fields: Sequence[str] = FIELDS) -> dict[str, dict[str, Any]]:
    """The rows of a file by instance id, in its order. Raises HarnessMissing for a row without one of the fields."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise HarnessMissing(
            f"{path} cannot be read ({error.strerror}); give data_folder a folder with it", "dataset_missing"
        ) from None
    rows: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            lacking = [name for name in fields if name not in row]
        except (ValueError, TypeError):
            raise HarnessMissing(
                f"{path}:{number} is no JSON object; write one instance a line", "dataset_missing"
            ) from None
        if lacking:
            raise HarnessMissing(
                f"{path}:{number} lacks {', '.join(lacking)}; swebench 5 writes these fields", "dataset_missing"
            )
        name = str(row["instance_id"])
        if not name or "/" in name or name.startswith(".") or name in rows:
            raise HarnessMissing(
                f"{path}:{number}: {name!r} cannot be an instance id; give each a plain name of its own",
                "dataset_missing",
            )
        rows[name] = row
    if not rows:
        raise HarnessMissing(f"{path} has no instances; write one a line", "dataset_missing")
    return rows
