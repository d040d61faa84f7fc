"""Words of a licence -> one normalised name: "Apache 2.0" and "apache-2.0" are the same, "Open" is neither."""

from __future__ import annotations

import re

KNOWN = {
    "apache-2.0": r"apache|apache[- ]?v?2(\.0)?|apl[- ]?2(\.0)?",
    "mit": r"mit|expat",
    "bsd-3-clause": r"bsd[- ]?3([- ]clause)?",
    "bsd-2-clause": r"bsd[- ]?2([- ]clause)?",
    "gpl-3.0": r"gnu gplv?3|gpl[- ]?v?3(\.0)?(-only|-or-later)?",
    "agpl-3.0": r"agpl[- ]?v?3(\.0)?(-only|-or-later)?",
    "cc-by-4.0": r"cc[- ]by[- ]?4(\.0)?",
    "cc-by-sa-4.0": r"cc[- ]by[- ]sa[- ]?4(\.0)?",
    "cc-by-nc-4.0": r"cc[- ]by[- ]nc[- ]?4(\.0)?",
    "cc-by-nc-sa-4.0": r"cc[- ]by[- ]nc[- ]sa[- ]?4(\.0)?",
    "cc0-1.0": r"cc0([- ]1(\.0)?)?",
    "openrail": r"(big(code|science)[- ])?open[- ]?rail([- ]?m)?",
    "llama2": r"llama[- ]?2( community)?",
    "llama3": r"(meta )?llama[- ]?3( community)?",
    "llama3.1": r"llama[- ]?3\.1( community)?",
    "llama3.2": r"llama[- ]?3\.2( community)?",
    "llama3.3": r"llama[- ]?3\.3( community)?",
    "llama4": r"llama[- ]?4( community)?",
    "gemma": r"gemma( terms of use)?",
    "qwen": r"(tongyi )?qwen( community)?",
    "nvidia-open-model": r"nvidia[- ]open[- ]model",
}
"""SPDX identifier, or the hub's own where SPDX has none -> how people write it, without the word "licence"."""


def normalise_licence(words: str) -> str:
    """The licence named by these words: an SPDX identifier (lower case) where the words are one, else the words
    themselves in lower case with hyphens. Never a guess: "open" stays "open", "community" stays "community"."""
    plain = re.sub(r"[*_`\"'()\[\]]", " ", words.casefold())
    plain = re.sub(r"\b(the|licen[sc]ed?|licen[sc]e agreement|under|version|agreement)\b", " ", plain)
    plain = re.sub(r"[\s,;:]+", " ", plain).strip(" -.")
    for name, pattern in KNOWN.items():
        if plain == name or re.fullmatch(pattern, plain):
            return name
    return re.sub(r"[^\w.+]+", "-", plain).strip("-")
