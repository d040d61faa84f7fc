"""Chinese and Japanese numerals, and dates, as numbers; for lenient readings of answers."""

from __future__ import annotations

import re
from datetime import date

FIGURES = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
SCALES = {"十": 10, "百": 100, "千": 1000}
NUMERAL = re.compile(r"负?[零〇一二三四五六七八九两十百千万亿]{1,24}")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMED = re.compile(
    r"(?:(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? |(?P<day2>\d{1,2})(?:st|nd|rd|th|\.)? (?:of )?"
    r"(?P<month2>[a-z]{3,9})\.?,? )(?P<year>\d{4})"
)
NUMBERED = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


def chinese_number(text: str) -> int | None:
    """`一百二十三` and `一二三` -> 123; None for any other text."""
    if NUMERAL.fullmatch(text) is None:
        return None
    sign, text = (-1, text[1:]) if text.startswith("负") else (1, text)
    if all(part in FIGURES for part in text):
        return sign * int("".join(str(FIGURES[part]) for part in text))
    total = part = figure = 0
    for letter in text:
        if letter in FIGURES:
            figure = FIGURES[letter]
        elif letter in SCALES:
            part, figure = part + (figure or 1) * SCALES[letter], 0
        else:
            total, part, figure = (total + part + figure) * (10**4 if letter == "万" else 10**8), 0, 0
    return sign * (total + part + figure)


def as_date(text: str) -> date | None:
    """The day that a short text in lower case names: `march 5, 2024`, `5 march 2024`, `2024-03-05`; None for any other
    text, and for days that are only numbers, because nobody knows which one is the month."""
    if (match := NUMBERED.fullmatch(text)) is not None:
        year, month, day = (int(part) for part in match.groups())
    elif (match := NAMED.fullmatch(text)) is not None:
        name = (match["month"] or match["month2"])[:3]
        if name not in MONTHS:
            return None
        year, month, day = int(match["year"]), MONTHS.index(name) + 1, int(match["day"] or match["day2"])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
