"""RULER's grades of one answer: the share of the wanted words in it, or whether one of them is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

UNPRINTABLE = re.compile(r"[\x00-\x1f]")


def match_all(document: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval's `process_results`: the share of the document's outputs that stand in the answer, whatever their case
    (RULER, scripts/eval/synthetic/constants.py, string_match_all)."""
    answer = _plain(results[0])
    wanted = document["outputs"]
    return {"match": sum(word.lower() in answer for word in wanted) / len(wanted)}


def match_part(document: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval's `process_results` of questions: 1 if one of the document's outputs stands in the answer
    (string_match_part)."""
    answer = _plain(results[0])
    return {"match": float(any(word.lower() in answer for word in document["outputs"]))}


def _plain(answer: str) -> str:
    return UNPRINTABLE.sub("\n", answer.strip()).strip().lower()
