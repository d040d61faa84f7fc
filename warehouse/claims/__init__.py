"""How claims come in: cards, hub metadata, registries, our own ledger; word for word, with source and place.

Everything is imported when first used, so that reading commands stay fast.

model_aliases    names of models as printed -> hub ids, so that two sources about one model meet
source_reading   what reading a source gives
source_store     pages as read
lines/           lines of plain text -> the Markdown that they would have been
readers/         one reader a kind of source
sentences/       claims proposed from sentences
tables/          tables and lists of cards and articles, read into claims
text/            words and numbers of claims
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "Reading": "source_reading",
    "Unread": "source_reading",
    "read_card": "readers.model_card",
    "read_front_matter": "readers.model_index",
    "read_eval_results": "readers.eval_results",
    "read_every_eval_ever": "readers.every_eval_ever",
    "read_llm_stats": "readers.llm_stats",
    "read_lm_eval_results": "readers.lm_eval",
    "read_csv": "readers.csv_parquet",
    "read_ledger": "readers.ledger_yaml",
    "read_any": "readers.detect",
    "resolve_benchmark": "text.names",
    "suggest_benchmarks": "text.names",
    "resolve_model": "text.names",
    "read_interval": "text.interval",
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(name)
    return getattr(import_module(f"warehouse.claims.{_MODULES[name]}"), name)
