"""`claimcheck show`: one claim on one page."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from flows.cli.output import STYLE
from warehouse.queries.table import ClaimDetails
from warehouse.reports.formatting import interval, number

LONGEST_ANSWER = 300


def _show(out: Console, what: str | Table) -> None:
    """Print a line of our markup, in which strangers' text is escaped, or a table."""
    out.print(what, markup=True, highlight=False)


def print_details(out: Console, found: ClaimDetails) -> None:
    """Claim, verdict with its reasons, settings diff, provenance, history, sample items."""
    row, claim = found.row, found.claim
    _show(
        out,
        f"[bold]{escape(row['model'])}[/]  {escape(row['benchmark_text'])}  claimed [bold]{escape(row['claimed'])}[/]",
    )
    _show(
        out,
        f"  said by  {escape(row['claimant'])}{' (' + escape(row['claimed_by']) + ')' if row['claimed_by'] else ''}",
    )
    _show(
        out, f"  read in  {escape(row['source_url'])}, {escape(row['place'])}, sha256 {claim['source']['sha256'][:16]}…"
    )
    if claim.get("interval"):
        allowed = claim["interval"]
        span = interval(allowed.get("low"), allowed.get("high"), allowed.get("unit"), points=2)
        words = span or allowed.get("text") or number(allowed.get("value"), allowed["unit"])
        unit = "percent" if allowed["unit"] == "fraction" else allowed["unit"]
        remark = f" ({allowed['remark']})" if allowed.get("remark") else ""
        _show(out, f"  allows   {escape(words)} {unit}, {allowed['qualifier']}{escape(remark)}")
    if not found.verdicts:
        _show(out, "  outcome  unverified: nothing was run for this claim yet")
        return
    verdict = found.verdicts[0]
    style = STYLE.get(verdict["outcome"], "")
    comparability = f", settings {verdict['comparability']}" if verdict["comparability"] else ""
    flag = ", flagged" if verdict["flagged"] else ""
    _show(out, f"  outcome  [{style}]{verdict['outcome']}[/]{comparability}{flag}")
    _show(out, f"  {escape(verdict['headline'])}")
    if len(verdict.get("by_protocol") or ()) > 1:
        _show(out, _protocols(verdict["by_protocol"]))
    if verdict["reasons"]:
        _show(out, "\n[bold]Reasons[/]")
    for reason in verdict["reasons"]:
        shown = f" ({', '.join(reason['items'])})" if reason["items"] else ""
        _show(out, f"  {reason['code']}: {escape(reason['text'])}{escape(shown)}")
    if verdict["compared"]:
        _show(out, _settings(verdict["compared"]))
    if found.run:
        _print_run(out, found.run)
    _print_others(out, found)
    if len(found.verdicts) > 1:
        _show(out, "\n[bold]Earlier verdicts[/]")
        for earlier in found.verdicts[1:]:
            _show(out, f"  {earlier['judged_at'][:19]}  {earlier['outcome']}  {escape(earlier['headline'])}")
    if found.items:
        _show(out, "\n[bold]Items[/]")
    for item in found.items:
        _print_item(out, item)


def _protocols(results: list[dict[str, Any]]) -> Table:
    """What came out under each protocol, and the band of the scores."""
    scores = [result["score"] for result in results if result["score"] is not None]
    band = f": {number(min(scores), 'fraction')} to {number(max(scores), 'fraction')}" if scores else ""
    table = Table(title=f"By protocol{band}", title_style="bold", title_justify="left")
    for name in ("protocol", "measured", "items", "outcome", "run"):
        table.add_column(name)
    for result in results:
        measured = "—" if result["score"] is None else number(result["score"], "fraction")
        measured += f" {interval(result['low'], result['high'], 'fraction')}" if result["low"] is not None else ""
        items = f"{result['items']:,} of {result['of']:,}" if result["of"] else "—"
        outcome = result["outcome"].replace("_", " ") + ("" if result["plausible"] else " (asked for by the user)")
        table.add_row(Text(result["protocol"]), measured, items, outcome, result["run_id"] or "—")
    return table


def _print_others(out: Console, found: ClaimDetails) -> None:
    """What other runs of the same claim say, and in which settings they differ from the one above."""
    if not found.others:
        return
    outcomes = {found.row["outcome"], *(other["outcome"] for other in found.others)}
    apart = len(outcomes & {"confirmed", "below_claim", "above_claim"}) > 1
    _show(out, f"\n[bold]Other runs[/]{' [red]that contradict each other[/]' if apart else ''}")
    for other in found.others:
        whose = "ours" if other["ran_by"] == "us" else other["made_by"] or "others"
        style = STYLE.get(other["outcome"], "")
        _show(out, f"  {escape(whose)}, {escape(other['program'])}: [{style}]{other['outcome']}[/]")
        _show(out, f"    {escape(other['headline'])}")
        pairs = (
            f"{name} {_told(mine)} here, {_told(theirs)} there" for name, (mine, theirs) in other["differ"].items()
        )
        if other.get("paired"):
            _show(out, f"    item by item: {escape(other['paired'])}")
        _show(out, f"    differs: {escape('; '.join(pairs) or 'nothing that is known')}")


def _told(value: object) -> str:
    return "not told" if value is None else "whole" if value == "" else str(value)


def _settings(compared: list[dict[str, Any]]) -> Table:
    table = Table(title="Settings", title_style="bold", title_justify="left")
    for name in ("setting", "claimed", "measured", "relation"):
        table.add_column(name)
    for line in compared:
        style = "red" if line["relation"] == "differs" else ""
        claimed = "not stated" if line["claimed"] is None else line["claimed"] or "whole"
        measured = "—" if line["measured"] is None else line["measured"] or "whole"
        table.add_row(line["setting"], Text(claimed), Text(measured), line["relation"].replace("_", " "), style=style)
    return table


def _print_run(out: Console, run: dict[str, Any]) -> None:
    _show(out, "\n[bold]Run[/]")
    artifact, server = run.get("artifact"), run.get("server")
    _show(
        out, f"  {escape(run['run_id'])}  {run['evaluator']} {escape(run['evaluator_version'])}  {run['started'][:19]}"
    )
    _show(out, f"  release  {escape(run['release']['model'])} @ {run['release']['commit'][:12]}")
    if artifact:
        for file in artifact["files"]:
            size = number(file["size"], "bytes")
            _show(out, f"  file     {escape(file['name'])}  {size}  sha256 {file['sha256'][:16]}…")
    if run.get("protocol"):
        _show(out, f"  asked    {escape(run['protocol'])}")
        decided: dict[str, list[str]] = {}
        for name, origin in (run.get("origins") or {}).items():
            if run["settings"].get(name) is not None:
                decided.setdefault(origin, []).append(f"{name} {run['settings'][name]}")
        for origin, held in decided.items():
            _show(out, f"  by {origin}: {escape(', '.join(held))}")
    if server:
        flags = " ".join(f"{name}={value}" for name, value in server["flags"].items())
        _show(out, f"  server   {server['backend']} {escape(server['version'])}  {escape(flags)}")
    for measurement in run["measurements"]:
        for key, text in (measurement.get("evidence") or {}).items():
            _show(out, f"  {key:8} {escape(text)}")


def _print_item(out: Console, item: dict[str, Any]) -> None:
    value = "no score" if item["value"] is None else f"{item['value']:g}"
    _show(out, f"  {escape(item['task'])}/{item['doc_id']}  score {value}  {item['status']}")
    if item["choices"]:
        logprobs = ", ".join("—" if value is None else f"{value:.2f}" for value in item["choices"])
        _show(out, f"    choices   log-likelihoods {logprobs}")
    if item["answer"] is not None:
        answer = item["answer"] if len(item["answer"]) <= LONGEST_ANSWER else item["answer"][:LONGEST_ANSWER] + "…"
        _show(out, f"    answer    {escape(repr(answer))}")
    if item["extracted"] is not None:
        _show(out, f"    extracted {escape(repr(item['extracted']))}")
    if item["target"] is not None:
        _show(out, f"    target    {escape(repr(item['target']))}")
