"""Claims, conflicts and imports as text for people. What a card says is shown as text, never as markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.runtime.plain_text import printable
from warehouse.claim_records import Claim
from warehouse.claims.ledger import Conflict
from warehouse.claims.sentences.candidate_store import Candidate


def cell_text(text: object) -> Text:
    """Text without markup, control characters or changes of writing direction."""
    return Text(printable("" if text is None else text).replace("\n", " "))


def print_list(out: Console, rows: Sequence[dict[str, Any]]) -> None:
    """One line a claim."""
    if not rows:
        out.print("no claims; `claimcheck claims import FILE` or `claimcheck verify RELEASE` brings some")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("model")
    table.add_column("benchmark")
    table.add_column("said", max_width=28)
    table.add_column("claimant")
    table.add_column("source", overflow="fold", ratio=1)
    for row in rows:
        name = row["benchmark"] or f"{row['benchmark_text']} (unresolved)"
        model = row["model"] + (f" ({row['variant']})" if row["variant"] else "")
        by = row["claimant"] + (f" ({row['claimed_by']})" if row["claimed_by"] else "")
        source = f"{row['source_url']}, {row['place']}"
        table.add_row(row["claim_id"][:8], *(cell_text(cell) for cell in (model, name, row["said"], by, source)))
    out.print(table)


def print_claim(out: Console, claim: Claim) -> None:
    """Everything about one claim."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    interval = claim.interval
    read = (
        f"{interval.low} to {interval.high} {interval.unit} ({interval.qualifier.value})"
        if interval
        else "not a number"
    )
    facts: list[tuple[str, object]] = [
        ("id", claim.claim_id),
        ("model", claim.model + (f" ({claim.variant})" if claim.variant else "")),
        ("benchmark", f"{claim.benchmark or 'unresolved'}, printed as {claim.benchmark_text}"),
        ("said", claim.said),
        ("read as", read),
        ("claimant", claim.claimant.value + (f" ({claim.by})" if claim.by else "")),
        ("source", claim.source.url),
        ("place", claim.place),
        ("read at", f"{claim.source.read_at:%Y-%m-%d %H:%M} UTC, SHA-256 {claim.source.sha256[:16]}"),
        ("note", claim.note),
        ("supersedes", claim.supersedes),
    ]
    facts += [(name, value) for name, value in claim.settings.model_dump(exclude_none=True, exclude={"notes"}).items()]
    facts += [("stated nearby", note) for note in claim.settings.notes]
    for name, value in facts:
        if value not in (None, ""):
            table.add_row(name, cell_text(value))
    out.print(table)


def print_conflicts(out: Console, conflicts: Sequence[Conflict]) -> None:
    """Each conflict with its claims."""
    for conflict in conflicts:
        out.print(cell_text(f"{conflict.model}  {conflict.benchmark}"), style="bold")
        for row in conflict.claims:
            by = row["claimed_by"] or row["claimant"]
            where = f"{row['source_url']}, {row['place']}"
            out.print(cell_text(f"  {row['claim_id'][:8]}  {row['said']}  {row['benchmark_text']}  {by}  {where}"))
    if not conflicts:
        out.print("no conflicts")


def _listed(kind: str, line: dict[str, Any]) -> str:
    """A line of a dry run: what would be kept, with its place."""
    settings = ", ".join(f"{name} {value}" for name, value in line["settings"].items() if name != "notes")
    words = "; ".join(line["settings"].get("notes", ()))
    told = " ".join(part for part in (f"[{settings}]" if settings else "", f"({words})" if words else "") if part)
    name = line["benchmark"] or f"{line['benchmark_text']} (unresolved)"
    return f"  {kind.removesuffix('s'):9} {line['place']}: {line['model']}  {name}  {line['said']}  {told}".rstrip()


def print_candidates(out: Console, candidates: Sequence[Candidate]) -> None:
    """Each candidate with its sentence."""
    for candidate in candidates:
        claim = candidate.claim
        by = f"proposed by {claim.proposed_by}"
        out.print(cell_text(f"{claim.claim_id[:8]}  {claim.model}  {claim.benchmark}  {claim.said}"), style="bold")
        out.print(cell_text(f"  {claim.source.url}, {claim.place}, {by}"))
        out.print(cell_text(f"  {claim.note}"))
    if not candidates:
        out.print("no candidates; `claimcheck claims import FILE` finds some in sentences")
    else:
        out.print("`claimcheck claims confirm ID` or `claimcheck claims reject ID` decides")


def print_import(out: Console, outcome: dict[str, Any], *, most: int = 20) -> None:
    """What was read from each file, what was not and why."""
    for file in outcome["files"]:
        if "problem" in file:
            out.print(cell_text(f"{file['file']}: not read: {file['problem']}"), style="yellow")
            continue
        counts = f"{file['claims']:,} claims, {file['mentions']:,} mentions of other models"
        out.print(cell_text(f"{file['file']}: {file['kind']}, {counts}"))
        for kind, lines in file.get("listed", {}).items():
            for line in lines:
                out.print(cell_text(_listed(kind, line)))
        if waiting := file.get("candidates"):
            out.print(f"  {waiting:,} candidates from sentences: `claimcheck claims candidates` lists them")
        if pictures := file.get("pictures"):
            shown = ", ".join(pictures[:5]) + (", ..." if len(pictures) > 5 else "")
            out.print(cell_text(f"  {len(pictures):,} pictures, whose numbers are not read: {shown}"))
        for draft in file.get("names", [])[:most]:
            hint = f"{draft['name']} may be {', '.join(draft['suggestions'])}"
            out.print(cell_text(f'  {hint}; settle it: claimcheck models alias "{draft["name"]}" ORG/NAME'))
        for benchmark in file["unresolved"][:most]:
            hint = f" (did you mean {', '.join(benchmark['suggestions'])}?)" if benchmark["suggestions"] else ""
            out.print(cell_text(f"  unknown benchmark: {benchmark['benchmark']}{hint}"))
        for part in file["unread"][:most]:
            line = f"line {part['line']}: " if part["line"] else ""
            out.print(cell_text(f"  not read: {line}{part['text']}: {part['reason']}"))
        if len(file["unread"]) > most:
            out.print(f"  and {len(file['unread']) - most:,} more not read (--json shows all)")
    out.print(f"{outcome['new']:,} new claims in the ledger" if outcome["kept"] else "nothing kept (--dry-run)")
