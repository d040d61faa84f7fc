"""Strangers' text is text: cards, servers and files may hold terminal commands, markup and changes of direction."""

from __future__ import annotations

import sys
from typing import TextIO


def printable(text: object) -> str:
    """Text with a space for every character that is not printed: controls, escapes, bidi and zero-width characters,
    lone surrogates. Line ends stay."""
    said = str(text)
    if said.replace("\n", "").isprintable():  # at once: a large table has a million lines
        return said
    return "\n".join(line if line.isprintable() else _blanked(line) for line in said.split("\n"))


def _blanked(line: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in line)


def write_line(text: object = "", to: TextIO | None = None) -> None:
    """One line, on standard output if nothing else is said."""
    stream = to or sys.stdout
    print(printable(text).encode(stream.encoding or "utf-8", "replace").decode(stream.encoding or "utf-8"), file=stream)
    stream.flush()
