"""How claims come in: cards, hub metadata, registries, our own ledger; word for word, with source and place.

Everything is imported when first used, so that reading commands stay fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Reading": "reading",
    "Unread": "reading",
    "read_card": "card",
    "read_front_matter": "front_matter",
    "read_eval_results": "eval_results",
    "read_every_eval_ever": "every_eval_ever",
    "read_llm_stats": "llm_stats",
    "read_lm_eval_results": "lm_eval_results",
    "read_csv": "csv_table",
    "read_ledger": "ledger_file",
    "read_any": "dispatch",
    "resolve_benchmark": "names",
    "suggest_benchmarks": "names",
    "resolve_model": "names",
    "read_interval": "interval",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(f"warehouse.claims.{_HOME[name]}"), name)
