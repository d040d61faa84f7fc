"""Tokens of contexts and continuations by llama-server's `/tokenize`, split as lm-eval splits them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluators.backends.client import Client
from evaluators.backends.reply_reader import BadReply, json_object, token_ids
from evaluators.records import UserError

APART = -7
"""Put between strings in one call: the server copies numbers as they are, so the answer falls apart at it."""


class LlamaTokens:
    """The tokenizer of one llama-server."""

    def __init__(self) -> None:
        self.lead: list[int] = []
        """What the tokenizer puts before a plain string: BOS or nothing."""
        self.prefix = 0
        """Token that stands for an empty context: BOS, else EOS."""
        self.plain = 0
        """An ordinary token, to be forced where any will do."""

    async def prepare(self, client: Client) -> None:
        """Learn BOS handling. Raises UserError if the server has no BOS and no EOS."""
        properties = await client.get("/props", lambda data: json_object(data, "/props"))
        bare = await self._tokenize(client, "a", special=False)
        full = await self._tokenize(client, "a", special=True)
        if not bare:
            raise UserError("the server tokenizes 'a' into nothing; is it llama-server?")
        self.plain = bare[0]
        self.lead = full[: len(full) - len(bare)] if full[-len(bare) :] == bare else full[:1]
        for name in ("bos_token", "eos_token"):
            text = properties.get(name)
            if text and isinstance(text, str):
                tokens = await self._tokenize(client, text, special=False)
                if len(tokens) == 1:
                    self.prefix = tokens[0]
                    return
        if not self.lead:
            raise UserError("the tokenizer has neither BOS nor EOS; log-likelihoods of an empty context are undefined")
        self.prefix = self.lead[0]

    async def _tokenize(self, client: Client, content: object, special: bool) -> list[int]:
        body = {"content": content, "add_special": special, "parse_special": True}
        reply = await client.post("/tokenize", body, read=token_ids, count=False)
        ids: list[int] = reply.data
        return ids

    async def encode(self, client: Client, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, nothing added, in one call."""
        distinct = [text for text in dict.fromkeys(texts) if text]
        ids: dict[str, list[int]] = {"": []}
        if distinct:
            content: list[object] = []
            for text in distinct:
                content += [text, APART]

            def read(data: Any) -> list[list[int]]:
                parts = _split(token_ids(data))
                if len(parts) != len(distinct):
                    raise BadReply(f"{len(distinct)} texts were tokenized into {len(parts)}")
                return parts

            body = {"content": content, "add_special": False, "parse_special": True}
            reply = await client.post("/tokenize", body, read=read, count=False)
            ids |= dict(zip(distinct, reply.data, strict=True))
        return [ids[text] for text in texts]

    def whole(self, tokens: list[int]) -> list[int]:
        """With BOS in front where the tokenizer wants it and the text does not bring it."""
        return tokens if not self.lead or tokens[: len(self.lead)] == self.lead else self.lead + tokens

    async def pairs(self, client: Client, texts: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
        """(context ids, continuation ids) of each (context, continuation), as lm-eval's `TemplateLM` splits them:

        trailing spaces of the context go to the continuation; context and continuation are tokenized together and cut
        at the length of the context alone; an empty context is BOS.
        """
        moved = []
        for context, continuation in texts:
            stripped = context.rstrip()
            moved.append(
                (stripped, context[len(stripped) :] + continuation) if stripped else ("", context + continuation)
            )
        encoded = await self.encode(client, [text for pair in moved for text in (pair[0], pair[0] + pair[1])])
        split = []
        for number, (context, _) in enumerate(moved):
            short, long = encoded[2 * number], encoded[2 * number + 1]
            if context:
                short, long = self.whole(short), self.whole(long)
                split.append((short, long[len(short) :]))
            elif long[:1] == [self.prefix]:
                split.append((long[:1], long[1:]))
            else:
                split.append(([self.prefix], long))
        return split


def _split(tokens: Sequence[int]) -> list[list[int]]:
    """The tokens of each text, which APART ends."""
    run: list[int] = []
    parts: list[list[int]] = []
    for token in tokens:
        if token == APART:
            parts.append(run)
            run = []
        else:
            run.append(token)
    return parts
