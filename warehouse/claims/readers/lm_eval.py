"""lm-eval results JSON that others published -> third-party measurements; old and new layouts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from evaluators.catalogue import catalogue
from evaluators.records import Settings, UserError
from evaluators.safe_load import load_json, written
from warehouse.claim_records import Claim, Claimant
from warehouse.claims.source_reading import Reading, new_claim, read_number, source_of

NO_METRICS = frozenset({"alias", "name", "sample_len", "sample_count", "samples"})
GENERATION = re.compile(r"(temperature|top_p|top_k|min_p|max_gen_toks|max_tokens)\s*=\s*([\d.]+)")


def read_lm_eval_results(
    text: str, *, url: str, read_at: datetime, by: str | None = None, model: str | None = None
) -> Reading:
    """Every task, metric and filter of a results file. `by` is who published it, `model` overrides the name in it.

    A run with a limit keeps the limit as its subset, so that it never passes for a whole benchmark.
    Raises UserError for a text that is no results file.
    """
    content = load_json(text, url)
    if not is_results(content):
        raise UserError(f"{url} is no lm-eval results file; it needs `results` and `versions` or `config`")
    reading = Reading(source_of(text, url=url, read_at=read_at, kind="lm_eval"))
    config = content.get("config") if isinstance(content.get("config"), dict) else {}
    named = model or _model(content, config or {})
    if named is None:
        raise UserError(f"{url} names no model; say it with --model")
    for task, numbers in content["results"].items():
        if not isinstance(numbers, dict):
            reading.leave(None, f"results.{task}", "it is no mapping")
            continue
        for key, number in numbers.items():
            if key in NO_METRICS or "_stderr" in key:
                continue
            try:
                claim = _claim(reading, content, config or {}, task, key, number, named, by)
            except (UserError, ValueError, TypeError, AttributeError) as error:
                reading.leave(None, f"results.{task}.{key}: {number}", str(error).splitlines()[0])
                continue
            reading.claims.append(claim)
    return reading


def is_results(content: Any) -> bool:
    """Whether a JSON value looks like lm-eval results."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("results"), dict)
        and (isinstance(content.get("versions"), dict) or "lm_eval_version" in content)
    )


@cache
def _by_task() -> dict[str, str]:
    """lm-eval task -> catalogue name."""
    tasks = {entry.task: name for name, entry in catalogue().items() if entry.task}
    return {**{name: name for name, entry in catalogue().items() if entry.evaluator == "lm-eval"}, **tasks}


def _model(content: dict[str, Any], config: dict[str, Any]) -> str | None:
    arguments = config.get("model_args")
    if isinstance(arguments, str):
        arguments = dict(part.split("=", 1) for part in arguments.split(",") if "=" in part)
    for key in ("pretrained", "model", "path", "engine"):
        if isinstance(arguments, dict) and arguments.get(key):
            return str(arguments[key])
    name = content.get("model_name") or config.get("model")
    return str(name) if name else None


def _claim(
    reading: Reading,
    content: dict[str, Any],
    config: dict[str, Any],
    task: str,
    key: str,
    number: Any,
    model: str,
    by: str | None,
) -> Claim:
    said = written(number)
    metric, _, kind = key.partition(",")
    benchmark = _by_task().get(task)
    scores = {score.metric for score in catalogue()[benchmark].scores} if benchmark else set()
    interval = read_number(said, benchmark, scale="fraction") if metric in scores else None
    stderr = content["results"][task].get(f"{metric}_stderr,{kind}" if kind else f"{metric}_stderr")
    notes = [f"standard error {stderr.text}"] if hasattr(stderr, "text") else []
    notes += [f"task version {content['versions'][task]}"] if task in (content.get("versions") or {}) else []
    date = content.get("date")
    if isinstance(date, (int, float)):
        notes.append(f"run {datetime.fromtimestamp(date, UTC):%Y-%m-%d}")
    if benchmark and metric not in scores:
        notes.append(f"{metric} is not a score of {benchmark} in the catalogue")
    return new_claim(
        model=model,
        benchmark=benchmark,
        benchmark_text=task,
        said=said,
        claimant=Claimant.third_party,
        source=reading.source,
        place=f"results.{task}.{key}",
        settings=_settings(content, config, task, metric, kind),
        interval=interval,
        by=by,
        note="; ".join(notes) or None,
    )


def _settings(content: dict[str, Any], config: dict[str, Any], task: str, metric: str, kind: str) -> Settings:
    shots = (content.get("n-shot") or {}).get(task, config.get("num_fewshot"))
    limit = config.get("limit")
    backend = (
        str(config["model"]) if config.get("model") in ("vllm", "sglang", "hf", "gguf", "local-completions") else None
    )
    template = content.get("chat_template") or content.get("chat_template_sha")
    version = content.get("lm_eval_version")
    generation = dict(GENERATION.findall(str(config.get("gen_kwargs") or "")))
    task_config = (content.get("configs") or {}).get(task)
    if isinstance(task_config, dict) and isinstance(task_config.get("generation_kwargs"), dict):
        for name, value in task_config["generation_kwargs"].items():
            generation.setdefault(name, value)
    most = generation.get("max_gen_toks", generation.get("max_tokens"))
    return Settings(
        shots=shots if isinstance(shots, int) and not isinstance(shots, bool) else None,
        prompt="chat" if template else ("completion" if "chat_template_sha" in content else None),
        temperature=_number(generation.get("temperature")),
        top_p=_number(generation.get("top_p")),
        max_tokens=int(str(most)) if str(most).isdigit() else None,
        metric=metric,
        filter=kind or None,
        subset=f"first {float(limit):g} items" if isinstance(limit, (int, float)) and limit else None,
        harness=f"lm-eval {version}" if version else "lm-eval",
        backend=backend,
    )


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
