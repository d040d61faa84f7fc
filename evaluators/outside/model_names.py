"""Whether the name that a file gives to a model may be that of a release."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

QUANTIZED = re.compile(
    r"(?i)(?<![a-z0-9])(?P<format>I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|FP8|NVFP4|MXFP4|FP4|INT[48]|AWQ|GPTQ|bnb-4bit|[48]-?bits?|w\d+a\d+)"
    r"(?![a-z0-9])"
)
"""A format of weights that are not as they were trained, in a name."""
FORMAT = re.compile(
    r"(?i)(?:[-._ ]|mostly)+(?:I?Q\d[\w ]*(?:- (?:small|medium|large))?|TQ\d_\d|B?F16|F32"
    r"|FP16|FP8|(?:NV|MX)?FP4|INT[48]|AWQ|GPTQ|GGUF|bnb-4bit|\d+-?bits?)(?=$|[-._ ]).*"
)
"""What a name says about the format of the weights, to its end."""


def same_model(release: str, named: str) -> bool:
    """Whether a name, as a file has it (hub id, path, name of a served model), is that of a release but for owner and
    format."""
    return named.casefold() == release.casefold() or _bare(named) == _bare(release)


def format_of_weights(named: str) -> str | None:
    """The quantization that the name of a model or its file says; None where it says none."""
    said = QUANTIZED.search(PurePosixPath(named.replace("\\", "/")).name.removesuffix(".gguf"))
    if said is None:
        return None
    words = said["format"]
    return words.upper() if re.match(r"(?i)I?Q\d|TQ\d", words) else words.casefold()


def several_models(names: Iterable[str | None]) -> bool:
    """Whether names are of more than one model; formats of one model are one."""
    return len({_bare(name) for name in names if name}) > 1


def _bare(name: str) -> str:
    last = PurePosixPath(name.replace("\\", "/")).name.removesuffix(".gguf")
    return re.sub(r"[\W_]", "", FORMAT.sub("", last)).casefold()
