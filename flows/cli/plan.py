"""`claimcheck plan`: what verifying a release would take."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from flows.cli.output import console, print_json
from flows.config import configuration
from flows.options import VerifyOptions


def plan(
    release: str,
    /,
    *,
    options: Annotated[VerifyOptions, Parameter(name="*")] | None = None,
    budget: float | None = None,
    json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """Say what a verification would take: items until a verdict, requests, tokens, time, and what cannot be decided.

    Parameters
    ----------
    release
        `org/name` on the hub, or a folder laid out like a hub repository.
    budget
        Share of a benchmark's items that may be used, e.g. 0.5; without it half of those with 5,000 items or more.
    json
        JSON instead of a table.
    """
    from evaluators.protocols.release_kind import kind_words
    from flows.verification.cost import claim_plans
    from warehouse.home import Home

    settings, options = configuration(), options or VerifyOptions()
    model, kind, found = claim_plans(release, options, Home(settings.home), budget=budget)
    rows = [_row(claim_plan) for claim_plan in found]
    if json:
        print_json({"model": model, "kind": kind.model_dump(mode="json", exclude_none=True), "claims": rows})
    else:
        console().print(kind_words(kind), highlight=False, markup=False)
        _print(model, rows)


def _row(claim_plan: Any) -> dict[str, Any]:
    claim, prospects = claim_plan.claim, claim_plan.plan.prospects if claim_plan.plan else ()
    row: dict[str, Any] = {
        "claim_id": claim.claim_id,
        "benchmark": claim.benchmark_text,
        "claimed": claim.said,
        "kind": claim_plan.kind,
        "protocol": claim_plan.protocol.name if claim_plan.protocol else None,
        "settings": _settings(claim_plan.protocol) if claim_plan.protocol else {},
        "items": claim_plan.plan.total if claim_plan.plan else None,
        "margin": claim_plan.criterion.margin if claim_plan.criterion else None,
        "expected_items": {f"{100 * prospect.gap:g}": prospect.items for prospect in prospects},
        "cannot": [
            *(claim_plan.plan.sentences if claim_plan.plan else ()),
            *([claim_plan.text] if claim_plan.text else []),
            *(f"not run: {missing}" for missing in claim_plan.missing),
        ],
    }
    if claim_plan.cost and prospects:
        expected = prospects[0].items
        row["cost"] = {
            "requests": round(expected * claim_plan.cost.requests),
            "tokens": round(expected * claim_plan.cost.tokens),
            "seconds": round(expected * claim_plan.cost.seconds, 1),
        }
    return row


def _settings(protocol: Any) -> dict[str, dict[str, Any]]:
    """Every setting of a protocol with its origin."""
    values = protocol.settings.model_dump(exclude_none=True, exclude={"notes"})
    return {
        name: {"value": value, "origin": protocol.origins[name].value}
        for name, value in values.items()
        if name in protocol.origins
    }


def _how(row: dict[str, Any]) -> str:
    """A protocol in a cell: its name, and the settings that the claim, the user or the release decided."""
    if not row["protocol"]:
        return ""
    by_origin: dict[str, list[str]] = {}
    for name, setting in row["settings"].items():
        if setting["origin"] != "benchmark":
            by_origin.setdefault(setting["origin"], []).append(f"{name} {setting['value']}")
    return "; ".join([row["protocol"], *(f"{origin}: {', '.join(said)}" for origin, said in by_origin.items())])


def _print(model: str, rows: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{model}: items expected until a verdict, if the claim is", title_justify="left")
    for name in (
        "benchmark",
        "claimed",
        "protocol",
        "true",
        "3 off",
        "5 off",
        "10 off",
        "of",
        "cost if true",
        "remarks",
    ):
        table.add_column(name, justify="right" if name[0].isdigit() or name in ("true", "of") else "left")
    for row in rows:
        expected = row["expected_items"]
        cells = [f"{expected[gap]:,}" if gap in expected else "" for gap in ("0", "3", "5", "10")]
        remarks = "; ".join(row["cannot"]) or {"specification": "read from the files", "speed": "7 runs"}.get(
            row["kind"], ""
        )
        of = f"{row['items']:,}" if row["items"] else ""
        table.add_row(row["benchmark"], Text(row["claimed"]), Text(_how(row)), *cells, of, _cost(row), Text(remarks))
    console().print(table)


def _cost(row: dict[str, Any]) -> str:
    if row["kind"] != "scores":
        return ""
    if "cost" not in row:
        return "not known before a first run"
    cost = row["cost"]
    return f"{cost['requests']:,} requests, {cost['tokens']:,} tokens, {cost['seconds']:,.0f} s"
