"""Whether two texts mean the same agent scaffold."""

from __future__ import annotations

import re


def scaffold_program(text: str) -> str:
    """The program that a text begins with, in small letters: `mini-swe-agent`; empty for an empty text."""
    return next(iter(_words(text)), "")


def same_scaffold(stated: str, ran: str) -> bool:
    """Whether a claim's words for a scaffold mean the one that ran: `mini-SWE-agent`, with a version where stated, and
    whatever else stands in the line of the run (configuration, limits) also in the claim's.

    >>> same_scaffold("mini-SWE-agent v2", "mini-swe-agent 2.4.6 swebench.yaml@1a2b3c4d steps 250")
    True
    """
    words, known = _words(stated), _words(ran)
    if not words or not known or words[0] != known[0]:
        return False
    version = known[1] if len(known) > 1 else ""
    return all(
        word in known or version.startswith(f"{word.removeprefix('v')}.") or version == word.removeprefix("v")
        for word in words[1:]
    )


def limited(stated: str | None, ran: str) -> bool:
    """Whether the run gave the agent another number of requests than its own configuration does (`steps 20 of 250`),
    and the claim does not state that number."""
    match = re.search(r"\bsteps (\d+) of \d+", ran)
    return match is not None and not re.search(rf"\bsteps {match[1]}\b", (stated or "").casefold())


def _words(text: str) -> list[str]:
    """Words in small letters; the hyphens and spaces of a name make no difference."""
    joined = re.sub(r"(?i)mini[ -]?swe[ -]?agent", "mini-swe-agent", text.strip())
    return [word for word in re.split(r"[\s,()]+", joined.casefold()) if word]
