"""Sizes of models and addresses of models on the hub, as words of a page."""

from __future__ import annotations

import re

from warehouse.claims.text.vocabulary import NOT_MODELS

SIZE = re.compile(r"[ae]?\d+(?:\.\d+)?[bme]")
"""A word of a name that is a size."""
_HUB = re.compile(
    r"^https?://(?:www\.)?(?:huggingface\.co|hf\.co)/([\w.-]+/[\w.-]+?)/?(?:[?#].*|/(?:tree|blob|resolve)/.*)?$"
)


def hub_id(link: str) -> str | None:
    """The model id that an address leads to, None for anything else."""
    match = _HUB.match(link.strip())
    return match[1] if match and match[1].split("/")[0] not in NOT_MODELS else None


def is_size(text: str) -> bool:
    """Whether the text is a model's size and nothing else: `7B`, `35B-A3B`, `1.8 B`."""
    return re.fullmatch(r"(?i)\d+(?:\.\d+)?\s?[bm](?:[\s-]*a\d+(?:\.\d+)?b)?", text.strip()) is not None
