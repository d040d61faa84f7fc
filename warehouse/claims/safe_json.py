"""JSON from strangers: bounded, and with every number as it was written."""

from __future__ import annotations

import json
from typing import Any

from evaluators.records import Problem

LARGEST = 60_000_000


class Written(float):
    """A number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> Written:
        made = super().__new__(cls, text)
        made.text = text
        return made


def load_json(text: str, name: str) -> Any:
    """A JSON text; floating-point numbers come as `Written`, NaN and infinities as text.

    Raises Problem for broken, huge or endlessly nested JSON; `name` is for the message.
    """
    if len(text) > LARGEST:
        raise Problem(f"{name} has {len(text):,} characters of JSON, more than {LARGEST:,}; split it")
    try:
        return json.loads(text.removeprefix("\ufeff"), parse_float=Written, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise Problem(f"{name} is no valid JSON ({error}); mend it and try again") from error


def written(number: object) -> str:
    """A number as it was written in the JSON. Raises Problem for anything that is none."""
    if isinstance(number, Written):
        return number.text
    if isinstance(number, int) and not isinstance(number, bool):
        return str(number)
    raise Problem(f"{number!r} is not a number"[:200])
