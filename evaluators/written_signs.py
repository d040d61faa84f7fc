"""An answer as a reader sees it, whatever signs it is written in.

Invisible signs (zero width, direction, soft hyphens, byte order marks) and colours of a terminal go; HTML and URL
escapes are undone; digits of every script, full-width and mathematical letters, odd spaces and minus signs are ASCII.
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote_plus

COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.I)
QUOTED = re.compile(r"%(?:20|0a|0d|23|2f|3d)", re.I)
"""Escapes of a URL that stand for signs which every answer has."""


def as_seen(text: str) -> str:
    """The text in the signs that its reader sees."""
    text = COLOUR.sub("", text)
    if QUOTED.search(text) and " " not in text:
        text = unquote_plus(text)
    if ENTITY.search(text):
        text = html.unescape(text)
    return text if text.isascii() else "".join(sign if sign.isascii() else _sign(sign) for sign in text)


def _sign(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind == "Cf":
        return ""
    if kind == "Nd":
        return str(unicodedata.digit(sign))
    if kind == "Zs":
        return " "
    if sign in "−﹣－‐‑‒":
        return "-"
    if unicodedata.name(sign, "").startswith(("FULLWIDTH", "MATHEMATICAL")):
        return unicodedata.normalize("NFKC", sign)
    return sign
