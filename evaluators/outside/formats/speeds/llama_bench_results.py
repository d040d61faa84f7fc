"""llama-bench `-o json` and `-o jsonl`: speeds, and two facts about the model file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from evaluators.outside.bounded_reading import finite, json_document, json_lines, moment, sequence, text, whole
from evaluators.outside.outside_records import LeftOut, OutsideItem, OutsideResult, OutsideRun
from evaluators.records import Settings
from evaluators.user_error import UserError

QUANTIZATION = re.compile(r"(?i)(?:^|[-._/])((?:I?Q\d+(?:_[A-Z0-9]+)*)|BF16|F16|F32|MXFP4|TQ\d_\d)(?=[-._]|$)")


OPTIONS = (
    "n_gpu_layers", "n_cpu_moe", "n_threads", "n_batch", "n_ubatch", "type_k", "type_v", "flash_attn", "split_mode",
    "tensor_split", "main_gpu", "devices", "no_kv_offload", "use_mmap", "moe_cache", "repack", "poll",
)  # fmt: skip
"""Options that move a speed, and are no settings of their own."""
ALL = 99
"""Layers on the graphics card from which on these are all, as the program's own default was."""


def is_llama_bench(content: Any) -> bool:
    """Whether a JSON value is a list of tests, or one test of a `jsonl` file."""
    first = content[0] if isinstance(content, list) and content else content
    return isinstance(first, dict) and "avg_ts" in first and "model_filename" in first


def read_llama_bench_file(path: Path) -> OutsideRun:
    """Every test of a file. Raises UserError for another file."""
    rows: list[Any]
    try:
        content = json_document(path)
        rows = content if isinstance(content, list) else [content]
    except UserError:
        rows = [row for _, row in json_lines(path)]
    if not is_llama_bench(rows):
        raise UserError(f"{path} is no JSON of llama-bench; it needs model_filename and avg_ts")
    return llama_bench_run(path, rows, "llama-bench JSON")


def llama_bench_run(path: Path, rows: list[Any], format: str) -> OutsideRun:
    """The run of a file's rows, each with the names of the JSON's fields. An option that is not the same in all rows
    of a model stands in the notes of its settings, so that a series over it is several runs."""
    results: list[OutsideResult] = []
    left = []
    tests = [row if isinstance(row, dict) else {} for row in rows]
    swept = _swept(tests)
    for number, row in enumerate(tests):
        speeds = list(_results(row, swept))
        if not speeds:
            left.append(LeftOut(place=f"test {number}", reason="it has no finite speed above 0, or no lengths"))
        results += speeds
    for name, row in {str(row.get("model_filename") or ""): row for row in tests}.items():
        if name:
            results += _facts(name, row)
    first = tests[0] if tests else {}
    return OutsideRun(
        format=format,
        path=str(path),
        harness="llama-bench",
        harness_version=_build(first),
        model=_model(first),
        model_parameters=whole(first.get("model_n_params")),
        finished=moment(first.get("test_time")),
        results=tuple(results),
        left_out=tuple(left),
    )


def _swept(tests: list[dict[str, Any]]) -> frozenset[str]:
    """Options that differ between tests of one model."""
    values: dict[tuple[str | None, str], set[str]] = {}
    for row in tests:
        for name in OPTIONS:
            values.setdefault((_model(row), name), set()).add(str(row.get(name)))
    return frozenset(name for (_, name), seen in values.items() if len(seen) > 1)


def _model(row: dict[str, Any]) -> str | None:
    """The model by its file, else (in Markdown) by its type."""
    name = PurePosixPath(str(row.get("model_filename") or "").replace("\\", "/")).name.removesuffix(".gguf")
    return name or text(row.get("model_type"))


def _results(row: dict[str, Any], swept: frozenset[str]) -> Iterator[OutsideResult]:
    speed, prompt, generated = finite(row.get("avg_ts")), whole(row.get("n_prompt")), whole(row.get("n_gen"))
    if speed is None or speed <= 0 or prompt is None or generated is None or not prompt + generated:
        return
    runs = [finite(speed_of_run) for speed_of_run in sequence(row.get("samples_ts"))]
    known = [speed_of_run for speed_of_run in runs if speed_of_run is not None and speed_of_run > 0]
    task = "prompt_speed" if not generated else "output_speed" if not prompt else "prompt and output speed"
    spread = finite(row.get("stddev_ts"))
    yield OutsideResult(
        task=task,
        names=(task,),
        metric="value",
        score=speed,
        stderr=spread / len(known) ** 0.5 if spread is not None and known else None,
        unit="tok/s",
        higher_is_better=True,
        count=len(known) or None,
        settings=_settings(row, prompt, generated, swept),
        model=_model(row),
        items=tuple(
            OutsideItem(id=f"run {number}", score=speed_of_run) for number, speed_of_run in enumerate(known, 1)
        ),
        evidence={
            name: str(row[name])[:80]
            for name in (
                "n_batch",
                "n_ubatch",
                "n_threads",
                "type_k",
                "type_v",
                "n_gpu_layers",
                "flash_attn",
                "test_time",
            )
            if row.get(name) is not None
        },
    )


def _settings(row: dict[str, Any], prompt: int, generated: int, swept: frozenset[str]) -> Settings:
    layers = whole(row.get("n_gpu_layers"))
    graphics = text(row.get("gpu_info")) if layers != 0 else None
    told = [
        name for name in OPTIONS if name in swept or (name == "n_gpu_layers" and layers is not None and layers < ALL)
    ]
    return Settings(
        quantization=_quantization(row),
        backend="llama.cpp",
        backend_version=_build(row),
        hardware=graphics or text(row.get("cpu_info")),
        prompt_tokens=prompt or None,
        generation_tokens=generated or None,
        depth=whole(row.get("n_depth")) or 0,
        concurrency=1,
        speculative="none",
        harness=f"llama-bench {_build(row) or ''}".strip(),
        notes=tuple(f"{name} {str(row.get(name))[:40]}" for name in told),
    )


def _facts(name: str, row: dict[str, Any]) -> Iterator[OutsideResult]:
    """Size and parameters of the model file: they decide specification claims for nothing."""
    for task, key, unit in (("total_parameters", "model_n_params", "parameters"), ("file_size", "model_size", "bytes")):
        if value := whole(row.get(key)):
            yield OutsideResult(
                task=task,
                names=(task,),
                metric="value",
                score=float(value),
                unit=unit,
                count=1,
                settings=Settings(quantization=_quantization(row), harness="llama-bench"),
                model=_model(row),
            )


def _quantization(row: dict[str, Any]) -> str | None:
    named = QUANTIZATION.search(str(row.get("model_filename") or "").removesuffix(".gguf"))
    if named:
        return named[1].upper()
    kind = re.search(r"\b(I?Q\d\w*|BF16|F16|F32)(?: - (Small|Medium|Large))?$", str(row.get("model_type")))
    return f"{kind[1]}_{kind[2][0]}" if kind and kind[2] else kind[1] if kind else None


def _build(row: dict[str, Any]) -> str | None:
    build, commit = whole(row.get("build_number")), text(row.get("build_commit"))
    return " ".join(word for word in (f"b{build}" if build else "", commit or "") if word) or None
