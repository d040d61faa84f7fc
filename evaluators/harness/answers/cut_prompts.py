"""Find out from token counts that a server cut long prompts without saying so."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

SHORTEST = 256
"""Tokens below which no server cuts, and many honest prompts have one length."""
FEWEST = 3
FEWEST_SHARE = 0.01
SPREAD = 1.2
"""Longest over shortest text of prompts that are said to have the same number of tokens."""
DENSITY = 0.9
"""Tokens a character of the prompts at the limit, relative to those of the others."""
DENSEST = 10.0
"""Characters a token that no tokenizer reaches on a whole prompt."""


def cut_prompt_share(prompts: Sequence[tuple[int, int]]) -> float:
    """Share of prompts that the server seems to have cut, from (characters, tokens that the server counted).

    Cut prompts all have one number of tokens, the largest, although their texts differ in length, or although they
    should have more tokens by the density of the prompts below it.
    """
    if not prompts:
        return 0.0
    most = max(tokens for _, tokens in prompts)
    full = [characters for characters, tokens in prompts if tokens == most]
    if most < SHORTEST or len(full) < max(FEWEST, FEWEST_SHARE * len(prompts)):
        return 0.0
    below = [tokens / characters for characters, tokens in prompts if tokens < most and characters]
    sparse = len(below) >= FEWEST and median(most / max(c, 1) for c in full) < DENSITY * median(below)
    if sparse or max(full) > SPREAD * min(full) or median(full) > DENSEST * most:
        return len(full) / len(prompts)
    return 0.0
