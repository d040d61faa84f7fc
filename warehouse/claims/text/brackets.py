"""Words in brackets, round or square, Latin or Chinese."""

from __future__ import annotations

import re

BRACKET = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")
_WITH_SPACE = re.compile(rf"\s*{BRACKET.pattern}")


def without_brackets(text: str) -> str:
    """The text without what stands in brackets, and without the spaces before them."""
    return _WITH_SPACE.sub("", text)
