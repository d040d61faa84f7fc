"""Names that differ in the last stage of tuning: several models of one name."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.claims.text.names import name_tokens

_STAGES = frozenset({"sft", "dpo", "rl", "rlhf", "ppo", "grpo", "kto", "orpo"})


def in_several_stages(variants: Sequence[str | None]) -> list[bool]:
    """Which of these words on one model's name name a stage of tuning, where not all that do name the same: `Odd (SFT)`
    and `Odd (RL)` are two models, and only one can be the release."""
    stages = [name_tokens(variant or "") & _STAGES for variant in variants]
    several = len({words for words in stages if words}) > 1
    return [several and bool(words) for words in stages]
