"""What a server sends, read as JSON that may be anything: each function gives a value of one type or raises BadReply.

A reader is a function of the decoded JSON. The client calls it within an attempt, so that a broken answer is asked for
again, and in the end costs one request.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

SURROGATE = re.compile("[\ud800-\udfff]")
MOST_TOKENS = 10**9
"""No prompt and no answer has more tokens; larger counts are broken ones."""
MOST_PARTS = 1_000_000
"""Lists and objects of an answer: three bytes make one, which takes seventy. The largest answer that is asked for has
the probabilities of a whole vocabulary, two parts a token."""
LONGEST_NAME = 200
ABOVE_ZERO = 1e-3
"""Largest log-probability that rounding may give."""

KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


class BadReply(Exception):
    """An answer that cannot be read. `passing`: whether the server may well do better next time."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing


def decode(content: bytes) -> Any:
    """The JSON of a body. Raises BadReply for what is none, and for nesting, numbers or parts without bounds."""
    if content.count(b"{") + content.count(b"[") > MOST_PARTS:
        raise BadReply(f"the answer's JSON has more than {MOST_PARTS:,} parts")
    try:
        return json.loads(content)
    except RecursionError:
        raise BadReply("the answer's JSON is nested too deeply") from None
    except ValueError as error:
        raise BadReply(f"answer is not JSON: {one_line(str(error))}", passing=True) from None


def decode_object(content: bytes) -> dict[str, Any] | None:
    """The JSON object of a body, or None for anything else."""
    try:
        document = decode(content)
    except BadReply:
        return None
    return document if isinstance(document, dict) else None


def one_line(said: str | bytes, length: int = 300) -> str:
    """A foreign text for a message: one line, no control characters, at most `length` characters."""
    text = said if isinstance(said, str) else said.decode(errors="replace")
    return "".join(sign for sign in " ".join(text[: 20 * length].split()) if sign.isprintable())[:length]


def json_object(value: Any, name: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise BadReply(f"{name} is {_kind(value)}, not an object")
    return value


def json_list(value: Any, name: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise BadReply(f"{name} is {_kind(value)}, not a list")
    return value


def json_text(value: Any, name: str) -> str:
    """A text; lone surrogates, which no file can hold, become U+FFFD."""
    if not isinstance(value, str):
        raise BadReply(f"{name} is {_kind(value)}, not a text")
    return value if value.isascii() else SURROGATE.sub("\ufffd", value)


def optional_text(value: Any, name: str) -> str | None:
    """A text, or None where there is none."""
    return None if value is None else json_text(value, name)


def json_count(value: Any, name: str, most: int = MOST_TOKENS, least: int = 0) -> int:
    """An integer within bounds; 5.0 counts as 5."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadReply(f"{name} is {_kind(value)}, not a whole number")
    if not least <= value <= most:
        raise BadReply(f"{name} is not between {least} and {most}")
    return value


def optional_count(value: Any, name: str) -> int | None:
    """A count of tokens, or None where there is none."""
    return None if value is None else json_count(value, name)


def positive(value: Any, most: int = 4096) -> int | None:
    """A whole number above 0, at most `most`; None for anything else."""
    return min(value, most) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


CUT_PROMPT = re.compile(r"(?:(?:prompt|input|context|messages)_)?(?:was_)?truncated", re.I)
"""Fields by which servers say that they did not read the whole prompt (llama-server: `truncated`)."""
BESIDE = ("__verbose", "usage", "meta_info", "stats", "timings", "details")
"""Objects of an answer that may hold such a field."""


def says_prompt_was_cut(answer: dict[str, Any]) -> bool:
    """Whether an answer, or what it holds beside the text, says that the prompt was cut, or pushed out of the context
    while the answer was written: then it answers something else."""
    held = [answer, *(answer[name] for name in BESIDE if isinstance(answer.get(name), dict))]
    return any(
        value is True and CUT_PROMPT.fullmatch(name)
        for part in held
        if True in part.values()  # nearly no answer has it, and this looks at all values at once
        for name, value in part.items()
    )


def whole_prompt(data: Any) -> Any:
    """The answer as it is. Raises BadReply where it says that the prompt was cut."""
    if isinstance(data, dict) and says_prompt_was_cut(data):
        raise BadReply("the server says that it cut the prompt (truncated): its context is too short for it")
    return data


def log_probability(value: Any, name: str = "logprob") -> float:
    """A finite number that is not positive. JSON has no NaN: null is what a NaN becomes."""
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadReply(f"{name} is {_kind(value)}, not a number")
    try:
        number = float(value)
    except OverflowError:
        raise BadReply(f"{name} is no log-probability") from None
    if not math.isfinite(number) or number > ABOVE_ZERO:
        raise BadReply(f"{name} is {number:g}, no log-probability")
    return number


def token_ids(data: Any) -> list[int]:
    """The `tokens` of an answer of a tokenizing route, as ids or as objects with an `id`."""
    tokens = json_list(json_object(data, "the answer").get("tokens"), "tokens")
    return [
        json_count(token["id"] if isinstance(token, dict) and "id" in token else token, "a token", 2**31, -(2**31))
        for token in tokens
    ]


def rendered_prompt(data: Any) -> str:
    """The `prompt` of an answer of a template or detokenizing route."""
    return json_text(json_object(data, "the answer").get("prompt"), "prompt")


def context_of_slot(data: Any) -> int:
    """Tokens a request may use, from llama-server's /props."""
    settings = json_object(
        json_object(data, "the answer").get("default_generation_settings"), "default_generation_settings"
    )
    return json_count(settings.get("n_ctx"), "n_ctx")


def listed_models(data: Any) -> list[dict[str, Any]]:
    """The models of /v1/models, those without an id left out."""
    rows = json_list(json_object(data, "the answer").get("data"), "data")
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)
