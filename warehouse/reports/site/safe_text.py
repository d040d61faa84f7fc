"""Text from cards and models, made harmless for a page: no control characters, no change of writing direction."""

from __future__ import annotations

import unicodedata

LONGEST = 300
"""Characters of one text on a page; the data files hold the whole text."""


def safe_text(text: object, longest: int = LONGEST) -> str:
    """One line of text without control, format and surrogate characters, cut at `longest` characters.

    Format characters (Cf) are those that turn the writing direction or are not seen; a model can hide words in them.
    """
    if text is None:
        return ""
    whole = str(text)
    if len(whole) <= longest and whole.isprintable():  # most texts, at a tenth of the time
        return whole.strip() if whole.isascii() else " ".join(whole.split())
    # twice the length is enough to fill a line after white space was folded; a 10 MB answer is not walked through
    line = " ".join("".join(map(_visible, whole[: 2 * longest + 100])).split())
    return line if len(line) <= longest and len(whole) <= 2 * longest + 100 else line[: longest - 1].rstrip() + "…"


def web_address(text: object) -> str | None:
    """The text if it is an http or https address that can stand in a link; else None."""
    address = str(text or "")
    usable = address.isprintable() and not any(character in address for character in "\"'<>` \\")
    return address if address.startswith(("https://", "http://")) and usable and len(address) <= 2000 else None


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category in ("Cf", "Cs", "Co", "Cn") else character
