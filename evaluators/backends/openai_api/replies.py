"""Answers of OpenAI-style completion and chat routes: how each ended, and whether it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluators.backends.reply_reader import (
    BadReply,
    json_list,
    json_object,
    json_text,
    one_line,
    optional_count,
    optional_text,
)
from evaluators.records import ResponseStatus

ENDED = frozenset(
    {
        "stop", "stop_sequence", "stop_string", "stop_str", "stop_token", "eos", "eos_token", "end_turn", "end",
        "complete", "completed", "finished", "tool_calls", "tool_call", "tool_use", "function_call",
    }
)  # fmt: skip
"""Finish reasons that mean that the model ended its answer itself, or reached a stop string."""
CUT = frozenset(
    {
        "length", "limit", "max_tokens", "max_output_tokens", "max_length", "token_limit", "model_length",
        "model_context_window_exceeded", "context_length_exceeded", "context_window_exceeded", "incomplete",
    }
)  # fmt: skip
"""Finish reasons that mean that a limit ended the answer."""
DECLINED = frozenset(
    {
        "content_filter", "content_filtered", "refusal", "safety", "recitation", "blocklist", "prohibited_content",
        "spii", "guardrail_intervened",
    }
)  # fmt: skip
"""Finish reasons that mean that the server or its guard declined."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One generated answer as the server sent it."""

    content: str
    """Answer text; think tags, if any, are still in it."""
    reasoning: str | None
    """Reasoning that the server set apart."""
    finish: str
    """Finish reason, lower case."""
    refusal: str | None
    """Refusal that the server stated."""
    prompt_tokens: int | None
    generated_tokens: int | None


def read_completion(data: Any) -> Generation:
    """An answer of `/v1/completions`. Raises BadReply."""
    choice, finish = _choice(data)
    return _generation(data, finish, optional_text(choice.get("text"), "text") or "")


def read_chat(data: Any) -> Generation:
    """An answer of `/v1/chat/completions`; content may be a text, null or a list of chunks. Raises BadReply."""
    choice, finish = _choice(data)
    message = json_object(choice.get("message") or {}, "message")
    content, thoughts = _content(message.get("content"))
    stated = next((message[name] for name in ("reasoning_content", "reasoning") if message.get(name)), None)
    reasoning = optional_text(stated, "reasoning") or thoughts
    return _generation(data, finish, content, reasoning, optional_text(message.get("refusal"), "refusal"))


def ending(reply: Generation, text: str, limit: int | None = None) -> ResponseStatus:
    """How an answer ended. `text`: what is left of it without reasoning. `limit`: the token limit that was sent, for
    servers whose finish reason is not to be relied on; an answer of that length is taken as cut."""
    if reply.refusal or reply.finish in DECLINED:
        return ResponseStatus.refused
    if reply.finish in CUT or (limit and (reply.generated_tokens or 0) >= limit):
        return ResponseStatus.truncated
    return ResponseStatus.ok if text.strip() else ResponseStatus.empty


def _choice(data: Any) -> tuple[dict[str, Any], str]:
    """The first choice and its finish reason, if the choice is a whole, cut or declined answer."""
    answer = json_object(data, "the answer")
    choices = answer.get("choices")
    if not choices:
        said = answer.get("error") or answer
        raise BadReply(f"answer without choices: {one_line(str(said))}", passing=True)
    choice = json_object(json_list(choices, "choices")[0], "a choice")
    if choice.get("error"):
        raise BadReply(f"the choice reports an error: {one_line(str(choice['error']))}", passing=True)
    stated = optional_text(choice.get("finish_reason"), "finish_reason")
    finish = (stated or "").strip().lower()
    if finish not in ENDED | CUT | DECLINED:
        how = f"with finish_reason {one_line(stated, 40)!r}" if stated else "without a finish_reason"
        raise BadReply(f"the answer ends {how}: it is not whole", passing=True)
    return choice, finish


def _generation(
    data: dict[str, Any], finish: str, content: str, reasoning: str | None = None, refusal: str | None = None
) -> Generation:
    usage = json_object(data.get("usage") or {}, "usage")
    return Generation(
        content=content,
        reasoning=reasoning,
        finish=finish,
        refusal=refusal,
        prompt_tokens=optional_count(usage.get("prompt_tokens"), "prompt_tokens"),
        generated_tokens=optional_count(usage.get("completion_tokens"), "completion_tokens"),
    )


def _content(content: Any) -> tuple[str, str | None]:
    """(answer, reasoning) of a message's content."""
    if content is None:
        return "", None
    if isinstance(content, str):
        return json_text(content, "content"), None
    answer, thoughts = [], []
    for chunk in json_list(content, "content"):
        if isinstance(chunk, str):
            answer.append(json_text(chunk, "a chunk"))
            continue
        kind = json_object(chunk, "a chunk of content").get("type")
        if kind in ("text", "output_text"):
            answer.append(json_text(chunk.get("text"), "a chunk's text"))
        elif kind in ("thinking", "reasoning"):
            held = chunk.get("thinking", chunk.get("reasoning", chunk.get("text")))
            thoughts.append(_content(held)[0])
        elif kind == "refusal":
            continue
        else:
            raise BadReply(f"a chunk of content has the unknown type {one_line(str(kind), 40)!r}")
    return "".join(answer), "".join(thoughts) or None
