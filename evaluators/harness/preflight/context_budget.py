"""Whether prompts and answers fit the context, found out before the first request."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.backends.client import Client, GaveUp
from evaluators.backends.openai_api import sampling
from evaluators.backends.registry import dialect_named
from evaluators.backends.reply_reader import token_ids
from evaluators.harness.requests import Item
from evaluators.records import ServerDescription, UserError

PROMPTS_COUNTED = 4
"""Longest prompts (in characters) that are tokenized."""


async def check_context_budget(
    client: Client, items: Sequence[Item], server: ServerDescription, dialect: str, chat: bool
) -> dict[str, str]:
    """What there is to say about the context budget, for `Run.checks`.

    Raises UserError if a prompt leaves no room for an answer, if the token limit alone fills the context, or if nothing
    says how long an answer may be.
    """
    generating = [item for item in items if item.instances[0].request_type == "generate_until"]
    if not generating:
        return {}
    limits = [sampling.limit(item.instances[0].args[1]) for item in generating]
    limit = max((value for value in limits if value is not None), default=None)
    context = server.context
    if context is None:
        if limit is None and not chat:
            raise UserError("neither task, settings nor server say how long an answer may be; state max_tokens")
        return {"context_budget": "context length unknown"}
    if limit is not None and limit >= context:
        raise UserError(
            f"answers of {limit} tokens leave no room for a prompt in a context of {context}; "
            f"serve with a longer context or state fewer max_tokens"
        )
    longest = sorted(generating, key=lambda item: len(item.instances[0].args[0]))[-PROMPTS_COUNTED:]
    most = 0
    for item in longest:
        text = item.instances[0].args[0]
        try:
            most = max(most, await _prompt_tokens(client, text, server.model, dialect))
        except GaveUp:
            return {"context_budget": "the server does not count tokens"}
    if most >= context:
        raise UserError(f"the longest prompt has {most} tokens, the context {context}; serve with a longer context")
    if limit is not None and most + limit > context:
        return {"context_budget": f"longest prompt {most} tokens: {context - most} of {limit} tokens left to answer"}
    return {
        "context_budget": f"longest prompt {most} tokens, answers up to {limit or context - most}, context {context}"
    }


async def _prompt_tokens(client: Client, text: str, model: str, dialect: str) -> int:
    spoken = dialect_named(dialect)
    if spoken.tokenize_path is None:
        raise GaveUp("no tokenizer route", 0)
    body = spoken.tokenize_body(model, text)
    reply = await client.post(spoken.tokenize_path, body, read=token_ids, count=False)
    return len(reply.data)
