"""Every Eval Ever records (schema 0.1.0 to 0.3.0) with the samples beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from statistics import NormalDist
from typing import Any

from evaluators.outside.bounded_reading import (
    finite,
    grade,
    inside,
    json_document,
    json_lines,
    mapping,
    moment,
    sequence,
    text,
    whole,
)
from evaluators.outside.formats.eval_ever_scope import Scope, scope_of
from evaluators.outside.outside_records import LeftOut, OutsideItem, OutsideResult, OutsideRun
from evaluators.outside.redact import redacted_line
from evaluators.records import ItemStatus, Settings
from evaluators.user_error import UserError

PERCENT = ("percent", "percentage", "%", "points")


def is_eval_ever_file(content: Any) -> bool:
    """Whether a JSON value is a record."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("evaluation_results"), list)
        and isinstance(content.get("model_info"), dict)
    )


def read_eval_ever_file(path: Path) -> OutsideRun:
    """Every result of a record. Raises UserError for another file, and for samples that cannot be read."""
    content = json_document(path)
    if not is_eval_ever_file(content):
        raise UserError(f"{path} is no Every Eval Ever record; it needs model_info and evaluation_results")
    about, model = mapping(content.get("source_metadata")), content["model_info"]
    library = mapping(content.get("eval_library"))
    samples = _samples(path, content)
    results, left = [], []
    for number, entry in enumerate(content["evaluation_results"]):
        result = _result(mapping(entry), content, library, samples)
        if result is None:
            left.append(LeftOut(place=f"evaluation_results[{number}]", reason="it has no name or no finite score"))
        else:
            results.append(result)
    name = text(library.get("name"))
    known = name if name and name != "unknown" else None
    relation = text(about.get("evaluator_relationship"))
    when = finite(content.get("retrieved_timestamp"))
    return OutsideRun(
        format="Every Eval Ever record",
        path=str(path),
        harness=known or text(about.get("source_name")) or "unknown",
        harness_version=None if library.get("version") in (None, "unknown") else str(library["version"])[:60],
        model=text(model.get("id")) or text(model.get("name")),
        by=text(about.get("source_organization_name")) or text(about.get("source_name")),
        first_party={"first_party": True, "third_party": False}.get(relation or ""),
        finished=moment(when),
        results=tuple(results),
        left_out=tuple(left),
    )


def _result(
    entry: dict[str, Any], content: dict[str, Any], library: dict[str, Any], samples: dict[str, list[OutsideItem]]
) -> OutsideResult | None:
    metric, details = mapping(entry.get("metric_config")), mapping(entry.get("score_details"))
    name, score = text(entry.get("evaluation_name")), finite(details.get("score"))
    if name is None or score is None:
        return None
    scale = 100.0 if _percent(metric) else 1.0
    uncertainty = mapping(details.get("uncertainty"))
    stderr = finite(inside(uncertainty, "standard_error", "value"))
    if stderr is None:
        stderr = _from_interval(mapping(uncertainty.get("confidence_interval")))
    count = whole(uncertainty.get("num_samples"))
    data = mapping(entry.get("source_data")) or mapping(content.get("source_data"))
    items = samples.get(str(entry.get("evaluation_result_id"))) or samples.get(name) or []
    if items and count and len({item.id for item in items}) != count:
        items = []
    low = metric.get("lower_is_better")
    scope = scope_of(entry, text(inside(content, "source_metadata", "source_name")))
    largest = finite(metric.get("max_score"))
    fraction = scale == 100.0 or (0 <= score <= 1 and largest in (None, 1.0))
    return OutsideResult(
        task=scope.task,
        names=_names(scope.task, text(data.get("dataset_name"))),
        metric=scope.metric,
        score=score / scale,
        stderr=stderr / scale if stderr is not None else None,
        unit="fraction" if fraction else text(metric.get("metric_unit")) or "value",
        higher_is_better=not low if isinstance(low, bool) else None,
        count=count or (len({item.id for item in items}) or None),
        most_items=scope.most_items,
        limited=f"a part of the benchmark: {scope.part}" if scope.part else None,
        settings=_settings(entry, content, library, scope),
        items=tuple(items),
        evidence={
            key: str(value)[:200]
            for key, value in (
                ("description", metric.get("evaluation_description")),
                ("split", data.get("hf_split")),
                ("schema_version", content.get("schema_version")),
            )
            if value
        },
    )


def _names(name: str, dataset: str | None) -> tuple[str, ...]:
    """The data set too, where it and the evaluation have one name: a language or a subject of it is not the whole."""
    plain, whole_set = ("".join(words.casefold().split()) for words in (name, dataset or ""))
    return (dataset,) if dataset and plain == whole_set else ()


def _from_interval(interval: dict[str, Any]) -> float | None:
    """Standard error that an interval means: half its width over the normal quantile of its level (0.95 if untold)."""
    low, high = finite(interval.get("lower")), finite(interval.get("upper"))
    level = finite(interval.get("confidence_level")) or 0.95
    if low is None or high is None or high <= low or not 0 < level < 1:
        return None
    return (high - low) / 2 / NormalDist().inv_cdf((1 + level) / 2)


def _percent(metric: dict[str, Any]) -> bool:
    unit = str(metric.get("metric_unit") or "").casefold()
    return unit in PERCENT or (
        unit not in ("fraction", "proportion", "ratio") and finite(metric.get("max_score")) == 100
    )


def _settings(entry: dict[str, Any], content: dict[str, Any], library: dict[str, Any], scope: Scope) -> Settings:
    given = mapping(inside(entry, "generation_config", "generation_args"))
    extra = mapping(inside(entry, "generation_config", "additional_details"))
    model = content["model_info"]
    engine = mapping(model.get("inference_engine"))
    reasoning = given.get("reasoning")
    library_name = text(library.get("name"))
    version = library.get("version")
    harness = None
    if library_name and library_name != "unknown":
        harness = library_name if version in (None, "unknown") else f"{library_name} {version}"
    precision = mapping(model.get("additional_details")).get("precision")
    scaffold = text(extra.get("agent_scaffold")) or text(inside(model, "additional_details", "agent_scaffold"))
    shots = whole(extra.get("num_fewshot") if extra.get("num_fewshot") is not None else extra.get("n_shot"))
    return Settings(
        shots=scope.shots if shots is None else shots,
        thinking=("on" if reasoning else "off") if isinstance(reasoning, bool) else None,
        temperature=finite(given.get("temperature")),
        top_p=finite(given.get("top_p")),
        top_k=whole(given.get("top_k")),
        max_tokens=whole(given.get("max_tokens")),
        metric=scope.metric,
        subset=scope.part,
        scaffold=scaffold,
        harness=harness,
        backend=text(engine.get("name")),
        backend_version=text(engine.get("version")),
        quantization=precision if isinstance(precision, str) and precision != "unknown" else None,
    )


def _samples(path: Path, content: dict[str, Any]) -> dict[str, list[OutsideItem]]:
    """Items by result id and by evaluation name. A stated file is looked for beside the record, by its name alone."""
    stated = text(inside(content, "detailed_evaluation_results", "file_path"))
    names = [f"{path.stem}_samples.jsonl"]
    if stated:
        names.insert(0, PurePosixPath(stated.replace("\\", "/")).name)
    file = next((beside for name in names if name and (beside := path.with_name(name)).is_file()), None)
    items: dict[str, list[OutsideItem]] = {}
    if file is None:
        return items
    for name, item in _instances(file):
        items.setdefault(name, []).append(item)
    return items


def _instances(file: Path) -> Iterator[tuple[str, OutsideItem]]:
    for line, row in json_lines(file):
        judged = mapping(row.get("evaluation"))
        score = grade(judged.get("score"))
        if score is None:
            score = grade(judged.get("is_correct"))
        name = text(row.get("evaluation_result_id")) or text(row.get("evaluation_name"))
        if name is None:
            raise UserError(f"{file}, line {line}: it names no evaluation")
        failure = row.get("error")
        usage = mapping(row.get("token_usage"))
        latency = finite(inside(row, "performance", "latency_ms"))
        yield (
            name,
            OutsideItem(
                id=str(row.get("sample_id"))[:200],
                score=None if failure or score is None else score,
                status=ItemStatus.failed if failure or score is None else ItemStatus.ok,
                tokens_in=whole(usage.get("input_tokens")),
                tokens_out=whole(usage.get("output_tokens")),
                turns=whole(judged.get("num_turns")),
                seconds=latency / 1000 if latency is not None else None,
                error=redacted_line(
                    failure if isinstance(failure, str) else str(mapping(failure).get("message") or "")
                ),
                extracted=redacted_line(str((sequence(inside(row, "output", "raw")) or [""])[0]), 200),
                target=redacted_line(str((sequence(inside(row, "input", "reference")) or [""])[0]), 200),
                prompt_sha256=text(row.get("sample_hash")),
            ),
        )
