"""What a result of an Every Eval Ever record is about: its metric, the part of the benchmark, and whose task it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evaluators.outside.bounded_reading import inside, mapping, text

PARTS = ("subject", "subjects", "subset", "subsets", "category", "categories", "level", "levels", "difficulty")
"""Details of a run that name a part of a benchmark."""
WHOLE = re.compile(r"(?i)all|main|default|full|test|v\d+(\.\d+)?|")
"""Words for a part that is no part."""
MEASURED_ON = re.compile(r"(?P<metric>.{1,40}?) on (?P<benchmark>.+)")
"""`F1 on NarrativeQA`, where a record has no name of the metric."""
LEADERBOARD_2 = "HF Open LLM v2"
"""Source name of the records of the second Open LLM Leaderboard, whose tasks are lm-eval's `leaderboard_*`."""
TASKS_OF_LEADERBOARD_2 = {
    "ifeval": ("leaderboard_ifeval", "mean of prompt and instance, strict", 0),
    "bbh": ("leaderboard_bbh", "acc_norm", 3),
    "math level 5": ("leaderboard_math_hard", "exact_match", 4),
    "gpqa": ("leaderboard_gpqa", "acc_norm", 0),
    "musr": ("leaderboard_musr", "acc_norm", 0),
    "mmlu-pro": ("leaderboard_mmlu_pro", "acc", 5),
}
"""Evaluation of that leaderboard -> task of lm-eval, its metric and its examples; they are no generative BBH, GPQA or
MMLU-Pro (its documentation, `open_llm_leaderboard/about`)."""
MOST_OF_HELM = {"helm_lite": 1000, "helm_capabilities": 1000, "helm_instruct": 1000, "helm_classic": 1000}
"""Source name -> items of a benchmark that HELM takes at most (`max_eval_instances` of its run entries)."""


@dataclass(frozen=True)
class Scope:
    """What a result is about."""

    task: str
    metric: str
    shots: int | None = None
    part: str | None = None
    """The part of the benchmark, in the record's words."""
    most_items: int | None = None


def scope_of(result: dict[str, Any], source: str | None) -> Scope:
    """The scope of one entry of `evaluation_results`, which must have a name. `source`: the record's source name."""
    name, metric = str(text(result.get("evaluation_name"))), mapping(result.get("metric_config"))
    if source == LEADERBOARD_2 and (known := TASKS_OF_LEADERBOARD_2.get(name.casefold())):
        return Scope(*known)
    words = text(metric.get("metric_id")) or text(metric.get("metric_name")) or _measured(metric, name) or "accuracy"
    return Scope(name, words, part=_part(result, name), most_items=MOST_OF_HELM.get(source or ""))


def _measured(metric: dict[str, Any], name: str) -> str | None:
    said = MEASURED_ON.fullmatch(text(metric.get("evaluation_description")) or "")
    return said["metric"] if said and _plain(name) in _plain(said["benchmark"]) else None


def _part(result: dict[str, Any], name: str) -> str | None:
    details = mapping(inside(result, "generation_config", "additional_details"))
    parts = []
    for key in PARTS:
        value = details.get(key)
        several = [str(part)[:60] for part in (value if isinstance(value, list) else [value]) if part is not None]
        if several and not all(WHOLE.fullmatch(part) or _plain(part) in _plain(name) for part in several):
            more = f" and {len(several) - 5} more" if len(several) > 5 else ""
            parts.append(f"{key} {', '.join(several[:5])}{more}")
    return "; ".join(parts) or None


def _plain(words: str) -> str:
    return re.sub(r"[\W_]", "", words).casefold()
