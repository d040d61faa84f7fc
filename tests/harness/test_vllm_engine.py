"""The engine on a real vLLM (CPU): same scores as lm-eval, exact log-likelihoods. See tests/make_vllm_env.sh."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evaluators.backends import ModelServer, open_server
from evaluators.backends.client import Client
from evaluators.backends.protocol import Request
from evaluators.backends.select import chat_template
from evaluators.backends.vllm.vllm_loglikelihood import VllmLoglikelihood
from evaluators.catalogue import Benchmark
from evaluators.harness import RetryLimits, run_benchmark
from evaluators.records import Artifact, RequestKind, Response, Settings
from tests.harness import local_tasks
from tests.harness.conftest import FACTS, RELEASE, SUMS, benchmark_of
from tests.harness.reference import Llama
from tests.harness.test_equality import same, upstream
from tests.servers.test_vllm import PROGRAM, folder_artifact, options

TOLERANCE = 1e-3
"""Per token, natural logarithm."""
REMOTE = {"tokenizer_backend": "remote", "tokenized_requests": True}
WITH_BOS = "local-completions-with-bos"
"""lm-eval's API client on the server's own tokenizer, which it asks for tokens without BOS, with BOS."""
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM.exists(), reason="no .venv-vllm; run `make test-vllm`"),
]


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    """The demo release as safetensors."""
    return folder_artifact(RELEASE)


@pytest.fixture(scope="module")
def server(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """vLLM in float32."""
    with open_server(
        "vllm",
        artifact,
        options(dtype="float32", extra=("--enable-tokenizer-info-endpoint",)),
        tmp_path_factory.mktemp("vllm"),
    ) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def with_bos() -> None:
    """Register the client."""
    import lm_eval.models  # noqa: F401
    from lm_eval.api.registry import register_model
    from lm_eval.models.openai_completions import LocalCompletionsAPI

    @register_model(WITH_BOS)
    class WithBos(LocalCompletionsAPI):  # type: ignore[misc]
        def tok_encode(self, string: str, *words: object, **more: object) -> list[int]:
            return [self.tokenizer.bos_token_id, *super().tok_encode(string, *words, **more)]


@pytest.fixture(autouse=True)
def key(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides read the server's key from the environment."""
    for name in ("OPENAI_API_KEY", "CLAIMCHECK_API_KEY"):
        monkeypatch.setenv(name, server.key or "")


@pytest.mark.parametrize("prompt", ["completion", "chat"])
def test_generation(server: ModelServer, artifact: Artifact, tmp_path: Path, prompt: str) -> None:
    """gsm8k with random few-shot, against lm-eval's own API clients."""
    local_tasks.gsm8k(tmp_path / "tasks", 32)
    benchmark = benchmark_of("gsm8k", tmp_path / "tasks", "exact_match,strict-match", "exact_match,flexible-extract")
    settings = Settings(shots=3, max_tokens=24, prompt=prompt, thinking="off" if prompt == "chat" else None)
    run = run_benchmark(benchmark, artifact, server, settings, folder=tmp_path)
    assert run.status == "finished", run.reason
    model = "local-chat-completions" if prompt == "chat" else "local-completions"
    same(run, tmp_path, upstream(server, model, benchmark, settings, None), TOLERANCE)


@pytest.mark.parametrize("shots", [0, 2])
def test_thinking(server: ModelServer, artifact: Artifact, tmp_path: Path, shots: int) -> None:
    """Thinking in tags in the answer's text, shots as turns, against lm-eval's `think_end_token`."""
    settings = Settings(shots=shots, prompt="chat", thinking="on", max_tokens=200)
    run = run_benchmark(SUMS, artifact, server, settings, folder=tmp_path, limit=32)
    assert run.status == "finished", run.reason
    assert run.signals["reasoning_share"] > 0.9
    rows = pq.read_table(tmp_path / run.run_id / "items.parquet").to_pylist()
    documents = sorted({row["doc_id"] for row in rows})
    never: dict[str, Any] = {"until": ["<never>"], "think_end_token": "</think>"}  # the task's would end the thinking
    theirs = upstream(server, "local-chat-completions", SUMS, settings, documents, **never)
    same(run, tmp_path, theirs, TOLERANCE)


@pytest.mark.parametrize("task", ["arc_easy", "hellaswag"])
def test_multiple_choice(server: ModelServer, artifact: Artifact, tmp_path: Path, task: str) -> None:
    """Against lm-eval's own API client, with BOS as the model wants it."""
    getattr(local_tasks, task)(tmp_path / "tasks", 24)
    benchmark = benchmark_of(task, tmp_path / "tasks", "acc,none", "acc_norm,none")
    run = run_benchmark(benchmark, artifact, server, Settings(shots=2), folder=tmp_path)
    assert run.status == "finished", run.reason
    same(run, tmp_path, upstream(server, WITH_BOS, benchmark, Settings(shots=2), None, **REMOTE), TOLERANCE)


def test_group_weighted_by_size(server: ModelServer, artifact: Artifact, tmp_path: Path) -> None:
    """mmlu_pro over two subjects of unequal size."""
    local_tasks.mmlu_pro(tmp_path / "tasks", 30)
    benchmark = benchmark_of("mmlu_pro", tmp_path / "tasks", "exact_match,custom-extract")
    settings = Settings(max_tokens=24)
    run = run_benchmark(benchmark, artifact, server, settings, folder=tmp_path)
    assert run.status == "finished", run.reason
    same(run, tmp_path, upstream(server, "local-completions", benchmark, settings, None), TOLERANCE)


@pytest.mark.parametrize("benchmark", [SUMS, FACTS], ids=["sums", "facts"])
def test_first_items_of_the_demo_tasks(
    server: ModelServer, artifact: Artifact, tmp_path: Path, benchmark: Benchmark
) -> None:
    """A part of the fixed order, against lm-eval on the same documents."""
    run = run_benchmark(benchmark, artifact, server, Settings(), folder=tmp_path, limit=32, checks=False)
    assert run.status == "finished", run.reason
    rows = pq.read_table(tmp_path / run.run_id / "items.parquet").to_pylist()
    documents = sorted({row["doc_id"] for row in rows})
    model, more = ("local-completions", {}) if benchmark is SUMS else (WITH_BOS, REMOTE)
    same(run, tmp_path, upstream(server, model, benchmark, Settings(), documents, **more), TOLERANCE)


def test_chat_prompts_for_choices(server: ModelServer, artifact: Artifact, tmp_path: Path) -> None:
    """The template is rendered once, with one BOS, and the choices follow it."""
    prompt = chat_template(server, "vllm", Settings(prompt="chat"), text=True)
    assert prompt is not None
    text = prompt([{"role": "user", "content": "What is 12+7?"}])
    assert text.count("What is 12+7?") == 1 and text.count("<|begin_of_text|>") <= 1
    assert text.rstrip().endswith("assistant<|end_header_id|>")
    run = run_benchmark(FACTS, artifact, server, Settings(prompt="chat"), folder=tmp_path, limit=16)
    assert run.status == "finished" and run.measurements[0].items == 16


def test_every_kind_of_token_and_rolling(server: ModelServer) -> None:
    """Ids of the whole vocabulary in continuations of four, and the likelihood of a whole text."""
    reference, source = Llama(RELEASE), random.Random(3)
    bos = reference.config["bos_token_id"]
    ids = list(range(reference.config["vocab_size"]))
    source.shuffle(ids)
    context = [bos, *source.sample(ids, 12)]
    parts = [ids[at : at + 4] for at in range(0, len(ids), 4)]
    text = "Question: What is 12+7?\nAnswer: 12+7=19. #### 19\n\n" * 2

    async def work() -> tuple[list[tuple[float, bool]], Response, list[int]]:
        client = Client(server, RetryLimits())
        protocol = VllmLoglikelihood(server.describe())
        try:
            await protocol.prepare(client)
            found = [(await protocol.score(client, context, part))[:2] for part in parts]
            whole = await anext(
                protocol.answer(client, [Request("t", 0, 0, 0, RequestKind.rolling, (text,), 1, "k")], 0)
            )
            return found, whole, protocol.whole(await protocol._tokens(client, text, special=False))
        finally:
            await client.close()

    found, whole, tokens = asyncio.run(work())
    for part, (logprob, greedy) in zip(parts, found, strict=True):
        expected, likeliest = reference.score(context, part)
        assert logprob == pytest.approx(expected, abs=TOLERANCE * len(part))
        assert greedy == likeliest
    assert whole.logprob == pytest.approx(reference.score([bos], tokens)[0], abs=TOLERANCE * len(tokens))
