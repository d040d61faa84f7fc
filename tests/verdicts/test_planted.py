"""Real runs of the demo model with one planted fault each: the fault is the first reason, and nobody is accused."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.catalogue import Benchmark, benchmark
from evaluators.harness import RetryLimits, run_benchmark
from evaluators.records import Artifact, Run, Settings
from tests.harness.conftest import RELEASE, artifact_of
from tests.harness.fakes import ARTIFACT, FakeServer
from tests.verdicts.cases import NOW, make_claim
from warehouse.claim_records import Comparability, Outcome, Verdict
from warehouse.verdicts import judge, make_criterion

ITEMS = 192
SUMS = benchmark("demo_sums")
YAML = Path(__file__).parents[2] / "evaluators" / "tasks" / "demo_sums" / "demo_sums.yaml"
STATED = Settings(shots=0, prompt="completion", temperature=0.0, metric="exact_match", filter="strict-match")
INFLATED = "99.0"
"""So far above the demo model's score that a sound run refutes it within ITEMS."""


def judged(run: Run, stated: Settings = STATED, other_cells: tuple[tuple[str, float], ...] = ()) -> Verdict:
    claim = make_claim(INFLATED, stated, benchmark="demo_sums")
    criterion = make_criterion(claim, SUMS, order_seed=0, now=NOW)
    measurement = next((found for found in run.measurements if found.filter == criterion.filter), None)
    return judge(claim, criterion, run, measurement, now=NOW, benchmark=SUMS, other_cells=other_cells)


def served(path: Path, quantization: str, folder: Path) -> Iterator[tuple[Artifact, ModelServer]]:
    artifact = artifact_of(path, quantization)
    options = ServerOptions(slots=4, threads=1, context=1024)
    with open_server("llama.cpp", artifact, options, folder) as server:
        yield artifact, server


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Artifact, ModelServer]]:
    yield from served(next(RELEASE.glob("*F16.gguf")), "F16", tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def sound(demo: tuple[Artifact, ModelServer], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_benchmark(SUMS, *demo, Settings(), folder=tmp_path_factory.mktemp("sound"), limit=ITEMS)


def changed_task(folder: Path, old: str, new: str) -> Benchmark:
    """The demo's sums with one place of its YAML changed."""
    text = YAML.read_text(encoding="utf-8")
    assert old in text
    (folder / YAML.name).write_text(text.replace(old, new), encoding="utf-8")
    return SUMS.model_copy(update={"tasks_folder": str(folder)})


def changed_weights(target: Path, change: Callable[..., None]) -> Path:
    """A copy of the demo's GGUF file with `change` applied to its open reader."""
    import gguf

    shutil.copy(next(RELEASE.glob("*F16.gguf")), target)
    reader = gguf.GGUFReader(target, "r+")
    change(reader)
    reader.data.flush()
    return target


def test_control_a_sound_run_refutes_the_inflated_claim(sound: Run) -> None:
    verdict = judged(sound)
    assert verdict.outcome is Outcome.below_claim and verdict.flagged


def test_token_limit_of_8(demo: tuple[Artifact, ModelServer], tmp_path: Path) -> None:
    run = run_benchmark(SUMS, *demo, Settings(max_tokens=8), folder=tmp_path, limit=ITEMS)
    expect(judged(run), "token_limit", "8 tokens")


def test_doubled_chat_template(demo: tuple[Artifact, ModelServer], tmp_path: Path) -> None:
    wrapped = '"<|start_header_id|>user<|end_header_id|>\\n\\nQuestion: {{question}}\\nAnswer:<|eot_id|>"'
    task = changed_task(tmp_path, '"Question: {{question}}\\nAnswer:"', wrapped)
    run = run_benchmark(task, *demo, Settings(prompt="chat"), folder=tmp_path, limit=ITEMS)
    expect(judged(run, STATED.model_copy(update={"prompt": "chat"})), "chat_template_doubled", "start_header_id")


def test_stop_string_inside_the_answer(demo: tuple[Artifact, ModelServer], tmp_path: Path) -> None:
    task = changed_task(tmp_path, 'until: ["\\n\\n"]', 'until: ["="]')
    run = run_benchmark(task, *demo, Settings(), folder=tmp_path, limit=ITEMS)
    expect(judged(run), "stop_string", "stop string")


def test_missing_bos(tmp_path: Path) -> None:
    def without_bos(reader: object) -> None:
        field = reader.fields["tokenizer.ggml.add_bos_token"]  # type: ignore[attr-defined]
        field.parts[field.data[0]][0] = False

    path = changed_weights(tmp_path / "demo-F16.gguf", without_bos)
    for artifact, server in served(path, "F16", tmp_path):
        run = run_benchmark(SUMS, artifact, server, Settings(), folder=tmp_path, limit=ITEMS)
        expect(judged(run), "bos_missing", "BOS")


@pytest.mark.long
def test_weights_as_rough_as_two_bits(tmp_path: Path) -> None:
    def roughen(reader: object) -> None:
        import numpy as np

        for tensor in reader.tensors:  # type: ignore[attr-defined]
            if len(tensor.shape) == 2:
                blocks = tensor.data.reshape(-1, 32).astype(np.float32)
                low, high = blocks.min(1, keepdims=True), blocks.max(1, keepdims=True)
                step = np.where(high > low, (high - low) / 3, 1)
                tensor.data[...] = (np.round((blocks - low) / step) * step + low).reshape(tensor.data.shape)

    path = changed_weights(tmp_path / "demo-Q2_K.gguf", roughen)
    for artifact, server in served(path, "Q2_K", tmp_path):
        run = run_benchmark(SUMS, artifact, server, Settings(), folder=tmp_path, limit=ITEMS)
        verdict = judged(run)
        assert not verdict.flagged and verdict.comparability is Comparability.differs
        assert verdict.reasons[0].code == "settings_differ" and "Q2_K" in verdict.reasons[0].text


def test_another_cell_of_the_card_is_a_note(sound: Run) -> None:
    measured = next(found.score for found in sound.measurements if found.filter == "strict-match")
    assert measured is not None
    cells = (("other-model-2M, Demo Sums", 0.999), ("demo-model-1.5M, Demo Sums", round(measured, 3)))
    verdict = judged(sound, other_cells=cells)
    assert verdict.flagged and any(reason.code == "another_cell_near" for reason in verdict.reasons)


def test_a_tenth_of_the_requests_fail(tmp_path: Path) -> None:
    limits = RetryLimits(timeout=2.0, attempts=2, backoff=0.01, longest=0.02)
    with FakeServer(poison=0.1, wrong=0.3) as server:
        run = run_benchmark(
            SUMS, ARTIFACT, server, Settings(), folder=tmp_path, limit=ITEMS, limits=limits, checks=False
        )
    assert "500" in run.checks["failures"]
    expect(judged(run), "failed_requests", run.checks["failures"])


def expect(verdict: Verdict, code: str, words: str) -> None:
    """The fault is named first, in reasons and headline, and the claim is not flagged."""
    assert verdict.outcome in (Outcome.invalid_run, Outcome.inconclusive)
    assert not verdict.flagged
    assert verdict.reasons[0].code == code and words in verdict.reasons[0].text
    assert verdict.reasons[0].text in verdict.headline
