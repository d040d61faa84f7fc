"""Answers long enough to be timed, where the claim does not say how long they are."""

from __future__ import annotations

from math import ceil

from evaluators.records import Settings
from evaluators.speed.conditions import GENERATION
from evaluators.speed.metrics import Quantity
from evaluators.speed.request_batches import Rounds
from evaluators.speed.stream import StreamClient, StreamFailed

LONG_ENOUGH = 0.15
"""Seconds that an answer should take: well above what the system's scheduling does to its ends."""
SHARE = 4
"""An answer is lengthened to at most this part (one in four) of the context: speed falls with depth."""


def lengthen(
    client: StreamClient, quantity: Quantity, filled: Settings, asked: Settings, context: int | None
) -> Settings:
    """`filled` with a longer answer, in steps of 128 tokens, where `asked` states no length and 128 tokens take less
    than LONG_ENOUGH seconds, as with very small models. Costs two requests."""
    tokens = filled.generation_tokens or 0
    if not quantity.generates or asked.generation_tokens is not None or context is None or tokens < GENERATION:
        return filled
    try:
        seconds = Rounds(client, quantity, filled, seed=0).answer_seconds()
    except StreamFailed:
        return filled  # the runs that follow will say so
    if seconds >= LONG_ENOUGH:
        return filled
    room = min(context // SHARE, context - (filled.depth or 0) - (filled.prompt_tokens or 0))
    wanted = GENERATION * ceil(LONG_ENOUGH / max(seconds, 1e-3))
    longest = room // GENERATION * GENERATION
    return filled.model_copy(update={"generation_tokens": max(tokens, min(wanted, longest))})
