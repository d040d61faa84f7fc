"""Two runs of one benchmark item by item: by how much they differ, and what makes the difference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.home import Home
from warehouse.verdicts.statistics.paired_difference import PairedDifference, paired_difference

CHANCE = 0.05
"""p-value from which on a difference counts as more than chance."""
Key = tuple[Any, ...]


@dataclass(frozen=True)
class PairedRuns:
    """What two runs say about the items that both have."""

    difference: PairedDifference
    unpaired: int
    """Items that only one of them has."""
    same_prompt: int | None
    """Paired items with equal prompts; None where a run does not tell its prompts."""
    graded_apart: int
    """Items with the same extracted answer that are graded differently: the extraction or the grading differs."""
    answered_apart: int
    """Items with the same prompt and other answers that are graded differently: model, sampling or server differ."""

    @property
    def sentence(self) -> str:
        """The comparison in one line."""
        d = self.difference
        words = f"{100 * d.mean:+.1f} points on {d.items:,} paired items ({d.won:,} better, {d.lost:,} worse, "
        words += f"p={d.p_value:.2g})"
        if d.won + d.lost == 0:
            return f"{words}: the same item by item"
        causes = []
        if self.graded_apart > (d.won + d.lost) / 2:
            causes.append(f"extraction: {self.graded_apart:,} have the same answer and another grade")
        if self.same_prompt is not None and self.same_prompt < d.items / 2:
            causes.append(f"prompt: only {self.same_prompt:,} were asked the same")
        if self.answered_apart > (d.won + d.lost) / 2:
            causes.append(f"model, sampling or server: {self.answered_apart:,} answered the same prompt otherwise")
        chance = "no more than chance" if d.p_value > CHANCE else "more than chance"
        return f"{words}: {chance}; {', '.join(causes) or 'the files do not tell whether prompts or answers are equal'}"


def compare_runs(home: Home, first: str, second: str, metric: str, filter: str) -> PairedRuns | None:
    """The second run against the first, over the items of one score; items pair by task and document, else by prompt.
    None where either has no items, or none of them pair."""
    left, right = (_items(home.runs / run_id / "items.parquet", metric, filter) for run_id in (first, second))
    for key in (_by_document, _by_prompt):
        ours, theirs = _keyed(left, key), _keyed(right, key)
        both = [name for name in ours if name in theirs]
        if both:
            pairs = [(ours[name], theirs[name]) for name in both]
            return _compared(pairs, len(ours) + len(theirs) - 2 * len(both))
    return None


def item_values(home: Home, run_id: str, metric: str, filter: str) -> list[tuple[tuple[str, int], float]]:
    """The items of one score of a run with their values, in its order; those without a score are left out."""
    rows = _items(home.runs / run_id / "items.parquet", metric, filter)
    rows.sort(key=lambda row: row["position"])
    return [((row["task"], row["doc_id"]), row["value"]) for row in rows if row["value"] is not None]


def _compared(pairs: list[tuple[dict[str, Any], dict[str, Any]]], unpaired: int) -> PairedRuns | None:
    known = [(ours, theirs) for ours, theirs in pairs if ours["value"] is not None and theirs["value"] is not None]
    if not known:
        return None
    hashed = [pair for pair in known if pair[0].get("prompt_sha256") and pair[1].get("prompt_sha256")]
    differ = [pair for pair in known if pair[0]["value"] != pair[1]["value"]]
    graded = [pair for pair in differ if pair[0]["extracted"] and pair[0]["extracted"] == pair[1]["extracted"]]
    answered = [pair for pair in differ if pair not in graded and _asked_the_same(*pair)]
    return PairedRuns(
        paired_difference([ours["value"] for ours, _ in known], [theirs["value"] for _, theirs in known]),
        unpaired,
        sum(_asked_the_same(*pair) for pair in hashed) if hashed else None,
        len(graded),
        len(answered),
    )


def _asked_the_same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return bool(ours.get("prompt_sha256")) and ours.get("prompt_sha256") == theirs.get("prompt_sha256")


def _items(path: Path, metric: str, filter: str) -> list[dict[str, Any]]:
    """First repeats of one score; none where the run has no such file or rows."""
    import pyarrow.parquet as pq

    if not path.exists():
        return []
    wanted = ["task", "doc_id", "position", "repeat", "metric", "filter", "value", "extracted", "prompt_sha256"]
    with pq.ParquetFile(path) as file:
        columns = [name for name in wanted if name in file.schema_arrow.names]
        rows = file.read(columns=columns).to_pylist()
    return [row for row in rows if (row["metric"], row["filter"], row["repeat"]) == (metric, filter, 0)]


def _by_document(row: dict[str, Any]) -> Key | None:
    return row["task"], row["doc_id"]


def _by_prompt(row: dict[str, Any]) -> Key | None:
    return (row["prompt_sha256"],) if row.get("prompt_sha256") else None


def _keyed(rows: list[dict[str, Any]], key: Any) -> dict[Key, dict[str, Any]]:
    """Rows by key; a key that stands twice tells nothing and is left out."""
    by_key: dict[Key, dict[str, Any]] = {}
    twice: set[Key] = set()
    for row in rows:
        name = key(row)
        if name is None:
            continue
        if name in by_key:
            twice.add(name)
        by_key[name] = row
    return {name: row for name, row in by_key.items() if name not in twice}
