"""One real request before the first paid item: a tool call must come back as one.

A server without a tool parser (llama-server without --jinja, vLLM without --tool-call-parser) gives the call as text:
every agent benchmark would then be 0.
"""

from __future__ import annotations

import json
from typing import Any

import httpx

from evaluators.backends.reply_reader import one_line
from evaluators.outside.harnesses.harness import Endpoint

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "bash",
        "description": "Execute a bash command",
        "parameters": {
            "type": "object",
            "properties": {"command": {"type": "string", "description": "The bash command to execute"}},
            "required": ["command"],
        },
    },
}
ASKED = "List the files of the current folder. Use the bash tool with the command `ls`."
TRIES = 3
"""Requests: a model that can call tools may still answer once in words."""
SECONDS = 600.0
TOKENS = 2048
"""Of one answer; a model that thinks first needs some."""


def tool_call_problem(endpoint: Endpoint, key: str | None) -> str | None:
    """Why the model's tool calls cannot be used, in one line; None if one came back parsed."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body = {
        "model": endpoint.model,
        "messages": [{"role": "user", "content": ASKED}],
        "tools": [TOOL],
        "max_tokens": TOKENS,
    }
    problem = None
    for _ in range(TRIES):
        try:
            reply = httpx.post(f"{endpoint.url}/chat/completions", json=body, headers=headers, timeout=SECONDS)
            if reply.status_code != 200:
                return f"the server answered a request with a tool by {reply.status_code}: {one_line(reply.text)[:200]}"
            problem = _problem(reply.json())
        except (httpx.HTTPError, ValueError) as error:
            return f"the server did not answer a request with a tool: {one_line(str(error))[:200]}"
        if problem is None:
            return None
    return problem


def _problem(content: Any) -> str | None:
    try:
        message = content["choices"][0]["message"]
    except (KeyError, IndexError, TypeError):
        return "the answer to a request with a tool has no message"
    calls = message.get("tool_calls") or []
    try:
        function = calls[0]["function"]
        arguments = json.loads(function["arguments"])
        if function["name"] == "bash" and isinstance(arguments, dict) and isinstance(arguments.get("command"), str):
            return None
    except (KeyError, IndexError, TypeError, ValueError):
        pass
    said = one_line(str(message.get("content") or calls or ""))[:120]
    return (
        "a tool call does not come back as one (llama-server needs --jinja, vLLM --enable-auto-tool-choice and "
        f"--tool-call-parser); the answer was: {said or 'nothing'}"
    )
