"""A language model on a server that the user names, asked to propose claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from evaluators.backends.bounded_http import fetch_object
from evaluators.backends.openai_api.thinking import set_apart
from evaluators.backends.remote import plain_url, server_key
from evaluators.records import UserError

SECONDS = 600.0
"""Longest wait for one reply."""
TOKENS = 4096
"""Longest reply."""


@dataclass(frozen=True)
class ProposingModel:
    """A model to be asked."""

    name: str
    """Its name on the server; kept with what it proposes."""
    ask: Callable[[str, str], str]
    """(instructions, passage) -> reply."""


def open_proposing_model(url: str, model: str | None, key_variable: str | None) -> ProposingModel:
    """The model on an OpenAI-like server, the first that it lists if none is named. Raises UserError for a server that
    does not answer, lists none, or wants a key that is not set."""
    base = plain_url(url)
    key = server_key(key_variable)
    client = httpx.Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def request(method: str, path: str, json: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = fetch_object(client, method, f"{base}{path}", json=json, seconds=SECONDS)
        except httpx.HTTPError as error:
            raise UserError(
                f"{base} does not answer ({type(error).__name__}); start it, or leave --proposer out"
            ) from error
        if answer is None:
            raise UserError(f"{base}{path} gave no answer that can be read; see the server's log")
        return answer

    if model is None:
        listed = request("GET", "/v1/models").get("data")
        names = [row.get("id") for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
        if not names or not isinstance(names[0], str):
            raise UserError(f"{base} lists no model; name one with --proposer-model")
        model = names[0]

    def ask(instructions: str, passage: str) -> str:
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": passage}]
        asked = {"model": model, "messages": messages, "temperature": 0, "max_tokens": TOKENS}
        choices = request("POST", "/v1/chat/completions", asked).get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        message = first.get("message") if isinstance(first, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        return set_apart(content)[1] if isinstance(content, str) else ""

    return ProposingModel(model, ask)
