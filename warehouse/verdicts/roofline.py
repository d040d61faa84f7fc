"""What the claimed hardware could do at most, for a claim that cannot be tested here: an estimate, labelled so."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from evaluators.records import Measurement, Settings
from warehouse.claim_records import Reason
from warehouse.verdicts.hardware_names import COUNT, machine, same_machine

TABLE = Path(__file__).with_name("bandwidth.yaml")


@cache
def bandwidths() -> dict[str, float]:
    """Hardware name -> memory bandwidth in bytes per second."""
    rows = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {str(name): 1e9 * float(value) for name, value in rows.items()}


def bandwidth(hardware: str) -> tuple[str, float] | None:
    """Name and memory bandwidth (bytes per second, all devices together) of claimed hardware; None if not known. Of
    several entries that fit, the most exact one."""
    stated = machine(hardware)
    single = COUNT.sub(" ", hardware)
    fitting = [
        name
        for name in bandwidths()
        if same_machine(name, single) and (entry := machine(name)).form in (None, stated.form)
        if entry.memory in (None, stated.memory)
    ]
    if not fitting:
        return None
    best = max(fitting, key=len)
    return (best if stated.count == 1 else f"{stated.count}x {best}"), stated.count * bandwidths()[best]


def roofline(claimed: Settings, measurement: Measurement) -> Reason | None:
    """The estimate as a reason, for output speed of one stream on hardware that the claim names: bandwidth over the
    bytes of weights that a token reads. The KV cache, computing and the program's overhead are not in it, so real
    speeds lie below; speculative decoding can pass it. None where something is unknown."""
    stored = measurement.evidence.get("weight_bytes_per_token")
    if not claimed.hardware or not stored or measurement.benchmark != "output_speed" or (claimed.concurrency or 1) > 1:
        return None
    known = bandwidth(claimed.hardware)
    if known is None:
        return None
    name, speed = known
    limit = speed / int(stored)
    text = (
        f"estimate, not measured: {name} reads {speed / 1e9:,.0f} GB/s, a token {_size(int(stored))} of weights, "
        f"so at most about {limit:,.0f} tok/s of one stream"
    )
    return Reason(code="roofline_estimate", text=text)


def _size(number: int) -> str:
    return f"{number / 1e9:.3g} GB" if number >= 1e8 else f"{number / 1e6:.3g} MB"
