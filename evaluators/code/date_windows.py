"""Date windows of a benchmark whose problems are dated: read from a claim's words, applied to the items of a run."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from evaluators.records import UserError

if TYPE_CHECKING:
    from evaluators.harness.requests import Item

MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
"""`jan` -> 1, ..."""
NAMES = "|".join(MONTHS)
DATE = re.compile(
    rf"""
    (?P<iso>20\d\d)[-/.](?P<iso_month>\d{{1,2}})(?:[-/.](?P<iso_day>\d{{1,2}}))?(?!\d)       # 2024-08, 2024-08-01
    | (?<!\d)(?P<us_month>\d{{1,2}})/(?:(?P<us_day>\d{{1,2}})/)?(?P<us>20\d\d)               # 8/1/2024, 08/2024
    | (?<![\d.])(?P<short>2\d)[.]?(?P<short_month>0[1-9]|1[0-2])(?![\d.])                     # 2408, 24.08
    | \b(?P<name>{NAMES})[a-z]*\.?(?:,?\s*(?P<named>20\d\d))?                                # Aug 2024, August
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class DateWindow:
    """From `first` to `last`, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"


def read_window(text: str) -> DateWindow | None:
    """The window that a text states, e.g. `2024-08..2025-05`, `2407-2412`, `Feb - May 2025`, `10/1/2024-2/1/2025`.

    A month without a day is a whole month; a month without a year is in the year of the other. None where the text does
    not state exactly two dates.
    """
    dates = list(DATE.finditer(text))
    if len(dates) != 2:
        return None
    years = [_year(match) for match in dates]
    first_year, last_year = years[0] or years[1], years[1] or years[0]
    if first_year is None or last_year is None:
        return None
    try:
        first, last = _day(dates[0], first_year, False), _day(dates[1], last_year, True)
    except ValueError:
        return None
    return DateWindow(first, last) if first <= last else None


def _year(match: re.Match[str]) -> int | None:
    if match["short"]:
        return 2000 + int(match["short"])
    year = match["iso"] or match["us"] or match["named"]
    return int(year) if year else None


def _day(match: re.Match[str], year: int, last: bool) -> date:
    """First or last day of what is meant. Raises ValueError for a date that does not exist."""
    month = match["iso_month"] or match["us_month"] or match["short_month"] or MONTHS[(match["name"] or "").casefold()]
    day = match["iso_day"] or match["us_day"]
    if day is None:
        day = calendar.monthrange(year, int(month))[1] if last else 1
    return date(year, int(month), int(day))


def items_within(items: Sequence[Item], subset: str | None) -> list[Item]:
    """The items whose document's `contest_date` lies in the window that `subset` states, in their order, numbered anew.
    All of them if it is empty.

    Raises UserError if the window cannot be read or holds no item.
    """
    if not subset:
        return list(items)
    window = read_window(subset)
    if window is None:
        raise UserError(f"{subset!r} is no date window; write it as 2024-08-01..2025-05-01")
    kept = [item for item in items if window.first <= _dated(item) <= window.last]
    if not kept:
        dates = sorted(_dated(item) for item in items)
        raise UserError(f"no problem lies in {window}; they are of {dates[0]} to {dates[-1]}")
    for position, item in enumerate(kept):
        item.position = position
    return kept


def _dated(item: Item) -> date:
    return date.fromisoformat(str(item.instances[0].doc["contest_date"])[:10])
