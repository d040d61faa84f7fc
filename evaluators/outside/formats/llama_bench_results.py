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
    results: list[OutsideResult] = []
    left = []
    for place, row in enumerate(rows):
        found = list(_results(row)) if isinstance(row, dict) else []
        if not found:
            left.append(LeftOut(place=f"test {place}", reason="it has no finite speed above 0, or no lengths"))
        results += found
    first = rows[0] if isinstance(rows[0], dict) else {}
    facts = {}
    for row in rows:
        if isinstance(row, dict):
            facts[str(row.get("model_filename"))] = row
    for name, row in facts.items():
        results += _facts(name, row)
    return OutsideRun(
        format="llama-bench JSON",
        path=str(path),
        harness="llama-bench",
        harness_version=_build(first),
        model=PurePosixPath(str(first.get("model_filename")).replace("\\", "/")).name.removesuffix(".gguf") or None,
        model_parameters=whole(first.get("model_n_params")),
        finished=moment(first.get("test_time")),
        results=tuple(results),
        left_out=tuple(left),
    )


def _results(row: dict[str, Any]) -> Iterator[OutsideResult]:
    speed, prompt, generated = finite(row.get("avg_ts")), whole(row.get("n_prompt")), whole(row.get("n_gen"))
    if speed is None or speed <= 0 or prompt is None or generated is None or not prompt + generated:
        return
    runs = [finite(one) for one in sequence(row.get("samples_ts"))]
    known = [one for one in runs if one is not None and one > 0]
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
        settings=_settings(row, prompt, generated),
        model=PurePosixPath(str(row.get("model_filename")).replace("\\", "/")).name.removesuffix(".gguf"),
        items=tuple(OutsideItem(id=f"run {place}", score=one) for place, one in enumerate(known, 1)),
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


def _settings(row: dict[str, Any], prompt: int, generated: int) -> Settings:
    graphics = text(row.get("gpu_info"))
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
    )


def _facts(name: str, row: dict[str, Any]) -> Iterator[OutsideResult]:
    """Size and parameters of the model file: they decide specification claims for nothing."""
    model = PurePosixPath(name.replace("\\", "/")).name.removesuffix(".gguf")
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
                model=model,
            )


def _quantization(row: dict[str, Any]) -> str | None:
    found = QUANTIZATION.search(str(row.get("model_filename")).removesuffix(".gguf"))
    if found:
        return found[1].upper()
    kind = re.search(r"\b(I?Q\d\w*|BF16|F16|F32)(?: - (Small|Medium|Large))?$", str(row.get("model_type")))
    return f"{kind[1]}_{kind[2][0]}" if kind and kind[2] else kind[1] if kind else None


def _build(row: dict[str, Any]) -> str | None:
    number_of, commit = whole(row.get("build_number")), text(row.get("build_commit"))
    return " ".join(one for one in (f"b{number_of}" if number_of else "", commit or "") if one) or None
