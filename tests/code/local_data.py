"""Data sets of the hub as folders, so that lm-eval's own tasks read them unchanged: it takes a folder of that name in
the working directory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_dataset(root: Path, name: str, rows: Iterable[Mapping[str, Any]], config: str = "default") -> None:
    """`root/org/name` with one split `test`."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    lines = ["---", "configs:", f"- config_name: {config}", "  data_files:", "  - split: test", "    path: test.jsonl"]
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]), encoding="utf-8")
