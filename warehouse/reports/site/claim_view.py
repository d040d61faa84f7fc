"""One claim, prepared for a page: every text plain, every figure with its unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from warehouse.number_text import PAIR_UNITS, number
from warehouse.reports.odds import evidence_odds
from warehouse.reports.outcome_words import COMPARABILITY, ORIGIN, RELATION, OutcomeWords, outcome_words
from warehouse.reports.reasons import main_reason, reference_words, setting_name, told
from warehouse.reports.repeat_command import repeat_command
from warehouse.reports.site import sentences
from warehouse.reports.site.axis import Axis
from warehouse.reports.site.claim_evidence import ClaimEvidence
from warehouse.reports.site.figure import Figure, figure_of
from warehouse.reports.site.safe_text import safe_text, web_address
from warehouse.reports.variant_words import VARIANTS_NOTE, variant_lines

Row = dict[str, Any]
ANSWER = 400
"""Characters of a question or an answer."""


SHARES = ("fraction", *PAIR_UNITS)
"""Units whose margin is told in points."""


@dataclass(frozen=True)
class ClaimView:
    """What a page says about one claim."""

    row: Row
    """Its row in claims_vs_measured."""
    id: str
    outcome: OutcomeWords
    flagged: bool
    title: str
    said: str
    who: str
    measured: str
    interval: str
    basis: str
    settings: str
    """How far the settings are those of the claim."""
    why: str
    """The reason that matters most."""
    sentence: str
    """One sentence to paste."""
    figure: Figure | None


@dataclass(frozen=True)
class DetailsView:
    """What the claim's own page says beyond that."""

    settings: tuple[tuple[str, str, str, str, str], ...]
    """(setting, as claimed, as run, relation in words, relation)."""
    stated_nearby: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    """(text, items that show it)."""
    samples: tuple[Row, ...]
    history: tuple[Row, ...]
    others: tuple[tuple[str, str, str], ...]
    """(who, number as printed, claim id)."""
    protocols: tuple[tuple[str, str, OutcomeWords, bool], ...]
    """(settings, measured, outcome, whether the claim may have been made under them)."""
    variants_note = VARIANTS_NOTE
    variants: tuple[str, ...]
    """Scores on variants of the benchmark, a line each."""
    runs: tuple[tuple[str, str, OutcomeWords], ...]
    """(who and with what, measured, outcome) of runs of others."""
    disagree: bool
    """Two runs contradict each other."""
    sources: tuple[Row, ...]
    files: tuple[tuple[str, str, str], ...]
    """(name, size, SHA-256)."""
    weights: str
    """What is known about the weights, in words."""
    facts: tuple[tuple[str, str], ...]
    """(name, text) of the run and the criterion."""
    odds: tuple[tuple[str, str], ...]
    command: str | None


def claim_view(
    row: Row, axis: Axis | None, others: tuple[float, ...] = (), protocols: tuple[float, ...] = ()
) -> ClaimView:
    """The row of one claim as pages show it. others: what others measured or state; protocols: scores under each of the
    plausible settings; both in the claim's unit."""
    figure = figure_of(row, axis, others)
    if figure and axis and len(protocols) > 1:
        figure = replace(figure, band=(axis.place(min(protocols)), axis.place(max(protocols))))
    return ClaimView(
        row=row,
        id=row["claim_id"],
        outcome=outcome_words(row["outcome"]),
        flagged=bool(row["flagged"]),
        title=sentences.title(row),
        said=safe_text(row["claimed"], 80),
        who=sentences.who(row),
        measured=sentences.measured(row),
        interval=sentences.measured_interval(row),
        basis=_basis(row),
        settings=COMPARABILITY.get(row["comparability"] or "", ""),
        why=safe_text(main_reason(row), 400),
        sentence=sentences.sentence(row),
        figure=figure,
    )


def claim_details(evidence: ClaimEvidence) -> DetailsView:
    """Everything behind one claim."""
    verdict, run, row = evidence.verdict or {}, evidence.run, evidence.row
    origins = (run or {}).get("origins") or {}
    unsaid = "vendor did not say" if evidence.row["claimant"] == "vendor" else "not stated"
    return DetailsView(
        settings=tuple(_compared(line, unsaid, origins) for line in verdict.get("compared", ())),
        stated_nearby=tuple(safe_text(note) for note in (evidence.claim.get("settings") or {}).get("notes", ())[:5]),
        reasons=tuple(
            (safe_text(reason["text"]), safe_text(", ".join(reason["items"]))) for reason in verdict.get("reasons", ())
        ),
        samples=tuple(_sample(item) for item in evidence.samples),
        history=evidence.history,
        others=tuple(
            (safe_text(other["by"], 60), safe_text(other["said"], 40), other["claim_id"])
            for other in evidence.others[:12]
        ),
        protocols=tuple(
            (
                safe_text(result["protocol"], 60),
                _scored(result, row),
                outcome_words(result["outcome"]),
                bool(result["plausible"]),
            )
            for result in verdict.get("by_protocol") or ()
        ),
        variants=tuple(safe_text(line, 200) for line in variant_lines(verdict.get("variants") or ())),
        runs=tuple(
            (
                safe_text(f"{other['by'] or 'others'}, {other['harness'] or 'program not told'}", 80),
                _scored(other, row),
                outcome_words(other["outcome"]),
            )
            for other in row["others"] or ()
        ),
        disagree=bool(row["disagree"]),
        sources=tuple(_source(source) for source in evidence.row["sources"]),
        files=tuple(_files(run)),
        weights=_weights(run),
        facts=tuple(_facts(evidence)),
        odds=tuple(evidence_odds(evidence.verdict)),
        command=repeat_command(run, row["model"]),
    )


def _basis(row: Row) -> str:
    """What a measurement rests on, and who made it where we did not."""
    whose = f"run by {safe_text(row['made_by'], 40) or 'others'}" if row["ran_by"] == "imported" else ""
    return ", ".join(part for part in (sentences.basis(row), whose) if part)


def _compared(line: Row, unsaid: str, origins: Mapping[str, str]) -> tuple[str, str, str, str, str]:
    relation = line["relation"]
    words = RELATION.get(relation, relation.replace("_", " "))
    if relation != "equal" and (origin := origins.get(line["setting"])):
        words = f"{words}; from {ORIGIN.get(origin, origin)}"
    elif relation == "assumed":
        words = "benchmark's usual"
    claimed = unsaid if line["claimed"] is None else told(line["claimed"])
    return (setting_name(line), safe_text(claimed, 120), safe_text(told(line["measured"]), 120), words, relation)


def _scored(result: Row, row: Row) -> str:
    if result["score"] is None:
        return "no score"
    measured = {"unit": row["unit"], "measured": result["score"], "items": result["items"], "of": result["of"]}
    ground = sentences.basis(measured)
    return sentences.measured(measured) + (f" on {ground}" if ground else "")


def _sample(item: Row) -> Row:
    choices = item.get("choices")
    answer = item.get("answer")
    if choices:
        best = max(range(len(choices)), key=lambda index: -1e300 if choices[index] is None else choices[index])
        answer = "log-likelihoods " + ", ".join("—" if logprob is None else f"{logprob:.2f}" for logprob in choices)
        answer += f"; the greatest is choice {best}"
    return {
        "name": safe_text(f"{item['task']}/{item['doc_id']}", 80),
        "question": safe_text(item.get("question"), ANSWER),
        "answer": safe_text(answer, ANSWER),
        "extracted": safe_text(item["extracted"], 80),
        "expected": safe_text(item["target"], 120),
        "score": "no score" if item["value"] is None else f"{item['value']:g}",
        "status": item["status"],
        "reference": "" if item.get("reference_value") is None else safe_text(reference_words(item), 120),
    }


def _source(source: Row) -> Row:
    return {
        "text": safe_text(source["url"], 160),
        "link": web_address(source["url"]),
        "place": safe_text(source["place"], 80),
        "read": f"{source['read_at']:%Y-%m-%d}" if source["read_at"] else "",
        "sha256": source["sha256"],
        "title": safe_text(source["title"], 80),
    }


def _files(run: Row | None) -> list[tuple[str, str, str]]:
    files = ((run or {}).get("artifact") or {}).get("files", ())
    return [(safe_text(file["name"], 100), number(file["size"], "bytes"), file["sha256"]) for file in files[:12]]


def _weights(run: Row | None) -> str:
    if run is None:
        return "nothing was run"
    artifact = run.get("artifact")
    if artifact is None:
        return "not seen"
    release = artifact["release"]
    more = f", {len(artifact['files']):,} files" if len(artifact["files"]) > 12 else ""
    return safe_text(
        f"{release['model']} at commit {release['commit'][:12]}, {artifact['quantization']} {artifact['format']}{more}"
    )


def _facts(evidence: ClaimEvidence) -> list[tuple[str, str]]:
    run, row = evidence.run, evidence.row
    facts: list[tuple[str, str | None]] = []
    if run:
        server = run.get("server")
        facts += [
            ("run", f"{run['run_id']}, {run['started'][:16].replace('T', ' ')} UTC"),
            ("harness", f"{run['evaluator']} {run['evaluator_version']}"),
            ("task", run.get("task_version")),
            ("order seed", str(run["order_seed"])),
        ]
        if server:
            flags = " ".join(f"--{name} {value}" for name, value in server["flags"].items())
            facts += [("server", f"{server['backend']} {server['version']}"), ("flags", flags)]
            facts.append(("hardware", row["hardware"]))
    if row["margin"] is not None:
        unit = "%" if row["margin_is_relative"] else "points" if row["unit"] in SHARES else row["unit"]
        width = row["margin"] if unit == row["unit"] else 100 * row["margin"]
        facts.append(("criterion", f"claim ±{width:g} {unit}, fixed {row['criterion_stored_at']:%Y-%m-%d %H:%M} UTC"))
        facts.append(("wrong verdicts", f"at most {100 * row['alpha']:g} in 100, however often one looks"))
    return [(name, safe_text(text, 400)) for name, text in facts if text]
