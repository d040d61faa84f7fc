"""What a week brought: found, verified, flagged, skipped and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flows.agenda import Entry, Glance


@dataclass(frozen=True)
class Line:
    """What became of one release."""

    model: str
    became: str
    """`verified`, `flagged`, `skipped`, `failed`, or `to verify` in a dry run."""
    due: str
    """Why it was due."""
    claims: int
    """Claims about it."""
    judged: int
    """Verdicts made."""
    flagged: int
    """Standing verdicts that are flagged."""
    hours_expected: float | None
    """Estimate in hours of the device."""
    hours: float | None
    """Hours it took."""
    why: str
    """Why it was skipped or failed; else where the estimate comes from."""


@dataclass(frozen=True)
class Digest:
    """One week."""

    glance: Glance
    """What watching found."""
    lines: tuple[Line, ...]
    """Releases that were due, worthiest first."""
    left: dict[str, str]
    """Models with open claims that cannot be verified -> why."""
    budget: float
    """Hours of the device that there were."""

    @property
    def expected(self) -> float:
        """Hours that the releases not left out are expected to take."""
        return sum(line.hours_expected or 0.0 for line in self.lines if line.became != "skipped")


def line(
    entry: Entry, became: str, *, why: str = "", judged: int = 0, flagged: int = 0, hours: float | None = None
) -> Line:
    """The line of an entry."""
    cost = entry.estimate
    basis = f"estimate from {cost.basis}" if cost else ""
    return Line(
        model=entry.due.model,
        became=became,
        due=entry.due.why,
        claims=entry.claims,
        judged=judged,
        flagged=flagged,
        hours_expected=cost.hours if cost else None,
        hours=hours,
        why=why or entry.left_out or basis,
    )


def headline(digest: Digest) -> str:
    """One line: how many were found, verified, flagged, failed and skipped."""
    count = dict.fromkeys(("to verify", "verified", "flagged", "failed", "skipped"), 0)
    for one in digest.lines:
        count[one.became] += 1
    parts = [f"{len(digest.glance.found)} found", *(f"{n} {name}" for name, n in count.items() if n)]
    return ", ".join(parts)


def rows(digest: Digest) -> list[dict[str, Any]]:
    """Rows for a Prefect table artifact and for JSON."""
    return [asdict(one) for one in digest.lines]


def record(digest: Digest) -> dict[str, Any]:
    """The digest for JSON."""
    seen = digest.glance
    return {
        "found": [one.model_dump(mode="json") for one in seen.found],
        "sorted_out": [one.model_dump(mode="json") for one in seen.sorted_out],
        "not_looked_at": seen.failed,
        "releases": rows(digest),
        "left": digest.left,
        "budget_hours": digest.budget,
        "expected_hours": digest.expected,
    }


def markdown(digest: Digest) -> str:
    """A page for a Prefect Markdown artifact; names are escaped."""
    lines = [f"# {headline(digest)}", "", f"Budget {digest.budget:g} h, expected {digest.expected:.1f} h.", ""]
    lines += ["| release | due | became | claims | judged | flagged | expected | took | why |"]
    lines += ["|---|---|---|---:|---:|---:|---:|---:|---|"]
    for one in digest.lines:
        cells = [one.model, one.due, one.became, one.claims, one.judged, one.flagged]
        cells += [_hours(one.hours_expected), _hours(one.hours), one.why]
        lines.append("| " + " | ".join(_cell(str(cell)) for cell in cells) + " |")
    seen = digest.glance
    lines += _section("Not looked at", seen.failed)
    lines += _section("Found", {one.model: one.kind for one in seen.found})
    lines += _section("Sorted out", {one.model: str(one.reason) for one in seen.sorted_out})
    lines += _section("Cannot be verified", digest.left)
    return "\n".join(lines) + "\n"


def grouped(reasons: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """(reason, models), the reason of most models first."""
    found: dict[str, list[str]] = {}
    for model, reason in reasons.items():
        found.setdefault(reason, []).append(model)
    return sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))


def _section(title: str, reasons: Mapping[str, str]) -> Iterable[str]:
    if not reasons:
        return []
    entries = [f"- {_cell(reason)}: {_cell(', '.join(models))}" for reason, models in grouped(reasons)]
    return ["", f"## {title}", "", *entries]


def _hours(hours: float | None) -> str:
    return "" if hours is None else f"{hours:.2f} h"


def _cell(text: str) -> str:
    for character in "\\|`<>[]*_":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())
