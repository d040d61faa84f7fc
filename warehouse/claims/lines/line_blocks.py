"""Pages that were left without blank lines, as scrapers leave them: their lines are paragraphs, items and headings."""

from __future__ import annotations

import re

_FEW = 0.1
"""Share of blank lines below which a page counts as one without."""
_ITEM = re.compile(r"\s*(?:[-*+•]\s|\d{1,3}[.)]\s)")
_TABLE = re.compile(r"\||\t|\S\s{2,}\S|^\s*\+[-=+]+\+\s*$")
_FACT = re.compile(r"\s{0,3}[A-Z][\w ()\[\],./+-]{1,60}: +\S")
_FIXED = re.compile(r"^\s*(?:```|~~~|<[a-zA-Z!/])", re.MULTILINE)
_LONG, _WRAPPED = 100, 55
"""Lengths between which a line that ends in no mark may have been wrapped."""


def with_lines_apart(text: str) -> tuple[str, list[int]]:
    """The text with a blank line between lines that belong to different paragraphs, where it has next to none, and the
    number (from 1) that each of its lines had. Lines of tables stay together, wrapped lines too."""
    lines = text.split("\n")
    words = [line for line in lines if line.strip() and not _TABLE.search(line)]
    blank = sum(not line.strip() for line in lines[:-1])
    without = len(words) >= 8 and blank <= _FEW * len(words)
    if _FIXED.search(text):
        return text, list(range(1, len(lines) + 1))
    kept, numbers = list[str](), list[int]()
    for number, line in enumerate(lines, 1):
        kept.append(line)
        numbers.append(number)
        if number < len(lines) and (_are_facts(line, lines[number]) or (without and _parted(line, lines[number]))):
            kept.append("")
            numbers.append(number)
    return "\n".join(kept), numbers


def _are_facts(line: str, following: str) -> bool:
    """Whether both lines are a label and what it says, as `License: Apache 2.0`."""
    return _FACT.match(line) is not None and _FACT.match(following) is not None


def _parted(line: str, following: str) -> bool:
    """Whether a line ends a paragraph, item or heading and the next one begins another."""
    if not line.strip() or not following.strip():
        return False
    if _TABLE.search(line) or _TABLE.search(following):
        return bool(_TABLE.search(line)) != bool(_TABLE.search(following))
    if _ITEM.match(following) and _ITEM.match(line):
        return False
    if following.lstrip()[0].islower() or (following[0] == " " and not _ITEM.match(following)):
        return False
    return line.rstrip()[-1] in ".!?:\"”’')" or not _WRAPPED <= len(line) <= _LONG
