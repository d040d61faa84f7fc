"""Requests that a model with tools must answer by a call, and whether a call fits the tool that it names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.outside.bounded_reading import mapping, sequence, text


def _function(name: str, about: str, required: dict[str, dict[str, Any]]) -> dict[str, Any]:
    schema = {"type": "object", "properties": required, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": about, "parameters": schema}}


WEATHER = _function(
    "get_weather",
    "The weather in a city now.",
    {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
)
ADD = _function(
    "add_numbers", "The sum of two whole numbers.", {"first": {"type": "integer"}, "second": {"type": "integer"}}
)
BOOK = _function(
    "book_table",
    "Reserve a table in a restaurant.",
    {
        "restaurant": {"type": "string"},
        "guests": {"type": "array", "items": {"type": "string"}},
        "outside": {"type": "boolean"},
    },
)


@dataclass(frozen=True)
class ToolCase:
    """One question."""

    question: str
    tools: tuple[dict[str, Any], ...]
    """As the chat route takes them."""
    wanted: str
    """Name of the function that answers it."""


CASES = (
    ToolCase("What is the weather in Paris now, in celsius? Use the tool.", (WEATHER,), "get_weather"),
    ToolCase("Add 391 and 284 with the tool that adds.", (WEATHER, ADD, BOOK), "add_numbers"),
    ToolCase(
        "Book a table at Chez Nous for Ann, Bob and Carl, inside the house. Use the tool.",
        (ADD, BOOK, WEATHER),
        "book_table",
    ),
)
"""From one tool with two texts to a list and a truth value among three tools."""


def calls_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The parsed tool calls of an assistant's message, those that are none left out."""
    return [
        call for call in sequence(message.get("tool_calls")) if text(mapping(call).get("type")) in (None, "function")
    ]


def fault_of_call(call: dict[str, Any], tools: Sequence[dict[str, Any]], wanted: str) -> str | None:
    """What is wrong with a call, in one line: its name, or arguments that do not fit the tool's JSON Schema."""
    import jsonschema

    function = mapping(call.get("function"))
    name, given = text(function.get("name")), function.get("arguments")
    if name != wanted:
        return f"it calls {(name or 'nothing')[:60]}, not {wanted}"
    try:
        arguments = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        return "its arguments are no JSON"
    schema = next(tool["function"]["parameters"] for tool in tools if tool["function"]["name"] == wanted)
    fault = next(jsonschema.Draft202012Validator(schema).iter_errors(arguments), None)
    if fault is None:
        return None
    path = ".".join(str(part) for part in fault.absolute_path) or "its arguments"
    return f"{path} does not fit the tool's schema ({fault.validator})"
