"""lm-eval's hashes of what was asked: whether samples are unchanged, and whether they are those of a results file.

Computed as `lm_eval.evaluator` and `lm_eval.loggers.evaluation_tracker` do (0.4.3 on): SHA-256 over the document as
JSON, over the prompt, over the target as text; and over a task's hashes of all rows one after the other.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from evaluators.outside.bounded_reading import inside, sequence, text

NAMES = ("doc_hash", "prompt_hash", "target_hash")


@dataclass
class SampleHashes:
    """Sums over the rows of one sample file."""

    rows: int = 0
    whole: int = 0
    """Rows with all three hashes."""
    same: Counter[str] = field(default_factory=Counter)
    """Rows whose own content gives the stated hash, by its name."""
    other: Counter[str] = field(default_factory=Counter)
    """Rows whose own content gives another."""
    first: dict[str, str] = field(default_factory=dict)
    """The document of the first such row, by name of the hash."""
    _joined: Any = field(default_factory=hashlib.sha256)

    def add(self, row: dict[str, Any]) -> None:
        """One more row, in the order of the file."""
        stated = [text(row.get(name)) for name in NAMES]
        self.rows += 1
        if None not in stated:
            self.whole += 1
            self._joined.update("".join(filter(None, stated)).encode())
        for name, told, content_of in zip(NAMES, stated, (_document, _prompt, _target), strict=True):
            if told is None or (content := content_of(row)) is None:
                continue
            if hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest() == told:
                self.same[name] += 1
            else:
                self.other[name] += 1
                self.first.setdefault(name, str(row.get("doc_id"))[:20])

    def task_hash(self) -> str | None:
        """The task's hash as a results file has it; None where not every row states its own."""
        return str(self._joined.hexdigest()) if self.rows and self.whole == self.rows else None

    def changed(self) -> str | None:
        """Which rows do not hold what was hashed; None if all do. A hash that no row fits is another version's."""
        for name in NAMES:
            if self.other[name] and self.same[name]:
                what = name.removesuffix("_hash").replace("doc", "document")
                return (
                    f"the {what} of {self.other[name]:,} rows (first: doc_id {self.first[name]}) is not the one that "
                    f"lm-eval hashed ({name})"
                )
        return None


def _document(row: dict[str, Any]) -> str | None:
    return json.dumps(row["doc"], indent=2, ensure_ascii=False) if "doc" in row else None


def _prompt(row: dict[str, Any]) -> str | None:
    asked = row.get("arguments")
    if isinstance(asked, list):
        first = sequence(asked[0]) if asked else []
        prompt = first[0] if first else None
    else:
        prompt = inside(asked, "gen_args_0", "arg_0")
    return prompt if isinstance(prompt, str) else None


def _target(row: dict[str, Any]) -> str | None:
    return str(row["target"]) if "target" in row else None
