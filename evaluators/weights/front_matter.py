"""The YAML block at the head of a model card."""

from __future__ import annotations

import re
from typing import Any

import yaml


def front_matter(card: str) -> dict[str, Any]:
    """The YAML block at the head of a model card; empty if there is none that can be read."""
    match = re.match(r"\s*---\r?\n(.*?)\r?\n---\s*(?:\r?\n|$)", card, re.DOTALL)
    if not match:
        return {}
    try:
        found = yaml.safe_load(match[1])
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def stated_name(card: str) -> str | None:
    """The model's name by its card's `model-index`; None if the card states none."""
    index = front_matter(card).get("model-index")
    first = index[0] if isinstance(index, list) and index else None
    name = first.get("name") if isinstance(first, dict) else None
    return name.strip() if isinstance(name, str) and name.strip() else None
