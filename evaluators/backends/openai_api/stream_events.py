"""Events in the lines of a stream, whatever the dialect."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from evaluators.backends.openai_api.dialect import Dialect, Event


def events(dialect: Dialect, lines: Iterable[str], before: int = 0) -> list[Event]:
    """The events in the lines of a stream (server-sent events, or one JSON object a line), in order; `before`: tokens
    that came in earlier lines.

    Where the backend does not count tokens as it goes, an event with text counts as one token, and the total comes
    with the last event. Raises ValueError for a line that is no JSON.
    """
    parsed: list[Event] = []
    for line in lines:
        data = line.removeprefix("data:").strip()
        if not data or data == "[DONE]" or line.startswith((":", "event:", "id:")):
            continue
        parsed.append(_event(dialect, json.loads(data), parsed[-1].tokens if parsed else before))
    return parsed


def _event(dialect: Dialect, data: dict[str, Any], before: int) -> Event:
    if "error" in data:
        message = data["error"].get("message") if isinstance(data["error"], dict) else data["error"]
        return Event(before, error=" ".join(str(message).split())[:300])
    return dialect.read_event(data, before)
