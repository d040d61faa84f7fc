"""Whether a served model's tool calls come back as calls: asked before any benchmark that needs them.

Without a parser for them (llama-server without --jinja, vLLM without --tool-call-parser) a server gives a call as plain
text, or refuses, and every agent benchmark would score 0 for the server's set-up. That is told apart from a model that
calls nothing, by real requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from evaluators.backends.bounded_http import fetch_bounded
from evaluators.backends.reply_reader import decode_object, one_line
from evaluators.outside.bounded_reading import mapping, sequence, text, whole
from evaluators.outside.tool_cases import CASES, ToolCase, calls_of, fault_of_call

TOKENS = 1024
"""Room for a call, and for thinking before it."""
SECONDS = 300.0
"""Until one answer must be there."""
AS_TEXT = re.compile(
    r"<tool_call>|<function[=_]|\[TOOL_CALLS\]|<\|python_tag\|>|<\|tool_call|<｜tool▁call|<\|channel\|>commentary"
    r"|\[TOOL_REQUEST\]|<minimax:tool_call>|functools\["
    r"|\"(?:name|function)\"\s*:\s*\"(?:get_weather|add_numbers|book_table)\""
)
"""How models write calls; whoever sees one of these sees what a parser should have read."""
PARSERS = {
    "llama.cpp": "start llama-server with --jinja and a template that knows tools (--chat-template-file)",
    "vllm": "start vLLM with --enable-auto-tool-choice --tool-call-parser NAME (the model's card names it)",
    "sglang": "start SGLang with --tool-call-parser NAME (the model's card names it)",
    "ollama": "take a model whose template has tools: `ollama show MODEL` must list the capability `tools`",
}
ANY_PARSER = "serve the model with the tool parser of its family (llama-server --jinja, vLLM --tool-call-parser NAME)"


@dataclass(frozen=True)
class ToolFinding:
    """What the requests showed."""

    state: Literal["parsed", "as_text", "refused", "not_told", "no_call", "no_results", "silent"]
    """`parsed`: calls come back as calls, and their results are taken; `as_text`: a call came as plain text;
    `refused`: requests with tools are; `not_told`: the template does not tell the model about tools; `no_call`: the
    model called nothing; `no_results`: a call's result is refused; `silent`: no answer."""
    text: str
    """One line, with the next step where one is needed."""
    valid: int = 0
    """Of the cases, how many came back as a call that fits the tool."""
    cases: int = len(CASES)

    @property
    def usable(self) -> bool:
        """Whether a benchmark that needs tools says something about the model on this server."""
        return self.state == "parsed"


def check_tool_calls(url: str, model: str, *, key: str | None = None, dialect: str = "openai") -> ToolFinding:
    """Ask a few questions that need a tool, greedily, and give one call its result.

    url: base of the server without `/v1`; model: the name it is served under; dialect: of the server, for the advice.
    Never raises for what a server answers.
    """
    advice = PARSERS.get(dialect, ANY_PARSER)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=url, headers=headers, trust_env="//127.0.0.1" not in url) as client:
        ask = _Asking(client, model)
        try:
            return _examined(ask, advice)
        except httpx.HTTPError as error:
            return ToolFinding(
                "silent", f"no answer to a request with tools ({type(error).__name__}); check the server"
            )


class _Asking:
    """Requests to the chat route of one server."""

    def __init__(self, client: httpx.Client, model: str) -> None:
        self.client, self.model = client, model

    def __call__(self, messages: list[dict[str, Any]], tools: tuple[dict[str, Any], ...]) -> tuple[int, bytes]:
        body: dict[str, Any] = {"model": self.model, "messages": messages, "temperature": 0, "max_tokens": TOKENS}
        if tools:
            body |= {"tools": list(tools), "tool_choice": "auto"}
        return fetch_bounded(self.client, "POST", "/v1/chat/completions", json=body, seconds=SECONDS)


def _examined(ask: _Asking, advice: str) -> ToolFinding:
    faults, valid, written = [], 0, ""
    called: tuple[ToolCase, dict[str, Any], dict[str, Any]] | None = None
    told: int | None = None
    for case in CASES:
        status, content = ask([_user(case)], case.tools)
        answer = decode_object(content) or {}
        if status != 200:
            said = one_line(_error(answer) or content, 120)
            if called is None:
                return ToolFinding("refused", f"a request with tools is refused (HTTP {status}: {said}); {advice}")
            faults.append(f"HTTP {status}: {said}")
            continue
        message = mapping(mapping(next(iter(sequence(answer.get("choices"))), None)).get("message"))
        told = told or whole(mapping(answer.get("usage")).get("prompt_tokens"))
        calls = calls_of(message)
        if not calls:
            written = written or (text(message.get("content")) or "")
            faults.append("no call")
            continue
        called = called or (case, message, calls[0])
        fault = fault_of_call(calls[0], case.tools, case.wanted)
        valid += fault is None
        if fault:
            faults.append(fault)
    if called is None:
        return _uncalled(ask, written, told, advice)
    fault = _result_refused(ask, *called)
    if fault:
        return ToolFinding("no_results", f"a call comes back, but its result is refused ({fault}); {advice}", valid)
    more = f" ({'; '.join(dict.fromkeys(faults))})" if faults else ""
    return ToolFinding("parsed", f"calls come back parsed, {valid} of {len(CASES)} fit the tools{more}", valid)


def _uncalled(ask: _Asking, written: str, told: int | None, advice: str) -> ToolFinding:
    """Why no call came: nobody read it, the template left the tools out, or the model did not call."""
    if AS_TEXT.search(written):
        return ToolFinding("as_text", f"a call comes back as plain text ({one_line(written, 60)}); {advice}")
    status, content = ask([_user(CASES[0])], ())
    bare = whole(mapping((decode_object(content) or {}).get("usage")).get("prompt_tokens")) if status == 200 else None
    if told is not None and told == bare:
        why = f"the prompt has {told} tokens with and without tools: the chat template leaves them out"
        return ToolFinding("not_told", f"{why}; {advice}")
    said = one_line(written, 60) or "nothing"
    return ToolFinding("no_call", f"the model answers {len(CASES)} questions that need a tool without one ({said})")


def _result_refused(ask: _Asking, case: ToolCase, message: dict[str, Any], call: dict[str, Any]) -> str | None:
    """What the server says to a history with a call and its result; None if it takes it."""
    said = {"role": "assistant", "content": text(message.get("content")) or "", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": str(call.get("id") or "call"), "content": '{"result": "done"}'}
    status, content = ask([_user(case), said, result], case.tools)
    return None if status == 200 else f"HTTP {status}: {one_line(_error(decode_object(content) or {}) or content, 120)}"


def _user(case: ToolCase) -> dict[str, Any]:
    return {"role": "user", "content": case.question}


def _error(answer: dict[str, Any]) -> str | None:
    """What an OpenAI-like server says went wrong."""
    error = answer.get("error")
    return text(error) or text(mapping(error).get("message")) or text(answer.get("message"))
