"""Speed as the kernels see it: `llama-bench`, without server, tokenizer or transport. Never mixed with served speed.

Output format: https://github.com/ggml-org/llama.cpp/blob/master/tools/llama-bench/README.md
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evaluators.records import Artifact, Measurement, Settings, UserError
from evaluators.speed.conditions import GENERATION, PROMPT
from evaluators.speed.machine_load import moment_with_children, others
from evaluators.speed.measure_speed import RUNS
from evaluators.speed.stability import unstable

TIMEOUT = 6 * 3600.0
KEY = (
    "build_number", "build_commit", "cpu_info", "gpu_info", "backends", "n_threads", "n_batch", "n_ubatch", "type_k",
    "type_v", "n_gpu_layers", "split_mode", "flash_attn", "use_mmap", "model_type", "model_size", "model_n_params",
)  # fmt: skip
"""What llama-bench says a number depends on."""


@dataclass(frozen=True)
class KernelTest:
    """One test of llama-bench: prompt processing or generation, at one depth."""

    benchmark: str
    """`prompt_speed` or `output_speed`."""
    settings: Settings
    """Lengths, depth, hardware, backend version: what the row says."""
    measurement: Measurement
    """Values: tok/s of each repetition."""
    problem: str | None = None
    """Why the number cannot be trusted; None if nothing speaks against it."""


def find_llama_bench(asked: str | None = None) -> str | None:
    """Path of llama-bench: the one asked for, else beside `llama-server` on PATH or on PATH itself; None if it is not
    there. Raises UserError if the one asked for is not."""
    if asked:
        path = shutil.which(asked)
        if not path:
            raise UserError(f"there is no executable {asked}; correct the path of llama-bench")
        return path
    server = shutil.which("llama-server")
    beside = shutil.which("llama-bench", path=str(Path(server).resolve().parent)) if server else None
    return beside or shutil.which("llama-bench")


def run_llama_bench(
    executable: str,
    artifact: Artifact,
    *,
    prompt_tokens: int = PROMPT,
    generation_tokens: int = GENERATION,
    depths: Sequence[int] = (0,),
    runs: int = RUNS,
    threads: int | None = None,
    extra: Sequence[str] = (),
) -> list[KernelTest]:
    """Run llama-bench on a GGUF artifact and read what it measured. It warms up itself; drift
    and other programs on the processor are noticed as for served speed. Raises UserError if it fails."""
    if artifact.format != "gguf":
        raise UserError(f"llama-bench reads GGUF files, this artifact is {artifact.format}; choose a GGUF quantization")
    command = [
        executable, "-m", artifact.path, "-o", "json", "-r", str(runs), "-p", str(prompt_tokens),
        "-n", str(generation_tokens), "-d", ",".join(map(str, depths)), *extra,
    ]  # fmt: skip
    if threads:
        command += ["-t", str(threads)]
    before = moment_with_children()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"llama-bench cannot be run ({error}); check its path") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(
            f"llama-bench failed with exit code {done.returncode}: {last}; try fewer tokens or another file"
        )
    load = others(before, moment_with_children())
    return [_about(test, artifact, load) for test in parse_llama_bench(done.stdout)]


def parse_llama_bench(text: str) -> list[KernelTest]:
    """The tests in llama-bench's output (`-o json` or `-o jsonl`): those of prompt processing or of generation alone;
    mixed ones (`-pg`) are left out. Raises UserError for text that is no such output."""
    try:
        rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
        return list(_tests(rows))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"this is no output of llama-bench -o json ({error!r}); run it again with -o json") from None


def _tests(rows: Iterable[dict[str, Any]]) -> Iterable[KernelTest]:
    for row in rows:
        prompt, generated, depth = int(row["n_prompt"]), int(row["n_gen"]), int(row.get("n_depth", 0))
        if bool(prompt) == bool(generated):
            continue
        name = "prompt_speed" if prompt else "output_speed"
        values = tuple(float(value) for value in row["samples_ts"])
        version = f"b{row['build_number']}"
        ordered = sorted(values)
        middle = len(ordered) // 2
        yield KernelTest(
            name,
            Settings(
                backend="llama.cpp",
                backend_version=version,
                harness=f"llama-bench {version}",
                hardware=_hardware(row),
                prompt_tokens=prompt or None,
                generation_tokens=generated or None,
                depth=depth,
                concurrency=1,
                speculative="none",
            ),
            Measurement(
                benchmark=name,
                metric="value",
                score=(ordered[middle] + ordered[-middle - 1]) / 2 if ordered else None,
                unit="tok/s",
                items=len(values),
                of=len(values),
                values=values,
                evidence={"client": f"llama-bench {version}", "kind": "bare"}
                | {key: str(row[key]) for key in KEY if key in row},
            ),
        )


def _hardware(row: dict[str, Any]) -> str | None:
    on_gpu = row.get("gpu_info") and row.get("backends") != "CPU" and row.get("n_gpu_layers") != 0
    return str(row["gpu_info"] if on_gpu else row.get("cpu_info") or "") or None


def _about(test: KernelTest, artifact: Artifact, load: float | None) -> KernelTest:
    values = [value for value in test.measurement.values if value is not None]
    problem = unstable(values, [load])
    settings = test.settings.model_copy(update={"quantization": artifact.quantization})
    evidence = {**test.measurement.evidence, "artifact": artifact.key}
    measured = test.measurement.model_copy(update={"evidence": evidence})
    return replace(test, settings=settings, measurement=measured, problem=problem)
