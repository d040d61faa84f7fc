"""GuideLLM reports, JSON or YAML: speeds at each rate, with the requests that failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import (
    finite,
    inside,
    json_document,
    mapping,
    moment,
    text,
    whole,
    yaml_document,
)
from evaluators.outside.outside_records import LeftOut, OutsideResult, OutsideRun
from evaluators.outside.redact import redacted_text
from evaluators.records import Settings
from evaluators.user_error import UserError

METRICS = (
    ("total_throughput", "output_tokens_per_second", 1.0, "tok/s", True),
    ("time_to_first_token", "time_to_first_token_ms", 0.001, "s", False),
    ("request_latency", "request_latency", 1.0, "s", False),
    ("inter_token_latency", "inter_token_latency_ms", 0.001, "s", False),
)
"""(task, metric of the report, factor to SI units, unit, whether higher is better)."""


def is_guidellm_report(content: Any) -> bool:
    """Whether a JSON or YAML value is a report."""
    benchmarks = mapping(content).get("benchmarks")
    first = benchmarks[0] if isinstance(benchmarks, list) and benchmarks else None
    return isinstance(first, dict) and isinstance(first.get("metrics"), dict)


def read_guidellm_report(path: Path) -> OutsideRun:
    """Every benchmark of a report. A benchmark with failed requests is shown, not judged: its throughput says nothing.

    Raises UserError for another file.
    """
    content = yaml_document(path) if path.suffix in (".yaml", ".yml") else json_document(path)
    if not is_guidellm_report(content):
        raise UserError(f"{path} is no report of GuideLLM; it needs benchmarks with metrics")
    about = mapping(content.get("metadata"))
    version = text(about.get("guidellm_version"))
    results, left = [], []
    for number, benchmark in enumerate(content["benchmarks"]):
        speeds = list(_results(mapping(benchmark), version, content))
        if not speeds:
            left.append(LeftOut(place=f"benchmarks[{number}]", reason="no request succeeded, or no speed is told"))
        results += speeds
    first = mapping(content["benchmarks"][0])
    return OutsideRun(
        format="GuideLLM report",
        path=str(path),
        harness="guidellm",
        harness_version=version,
        model=_model(first, content),
        started=moment(first.get("start_time")) or moment(inside(first, "run_stats", "start_time")),
        finished=moment(first.get("end_time")) or moment(inside(first, "run_stats", "end_time")),
        results=tuple(results),
        left_out=tuple(left),
    )


def _results(benchmark: dict[str, Any], version: str | None, content: Any) -> Iterator[OutsideResult]:
    metrics = mapping(benchmark.get("metrics"))
    totals = mapping(metrics.get("request_totals")) or mapping(benchmark.get("request_totals"))
    totals = totals or mapping(inside(benchmark, "run_stats", "requests_made"))
    failed, every = whole(totals.get("errored")) or 0, whole(totals.get("total"))
    for task, name, factor, unit, higher in METRICS:
        succeeded = mapping(inside(metrics, name, "successful"))
        value, count = finite(succeeded.get("mean")), whole(succeeded.get("count"))
        if value is None or value <= 0 or count == 0:
            continue
        spread = finite(succeeded.get("std_dev"))
        yield OutsideResult(
            task=task,
            names=(task,),
            metric="value",
            score=value * factor,
            stderr=spread * factor / count**0.5 if spread is not None and count else None,
            unit=unit,
            higher_is_better=higher,
            count=count,
            limited=f"{failed:,} of {every or '?'} requests failed" if failed else _load(benchmark, task),
            settings=_settings(benchmark, version, content),
            evidence={
                "requests": ", ".join(f"{name} {value}" for name, value in totals.items())[:200],
                **(
                    {"median": f"{median * factor:g}"}
                    if (median := finite(succeeded.get("median"))) is not None
                    else {}
                ),
            },
        )


def _load(benchmark: dict[str, Any], task: str) -> str | None:
    """A throughput at a given rate of requests says how many were sent, not how many could be served."""
    strategy = _strategy(benchmark)
    kind, rate = text(strategy.get("type_")), finite(strategy.get("rate"))
    given = kind in ("constant", "poisson", "async") and task == "total_throughput"
    return f"a load of {rate:g} requests a second" if given and rate else "a given load" if given else None


def _strategy(benchmark: dict[str, Any]) -> dict[str, Any]:
    return mapping(inside(benchmark, "args", "strategy")) or mapping(inside(benchmark, "config", "strategy"))


def _settings(benchmark: dict[str, Any], version: str | None, content: Any) -> Settings:
    strategy = _strategy(benchmark)
    kind = text(strategy.get("type_"))
    streams = whole(strategy.get("streams")) or whole(strategy.get("max_concurrency"))
    data = str(inside(benchmark, "request_loader", "data") or inside(benchmark, "config", "requests", "data") or "")
    prompt, output = (re.search(rf"{name}_tokens['\"]?\s*[=:]\s*(\d+)", data) for name in ("prompt", "output"))
    return Settings(
        prompt_tokens=int(prompt[1]) if prompt else None,
        generation_tokens=int(output[1]) if output else None,
        concurrency=1 if kind == "synchronous" else streams,
        harness=f"guidellm {version}" if version else "guidellm",
        notes=(redacted_text(f"rate: {kind} {strategy.get('rate') or ''}".strip()),) if kind else (),
    )


def _model(benchmark: dict[str, Any], content: Any) -> str | None:
    for keys in (("worker", "backend_model"), ("config", "backend", "model"), ("config", "requests", "model")):
        if named := text(inside(benchmark, *keys)):
            return named
    return text(inside(content, "args", "model")) or text(inside(content, "config", "model"))
