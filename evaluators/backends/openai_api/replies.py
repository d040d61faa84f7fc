"""Answers of OpenAI-style completion and chat routes: how each ended, and whether it is whole."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from evaluators.backends.reply_reader import (
    BadReply,
    json_list,
    json_object,
    json_text,
    one_line,
    optional_count,
    optional_text,
    says_prompt_was_cut,
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
NOT_ENDED = CUT | DECLINED
WHOLE = ENDED | NOT_ENDED
"""Finish reasons of which each says that the answer is what the server meant to send."""


THOUGHT = re.compile(r"think|thought|reason(?!s?$|_?code)", re.I)
"""Names of fields and of kinds of chunks that hold reasoning: `reasoning_content`, `reasoning`, `thinking`, ..."""
WORDLESS = re.compile(r"reference|citation|annotation|tool|function|refusal|redacted|encrypted|signature", re.I)
"""Kinds of chunks that hold nothing of an answer's text."""


class Generation(NamedTuple):
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
    """An answer of `/v1/chat/completions`; content may be a text, null or a list of chunks, and stand where a stream or
    the other route has it. Raises BadReply."""
    choice, finish = _choice(data)
    message = json_object(choice.get("message") or choice.get("delta") or {}, "message")
    content, thoughts = _content(message.get("content"))
    if not content:  # servers that answer both routes alike
        content = optional_text(choice.get("text"), "text") or ""
    reasoning = _reasoning(message) or thoughts
    return _generation(data, finish, content, reasoning, optional_text(message.get("refusal"), "refusal"))


def ending(reply: Generation, text: str, limit: int | None = None, stopped: bool = False) -> ResponseStatus:
    """How an answer ended. `text`: what is left of it without reasoning. `limit`: the token limit that was sent, for
    servers whose finish reason is not to be relied on; an answer of that length is taken as cut. `stopped`: it was
    ended here, at a stop string, so that what follows does not matter."""
    if reply.refusal or reply.finish in DECLINED:
        return ResponseStatus.refused
    if stopped:
        return ResponseStatus.ok if text.strip() else ResponseStatus.empty
    if reply.finish in CUT or (limit and (reply.generated_tokens or 0) >= limit):
        return ResponseStatus.truncated
    return ResponseStatus.ok if text.strip() else ResponseStatus.empty


def _choice(data: Any) -> tuple[dict[str, Any], str]:
    """The first choice and its finish reason, if the choice is a whole, cut or declined answer to the whole prompt."""
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
    native = choice.get("native_finish_reason")  # what a gateway was told by the server behind it
    if finish in ENDED and isinstance(native, str) and native.strip().lower() in NOT_ENDED:
        finish = native.strip().lower()
    if finish not in WHOLE:
        how = f"with finish_reason {one_line(stated, 40)!r}" if stated else "without a finish_reason"
        raise BadReply(f"the answer ends {how}: it is not whole", passing=True)
    if finish not in CUT and (says_prompt_was_cut(answer) or says_prompt_was_cut(choice)):
        raise BadReply("the server says that it cut the prompt (truncated): its context is too short for it")
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


def _reasoning(message: dict[str, Any]) -> str | None:
    """The reasoning that a message holds beside its content, whatever the server calls it."""
    first = ("reasoning_content", "reasoning")
    names = [*first, *(name for name in message if name not in first and THOUGHT.search(name))]
    for name in names:
        held = message.get(name)
        if name in first and held is not None and not isinstance(held, (str, list)):
            raise BadReply("reasoning is neither a text nor a list")
        if isinstance(held, str) and held:
            return json_text(held, "reasoning")
        if isinstance(held, list):
            texts = [_text_of(chunk) for chunk in held if isinstance(chunk, (str, dict))]
            if joined := "".join(text for text in texts if text):
                return joined
    return None


def _content(content: Any) -> tuple[str, str | None]:
    """(answer, reasoning) of a message's content: a text, null, a chunk or a list of chunks. Chunks that hold no text
    of an answer (references, calls of tools) are left out; what may hold some and is not known raises BadReply."""
    if content is None:
        return "", None
    if isinstance(content, str):
        return json_text(content, "content"), None
    answer: list[str] = []
    thoughts: list[str] = []
    for chunk in [content] if _is_chunk(content) else json_list(content, "content"):
        if isinstance(chunk, str):
            answer.append(json_text(chunk, "a chunk"))
            continue
        kind = json_object(chunk, "a chunk of content").get("type")
        named = kind if isinstance(kind, str) else ""
        if (kind is None and "text" in chunk) or "text" in named.casefold().split("_")[-1:]:
            text = _text_of(chunk)
            if text is None:
                raise BadReply(f"a chunk of the type {one_line(str(kind), 40)!r} holds no text")
            (thoughts if THOUGHT.search(named) else answer).append(text)
        elif WORDLESS.search(named):
            continue
        elif THOUGHT.search(named):
            thoughts.append(_text_of(chunk) or "")
        else:
            raise BadReply(f"a chunk of content has the unknown type {one_line(str(kind), 40)!r}")
    return "".join(answer), "".join(thoughts) or None


def _is_chunk(content: Any) -> bool:
    return isinstance(content, dict) and ("type" in content or "text" in content)


def _text_of(chunk: Any) -> str | None:
    """The text in a chunk: `text`, or the value of `text`, or what is under the name of its kind. None if there is
    none."""
    if isinstance(chunk, str):
        return json_text(chunk, "a chunk")
    for name in ("text", "thinking", "reasoning", "summary", "content", "value"):
        held = chunk.get(name)
        if isinstance(held, str):
            return json_text(held, f"a chunk's {name}")
        if isinstance(held, dict) and isinstance(held.get("value"), str):
            return json_text(held["value"], f"a chunk's {name}")
        if isinstance(held, list):
            return "".join(text for part in held if isinstance(part, (str, dict)) for text in [_text_of(part)] if text)
    return None
