"""`claimcheck show`: one claim on one page, in words that need no manual."""

from __future__ import annotations

import textwrap
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from warehouse.number_text import WITH_OWN_UNIT, interval, number
from warehouse.queries.table import ClaimDetails
from warehouse.reports.odds import board_odds, evidence_odds
from warehouse.reports.outcome_words import CLAIMANT, COMPARABILITY, ORIGIN, RELATION, outcome_words
from warehouse.reports.reasons import reference_words, setting_name, told
from warehouse.reports.repeat_command import repeat_command
from warehouse.reports.site.safe_text import safe_text
from warehouse.reports.variant_words import VARIANTS_NOTE, variant_lines

LONGEST_ANSWER = 300
"""Characters of a question or an answer."""


def print_details(out: Console, details: ClaimDetails) -> None:
    """Claim, verdict with its reasons and odds, settings, how to repeat it, provenance, history, sample items."""
    row, claim = details.row, details.claim
    _heading(out, f"{row['model']}: {row['benchmark_text']}, claimed {row['claimed']}")
    name = f" ({row['claimed_by']})" if row["claimed_by"] else ""
    _fact(out, "said by", CLAIMANT.get(row["claimant"], str(row["claimant"])) + name)
    for source in row["sources"]:
        _fact(out, "read in", f"{source['url']}, {source['place']}, SHA-256 {source['sha256'][:16]}…")
    if claim.get("interval"):
        _fact(out, "allows", _allowed(claim["interval"]))
    if not details.verdicts:
        _fact(out, "outcome", "not checked yet (unverified): nothing was run for this claim")
        return
    verdict = details.verdicts[0]
    words = outcome_words(verdict["outcome"])
    settings = COMPARABILITY.get(verdict["comparability"] or "", "")
    flag = ", flagged ⚑" if verdict["flagged"] else ""
    outcome = f"{words.symbol} {words.words}{flag}" + (f"; settings: {settings}" if settings else "")
    _fact(out, "outcome", outcome, words.style)
    _fact(out, "", verdict["headline"])
    for odds, what in evidence_odds(verdict):
        _fact(out, "evidence", f"{odds} that the score is {what}")
    if against := board_odds(verdict):
        _fact(out, "board", f"{against} against the claim with run noise, for the list of all discrepancies")
    if len(verdict.get("by_protocol") or ()) > 1:
        out.print(_protocols(verdict["by_protocol"], details.row["unit"]))
    if verdict.get("variants"):
        _heading(out, "\nMemory or ability")
        for line in variant_lines(verdict["variants"]):
            _text(out, line)
        _text(out, VARIANTS_NOTE)
    if verdict["reasons"]:
        _heading(out, "\nReasons")
    for reason in verdict["reasons"]:
        shown = f" ({', '.join(reason['items'])})" if reason["items"] else ""
        _text(out, f"  {reason['text']}{shown}")
    if verdict["compared"]:
        out.print(_settings(verdict["compared"], row["claimant"], (details.run or {}).get("origins") or {}))
    if command := repeat_command(details.run, row["model"]):
        _heading(out, "\nRepeat it")
        out.print(Text(f"  {safe_text(command, 2000)}"), soft_wrap=True)
    if details.run:
        _print_run(out, details.run)
    _print_others(out, details)
    if len(details.verdicts) > 1:
        _heading(out, "\nEarlier verdicts")
        for earlier in details.verdicts[1:]:
            words = outcome_words(earlier["outcome"])
            _text(out, f"{earlier['judged_at'][:19]}  {words.words}: {earlier['headline']}")
    if details.items:
        _heading(out, "\nSample items (troubled ones first, then wrong ones)")
    for item in details.items:
        _print_item(out, item)


def _heading(out: Console, text: str) -> None:
    lead = "\n" if text.startswith("\n") else ""
    out.print(Text(lead + safe_text(text), style="bold"))


def _text(out: Console, text: str) -> None:
    for index, line in enumerate(_lines(out, safe_text(text, 1000), 4)):
        out.print(Text(("  " if index == 0 else "    ") + line))


def _fact(out: Console, name: str, text: str, style: str = "") -> None:
    lead = f"  {name:9}" if len(name) < 9 else f"  {name}  "
    for index, line in enumerate(_lines(out, safe_text(text, 600), 11)):
        out.print(Text(lead if index == 0 else " " * 11).append(Text(line, style=style)))


def _allowed(allowed: dict[str, Any]) -> str:
    unit = allowed["unit"]
    words = interval(allowed.get("low"), allowed.get("high"), unit, points=2)
    words = words or allowed.get("text") or number(allowed.get("value"), unit)
    # a speed's or a ratio's words name their unit already
    named = {"fraction": "percent", "recovery": "percent", "difference": "points"}.get(unit)
    named = named or ("" if unit in (*WITH_OWN_UNIT, "text") else unit)
    remark = f" ({allowed['remark']})" if allowed.get("remark") else ""
    return f"{words} {named}".strip() + f", {allowed['qualifier'].replace('_', ' ')}{remark}"


def _protocols(results: list[dict[str, Any]], unit: str) -> Table:
    """What came out under each protocol, and the band of the scores."""
    scores = [result["score"] for result in results if result["score"] is not None]
    band = f": {number(min(scores), unit)} to {number(max(scores), unit)}" if scores else ""
    table = Table(title=f"By settings{band}", title_style="bold", title_justify="left", box=None, padding=(0, 2))
    for name in ("settings", "measured", "items", "outcome"):
        table.add_column(name)
    for result in results:
        measured = "—" if result["score"] is None else number(result["score"], unit)
        measured += f" {interval(result['low'], result['high'], unit)}" if result["low"] is not None else ""
        items = f"{result['items']:,} of {result['of']:,}" if result["of"] else "—"
        asked = "" if result["plausible"] else " (asked for by the user)"
        table.add_row(Text(result["protocol"]), measured, items, outcome_words(result["outcome"]).words + asked)
    return table


def _print_others(out: Console, details: ClaimDetails) -> None:
    """What other runs of the same claim say, and in which settings they differ from the one above."""
    if not details.others:
        return
    outcomes = {details.row["outcome"], *(other["outcome"] for other in details.others)}
    apart = len(outcomes & {"confirmed", "below_claim", "above_claim"}) > 1
    _heading(out, "\nOther runs" + (" that contradict each other" if apart else ""))
    for other in details.others:
        whose = "ours" if other["ran_by"] == "us" else other["made_by"] or "others"
        _text(out, f"{whose}, {other['program']}: {outcome_words(other['outcome']).words}; {other['headline']}")
        if other.get("paired"):
            _text(out, f"  item by item: {other['paired']}")
        pairs = [
            f"{name} {_known(mine)} here, {_known(theirs)} there" for name, (mine, theirs) in other["differ"].items()
        ]
        _text(out, f"  differs: {'; '.join(pairs) or 'nothing that is known'}")


def _known(value: object) -> str:
    return "not told" if value is None else "whole" if value == "" else str(value)


def _settings(compared: list[dict[str, Any]], claimant: str, origins: dict[str, str]) -> Table:
    unsaid = "vendor did not say" if claimant == "vendor" else "not stated"
    table = Table(title="Settings", title_style="bold", title_justify="left", box=None, pad_edge=False, padding=(0, 2))
    for name in ("setting", "as claimed", "as run", "together"):
        table.add_column(name)
    for line in compared:
        style = "red" if line["relation"] == "differs" else ""
        claimed = unsaid if line["claimed"] is None else told(line["claimed"])
        relation = "benchmark's usual" if line["relation"] == "assumed" else RELATION.get(line["relation"], "")
        if line["relation"] != "equal" and (origin := origins.get(line["setting"])):
            relation = f"from {ORIGIN.get(origin, origin)}"
        cells = (setting_name(line), claimed, told(line["measured"]), relation)
        table.add_row(*(Text(safe_text(cell, 200)) for cell in cells), style=style)
    return table


def _print_run(out: Console, run: dict[str, Any]) -> None:
    _heading(out, "\nRun")
    artifact, server = run.get("artifact"), run.get("server")
    if run.get("ran_by", "us") != "us":
        _fact(out, "ran by", "somebody else; only the file of results was read")
    _fact(out, "run", f"{run['run_id']}, {run['evaluator']} {run['evaluator_version']}, {run['started'][:19]} UTC")
    _fact(out, "release", f"{run['release']['model']} at commit {run['release']['commit'][:12]}")
    for file in artifact["files"] if artifact else ():
        _fact(out, "file", f"{file['name']}, {number(file['size'], 'bytes')}, SHA-256 {file['sha256'][:16]}…")
    if not artifact:
        _fact(out, "weights", "not seen")
    if server:
        flags = " ".join(f"{name}={value}" for name, value in server["flags"].items())
        _fact(out, "server", f"{server['backend']} {server['version']}  {flags}")
    for measurement in run["measurements"]:
        for key, text in (measurement.get("evidence") or {}).items():
            _fact(out, key.replace("_", " "), text)


def _print_item(out: Console, item: dict[str, Any]) -> None:
    value = "no score" if item["value"] is None else f"score {item['value']:g}"
    trouble = "" if item["status"] == "ok" else f", {item['status']}"
    _text(out, f"  {item['task']}/{item['doc_id']}: {value}{trouble}")
    if item.get("question"):
        _part(out, "question", item["question"])
    if item["choices"]:
        logprobs = ", ".join("—" if value is None else f"{value:.2f}" for value in item["choices"])
        _part(out, "choices", f"log-likelihoods {logprobs}")
        for index, option in enumerate(item.get("options") or ()):
            _part(out, f"{index:>9}", option)
    for name, key in (("answer", "answer"), ("extracted", "extracted"), ("expected", "target")):
        if item[key] is not None:
            _part(out, name, item[key])
    if item.get("reference_value") is not None:
        _part(out, "reference", reference_words(item))


def _part(out: Console, name: str, text: str) -> None:
    for index, line in enumerate(_lines(out, safe_text(text, LONGEST_ANSWER), 14)):
        out.print(Text(f"    {name if index == 0 else '':10}{line}"))


def _lines(out: Console, text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, max(out.width - indent - 12, 20), break_on_hyphens=False) or [""]
