"""A real llama.cpp server with the demo model, shared by the tests of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.catalogue import Benchmark, Score
from evaluators.records import Artifact, Release, WeightFile
from tests.harness.f32 import widen

RELEASE = Path(__file__).parents[2] / "flows" / "demo" / "release"


def artifact_of(path: Path, quantization: str = "f16") -> Artifact:
    """An artifact for a GGUF file, as good as the engine needs it."""
    import hashlib

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Artifact(
        release=Release(model="demo/model", commit="0", location=str(path.parent)),
        format="gguf",
        quantization=quantization,
        path=str(path),
        files=(WeightFile(name=path.name, size=path.stat().st_size, sha256=digest),),
    )


def benchmark_of(task: str, tasks_folder: Path | str, *scores: str) -> Benchmark:
    """A catalogue entry for a local task; scores as `metric,filter`."""
    made = tuple(Score(metric=name.split(",")[0], filter=name.split(",")[1]) for name in scores)
    folder = str(tasks_folder)
    return Benchmark(name=task, title=task, evaluator="lm-eval", task=task, tasks_folder=folder, scores=made)


SCORES = ("exact_match,strict-match", "exact_match,flexible-extract")
SUMS = benchmark_of("demo_sums", "tasks/demo_sums", *SCORES)
FEW_SUMS = benchmark_of("demo_sums", Path(__file__).parent / "few_sums", *SCORES)
"""Its first items."""
FACTS = benchmark_of("demo_facts", "tasks/demo_facts", "acc,none", "acc_norm,none")


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The demo model, widened to F32."""
    path = tmp_path_factory.mktemp("model") / "demo-F32.gguf"
    return artifact_of(widen(next(RELEASE.glob("*F16.gguf")), path), "f32")


@pytest.fixture(scope="session")
def server(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """llama.cpp with two slots, one thread and a KV cache that does not round."""
    options = ServerOptions(slots=2, threads=1, context=1024, kv_type="f32", flash_attention="off")
    with open_server("llama.cpp", artifact, options, tmp_path_factory.mktemp("server")) as running:
        yield running
