"""Prompts of a given length made of ordinary words, different from run to run."""

from __future__ import annotations

import random
from collections.abc import Callable

from evaluators.throughput.dialects import Prompt

TEXT = (
    "time year people way day man thing woman life child world school state family student group country problem hand "
    "part place case week company system program question work government number night point home water room mother "
    "area money story fact month lot right study book eye job word business issue side kind head house service friend"
)
WORDS = TEXT.split()
TOKENS_A_WORD = 1.3
"""Where the server does not tokenize for us: about what today's vocabularies need for these words."""


TokenIds = Callable[[str], list[int] | None]


def prompt_maker(token_ids: TokenIds, seed: int, gauge: TokenIds | None = None) -> Callable[[int, int], Prompt]:
    """A function (tokens, number) -> prompt of that many tokens, another one for every number, always the same for a
    seed. `token_ids`: see `Client.token_ids`; where it gives None the prompt is a text of about that length, by what
    `gauge`, the `token_ids` of another server, makes of its words."""

    def make(tokens: int, number: int) -> Prompt:
        source = random.Random(f"{seed} {number}")
        words = source.choices(WORDS, k=tokens + 8)
        ids = token_ids(" ".join(words))
        if ids is None:
            known = gauge(" ".join(words)) if gauge else None
            each = len(known) / len(words) if known else TOKENS_A_WORD
            return " ".join(words[: max(1, round(tokens / each))])
        return ids[:tokens]

    return make
