"""Names of machines as claims print them and as drivers report them: are they the same?"""

from __future__ import annotations

import re
from dataclasses import dataclass

NOISE = {
    "nvidia", "geforce", "amd", "radeon", "intel", "apple", "tesla", "instinct", "gpu", "gpus", "graphics", "card",
    "cpu", "processor", "core", "cores", "single", "a", "an", "the", "on", "one", "gb", "gib", "vram", "memory", "r",
    "desktop", "tm", "c", "rtx", "gtx", "rx", "with", "nvl", "node",
}  # fmt: skip
VARIANT = {
    "ti", "super", "laptop", "mobile", "max", "pro", "ultra", "ada", "blackwell", "d", "xt", "xtx", "maxq", "se",
    "max+", "fe",
}  # fmt: skip
"""Words that tell apart machines whose numbers are the same."""
FORM = ("sxm", "pcie")
DETAIL = re.compile(r"^(hbm\w*|gddr\w*|lpddr\w*|ddr\w*|\d+(\.\d+)?[gm]hz|\d+w|sxm\d?|pcie)$")
MEMORY = re.compile(r"^(\d+)\s*gi?b$")
COUNT = re.compile(r"(?<![\w.])(\d{1,3})\s*[x×](?!tx?\b)\s*(?=[a-z])|(?<=[\s\d])[x×]\s?(\d{1,3})\b", re.IGNORECASE)
"""`2x H100` or `H100 x2`."""
WORD = re.compile(r"[a-z0-9.]+\+?")


@dataclass(frozen=True)
class Machine:
    """What a name says."""

    count: int
    numbers: frozenset[str]
    """Words with a digit, e.g. `4090`, `h100`, `m3`."""
    variants: frozenset[str]
    """`ti`, `laptop`, `max`, ..."""
    others: frozenset[str]
    """Further words, e.g. `epyc`."""
    memory: int | None
    """GB, if the name says so."""
    form: str | None
    """`sxm` or `pcie`."""


def machine(text: str) -> Machine:
    """Read a name such as `2x NVIDIA H100 80GB HBM3`, `RTX4090`, `M3 Max (64GB)`, `RTX 4090 x2`."""
    low = re.sub(r"\((r|tm|c)\)|[®™]", " ", text.casefold())
    count = 1
    if match := COUNT.search(low):
        count = int(match[1] or match[2])
        low = low[: match.start()] + " " + low[match.end() :]
    low = re.sub(r"\b(rtx|gtx|rx)(?=\d)", r"\1 ", low)
    low = re.sub(r"\b\d+[- ]cores?\b", " ", low)
    low = re.sub(r"(\d+)\s+(gi?b)\b", r"\1\2", low)
    words = [word.rstrip(".") for word in WORD.findall(low)]
    form = next((form for form in FORM for word in words if word.startswith(form)), None)
    memory = next((int(match[1]) for word in words if (match := MEMORY.match(word))), None)
    words = [word for word in words if word not in NOISE and not DETAIL.match(word) and not MEMORY.match(word)]
    return Machine(
        count,
        frozenset(word for word in words if any(sign.isdigit() for sign in word)),
        frozenset(word for word in words if word in VARIANT),
        frozenset(word for word in words if word not in VARIANT and not any(sign.isdigit() for sign in word)),
        memory,
        form,
    )


def same_machine(claimed: str, measured: str) -> bool:
    """Whether a claim's hardware is the one that was measured on. What the claim leaves out (maker, memory, form) does
    not tell them apart; a number, a variant word or a count that differs does."""
    said, ran = machine(claimed), machine(measured)
    if said.count != ran.count or said.variants != ran.variants:
        return False
    if said.memory and ran.memory and said.memory != ran.memory:
        return False
    if said.form and ran.form and said.form != ran.form:
        return False
    if said.numbers:
        return said.numbers <= ran.numbers
    return bool(said.others) and (said.numbers, said.others) == (ran.numbers, ran.others)
