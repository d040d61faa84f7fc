"""Words in brackets, round or square, Latin or Chinese."""

from __future__ import annotations

import re

BRACKET = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")
_WITH_SPACE = re.compile(rf"\s*{BRACKET.pattern}")


def without_brackets(text: str) -> str:
    """The text without what stands in brackets, and without the spaces before them."""
    return _WITH_SPACE.sub("", text)


def with_remark(name: str, remark: str) -> str:
    """The name with the remark in brackets behind it; what the remark has in brackets itself is parted by commas:
    `C-Eval` and `Test (0-shot)` give `C-Eval (Test, 0-shot)`."""
    return f"{name} ({_WITH_SPACE.sub(lambda inner: f', {inner[1]}', remark).strip(' ,')})"
