"""`claimcheck plan`: what verifying a release would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from evaluators.user_error import UserError
from flows.cli.output import print_json
from flows.config import configuration
from flows.options import VerifyOptions

if TYPE_CHECKING:
    from evaluators.records import Hardware
    from flows.verification.cost import ClaimPlan, ReleasePlan

GIB = 2**30


def plan(
    release: str,
    /,
    *,
    options: Annotated[VerifyOptions, Parameter(name="*")] | None = None,
    card: str | None = None,
    memory: float | None = None,
    watts: float | None = None,
    kwh_price: float | None = None,
    hour_price: float | None = None,
    json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """Say what a verification would take: what is pulled, whether it fits, hours and tokens, and what stays undecided.

    Works without a network for releases that the ledger knows. Before a first run the hours come from the memory
    bandwidth of the machine and the size of the model, and are rough.

    Parameters
    ----------
    release
        `org/name` on the hub, or a folder laid out like a hub repository.
    card
        Plan for this graphics card instead of this machine, e.g. "RTX 4090".
    memory
        Memory of that card in GB, as on its box.
    watts
        Power that the machine draws while it runs: gives the energy.
    kwh_price
        Price of a kilowatt-hour in your currency; needs --watts.
    hour_price
        Price of an hour of the machine in your currency.
    json
        JSON instead of text.
    """
    from flows.cli.text.plan_text import print_plan
    from flows.verification.cost import release_plan
    from warehouse.home import Home

    for name, value in (("--watts", watts), ("--kwh-price", kwh_price), ("--hour-price", hour_price)):
        if value is not None and value < 0:
            raise UserError(f"{name} is {value:g}; give a number of 0 or more")
    if kwh_price is not None and watts is None:
        raise UserError("--kwh-price says what energy costs; give --watts too")
    planned = release_plan(release, options or VerifyOptions(), Home(configuration().home), _machine(card, memory))
    record = plan_record(planned, watts=watts, kwh_price=kwh_price, hour_price=hour_price)
    if json:
        print_json(record)
    else:
        print_plan(record)


def _machine(card: str | None, memory: float | None) -> Hardware | None:
    """The card to plan for; None: this machine. Raises UserError if nothing says how much memory it has."""
    if card is None and memory is None:
        return None
    from evaluators.records import Hardware
    from warehouse.verdicts.hardware_names import machine

    named = machine(card or "")
    memory_each = memory or named.memory
    if not memory_each or memory_each < 0:
        raise UserError(f"how much memory {card or 'the card'} has is not known; give --memory in GB")
    return Hardware(gpu=card or "a card", gpus=named.count, gpu_memory=round(memory_each * GIB))


def plan_record(
    planned: ReleasePlan, *, watts: float | None = None, kwh_price: float | None = None, hour_price: float | None = None
) -> dict[str, Any]:
    """A plan as JSON: weights, runs, totals, claims. Hours are those expected if every claim is true under its most
    plausible protocol; `most_hours` if nothing is decided early."""
    from dataclasses import asdict

    from evaluators.protocols.release_kind import kind_words
    from flows.verification.cost import basis_of

    subject, here = planned.subject, [run for run in planned.runs if run.lacking is None]
    first = [run for run in here if run.first]
    hours = (planned.starting + sum(run.seconds for run in first)) / 3600
    total: dict[str, Any] = {
        "runs": len(first),
        "hours": round(hours, 4),
        "most_hours": round((planned.starting + sum(run.most_seconds for run in here)) / 3600, 4),
        "requests": sum(run.requests for run in first),
        "tokens_read": sum(run.read for run in first),
        "tokens_written": sum(run.written for run in first),
        "starting_seconds": round(planned.starting, 1),
    }
    money = 0.0 if hour_price is None else hours * hour_price
    if watts is not None:
        total["kwh"] = round(hours * watts / 1000, 3)
        money += total["kwh"] * (kwh_price or 0.0)
    if hour_price is not None or kwh_price is not None:
        total["price"] = round(money, 2)
    return {
        "model": subject.model,
        "kind": subject.kind.model_dump(mode="json", exclude_none=True),
        "kind_words": kind_words(subject.kind),
        "notes": list(subject.notes),
        "weights": None if subject.weights is None else asdict(subject.weights),
        "total": total,
        "basis": basis_of(first),
        "speed": planned.speed.how,
        "runs": [asdict(run) for run in planned.runs],
        "claims": [_row(claim_plan) for claim_plan in planned.claims],
    }


def _row(claim_plan: ClaimPlan) -> dict[str, Any]:
    claim, prospects = claim_plan.claim, claim_plan.plan.prospects if claim_plan.plan else ()
    return {
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


def _settings(protocol: Any) -> dict[str, dict[str, Any]]:
    """Every setting of a protocol with its origin."""
    values = protocol.settings.model_dump(exclude_none=True, exclude={"notes"})
    return {
        name: {"value": value, "origin": protocol.origins[name].value}
        for name, value in values.items()
        if name in protocol.origins
    }
