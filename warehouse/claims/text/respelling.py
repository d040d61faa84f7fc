"""Labels as programs and hurried writers spell them -> as the other rules know them."""

from __future__ import annotations

import re

_MULTIPLE = re.compile(r"(?i)multiple[-_ ](js|ts|java|cpp|cs|swift|php|d|jl|lua|rb?|rkt|rs|go|sh|pl|scala|py|kt|hs|ml)")
"""MultiPL-E by its name in programs, with the language behind it: `multiple-js`."""
_SUITE_PART = re.compile(
    r"(?i)^(multipl-e)[ -](humaneval|mbpp)$|^(infinitebench|∞bench)[/-](en\.\w+|zh\.\w+)|^(triviaqa)-(wiki)\b"
    r"|^(agi ?eval)[ -]((?:lsat|sat|logiqa|gaokao|aqua)[\w -]*)"
    r"|^(big[ -]?bench)[ -](?!hard\b|lite\b|extra\b|bbh\b|cot\b)([a-z][a-z ]*[a-z])(?=\s*[(（]|$)"
)
"""A suite's name with one of its parts behind it."""


def usual_spelling(label: str) -> str:
    """The label in the usual spelling: shots written out (`(5-s)`), no arrows at its end, `p@1` and `Pass@1-COT`
    in full, a part of MultiPL-E in brackets, a size in bytes as that of a file."""
    plain = re.sub(r"\((\d{1,2})-s\)", r"(\1-shot)", re.sub(r"\s*[⬆⬇\ufe0f]+$", "", label))
    plain = re.sub(r"(?i)^(size) ?(?=\((?:in )?[gm]i?b\)$)", r"File \1 ", plain.strip())
    plain = re.sub(r"(?i)(?<![a-z])p@(?=\d)", "pass@", plain)
    plain = re.sub(r"(?i)(?<=pass@1)-cot\b", ", CoT", plain)
    plain = _SUITE_PART.sub(lambda match: "{} ({})".format(*filter(None, match.groups())), plain)
    return f"MultiPL-E ({part[1]})" if (part := _MULTIPLE.fullmatch(plain)) else plain
