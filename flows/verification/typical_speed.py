"""How fast a machine will probably serve a model, before anything has run on it: by memory bandwidth and size."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evaluators.backends import ServerOptions
from evaluators.records import Hardware
from warehouse.claim_records import Claim
from warehouse.verdicts.roofline import bandwidth

UNKNOWN_GPU, UNKNOWN_CPU = 500e9, 40e9
"""Memory bandwidth in bytes per second where the machine's name is not in the table: a middling card, two channels."""
USED = 0.6
"""Share of the bandwidth that decoding one stream reaches."""
FASTEST = 400.0
"""Tokens per second of one stream that no engine passes, however small the model is."""
GAIN = {"gpu": 0.75, "cpu": 0.35}
"""Requests at a time to this power: how much more all of them decode together."""
PREFILL = {"gpu": 40.0, "cpu": 8.0}
"""Prompt tokens that are read while one stream decodes one token."""
SLOTS = {"llama.cpp": (16, 4), "vllm": (128, 8), "sglang": (64, 64), "ollama": (1, 1), "attached": (4, 4)}
"""Requests at a time by engine, on a GPU and on a processor."""
BITS = {
    "f32": 32, "bf16": 16, "f16": 16, "Q8_0": 8.5, "fp8": 8, "Q6_K": 6.6, "Q5_K_M": 5.7, "Q5_K_S": 5.5, "Q4_K_M": 4.85,
    "Q4_K_S": 4.6, "MXFP4": 4.25, "Q3_K_M": 3.9, "Q2_K": 3.0,
}  # fmt: skip
"""Bits of a parameter by quantization, largest first, whole files divided by parameters."""
USUAL_BITS = 4.85
"""Bits of a parameter where nobody has chosen weights yet: the usual quantization to run at home."""
LADDER = ("bf16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K")
"""Quantizations that are published of most releases, most exact first."""
NAMED_SIZE = re.compile(r"(?<![A-Za-z0-9.])(?:(\d+)x)?E?(\d+(?:\.\d+)?)([bBmM])(?![A-Za-z0-9])")
NAMED_ACTIVE = re.compile(r"(?<![A-Za-z0-9])A(\d+(?:\.\d+)?)[bB](?![A-Za-z0-9])")
USUAL = 8e9
"""Parameters of a model that says nothing about its size."""


@dataclass(frozen=True)
class ModelSize:
    """How large a model is."""

    parameters: float
    active: float
    """Parameters that one token uses."""
    how: str
    """Where it comes from, in words."""

    def bytes_of(self, quantization: str) -> float | None:
        """Bytes of the whole weights; None for a quantization that is not known."""
        bits = {name.casefold(): bits for name, bits in BITS.items()}.get(quantization.casefold())
        return None if bits is None else self.parameters * bits / 8


@dataclass(frozen=True)
class TypicalSpeed:
    """Tokens per second of all requests together."""

    read: float
    written: float
    single: float
    """Written by a single stream."""
    how: str
    """How they come about, in words."""


def stated_size(model: str, claims: Iterable[Claim]) -> ModelSize:
    """The size of a model by the claims about it, else by its name, else a usual one."""
    said: dict[str, float] = {}
    for claim in claims:
        if claim.benchmark in ("total_parameters", "active_parameters") and claim.interval and claim.interval.value:
            said.setdefault(claim.benchmark, claim.interval.value)
    name = model.rpartition("/")[2]
    size, active = NAMED_SIZE.search(name), NAMED_ACTIVE.search(name)
    total = said.get("total_parameters") or (_named(size) if size else None)
    how = "as claimed" if "total_parameters" in said else "by its name" if size else "nothing says its size"
    used = said.get("active_parameters") or (1e9 * float(active[1]) if active else None)
    return ModelSize(total or USUAL, min(used or total or USUAL, total or USUAL), how)


def _named(size: re.Match[str]) -> float:
    return float(size[2]) * int(size[1] or 1) * (1e9 if size[3] in "bB" else 1e6)


def typical_speed(
    machine: Hardware, weights: float, active: float, backend: str, options: ServerOptions
) -> TypicalSpeed:
    """Speeds of a machine serving weights of so many bytes, of which a token reads the share `active` (0 to 1).

    One stream: bandwidth times `USED` over the bytes read; several together gain by `GAIN`. Rough, within a factor of
    three on most machines: what the first run measures takes its place.
    """
    kind = "gpu" if machine.gpu else "cpu"
    name = machine.gpu or machine.cpu or "this machine"
    known = bandwidth(name)
    speed = known[1] if known else UNKNOWN_GPU if kind == "gpu" else UNKNOWN_CPU
    slots = options.slots or SLOTS.get(backend, (4, 4))[kind == "cpu"]
    single = min(USED * speed / max(weights * active, 1.0), FASTEST)
    told = f"{speed / 1e9:,.0f} GB/s of memory bandwidth{'' if known else ' (assumed)'} for {name}"
    together = single * slots ** GAIN[kind]
    text = f"{told}, {slots} requests at a time: about {single:,.0f} tokens/s of one, {together:,.0f} of all"
    return TypicalSpeed(single * PREFILL[kind], together, single, text)
