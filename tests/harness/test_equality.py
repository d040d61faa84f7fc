"""A whole run gives item for item what `lm_eval.simple_evaluate` gives on the same server."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evaluators.backends import ModelServer
from evaluators.catalogue import Benchmark
from evaluators.harness import run_benchmark
from evaluators.harness.tasks import EVALUATORS
from evaluators.records import Artifact, Run, Settings
from tests.harness import local_tasks
from tests.harness.conftest import FACTS, SUMS, benchmark_of

LIMIT = 24


def upstream(
    server: ModelServer,
    model: str,
    benchmark: Benchmark,
    settings: Settings,
    documents: list[int] | None,
    until: list[str] | None = None,
    **more: object,
) -> Any:
    """lm-eval's own evaluation of the benchmark's task on the server, of some documents or all. `until`: stop strings
    instead of the task's. `more`: arguments of its model class."""
    import lm_eval
    import lm_eval.models
    from lm_eval.tasks import TaskManager

    import evaluators.harness.lm_eval_models  # noqa: F401

    arguments: dict[str, Any] = {"base_url": server.url, "num_concurrent": 2}
    if find_spec("tenacity") is None:  # lm-eval's API clients need it; without it our class stands in for the client
        model = {"local-completions": "claimcheck-completions", "local-chat-completions": "claimcheck-chat"}.get(
            model, model
        )
    if model.startswith("local-"):
        route = "chat/completions" if "chat" in model else "completions"
        arguments |= {"base_url": f"{server.url}/v1/{route}", "model": server.describe().model}
        arguments |= {"tokenizer_backend": "none", "tokenized_requests": False, "max_retries": 1}
        arguments |= {"auth_token": server.key} if "chat" in model else {}
    arguments |= more
    generation: dict[str, Any] = {} if settings.max_tokens is None else {"max_gen_toks": settings.max_tokens}
    if until is not None:
        generation["until"] = until
    if settings.thinking is not None:
        generation["chat_template_kwargs"] = {"enable_thinking": settings.thinking == "on"}
    return lm_eval.simple_evaluate(
        model=model,
        model_args=arguments,
        tasks=[benchmark.task],
        task_manager=TaskManager(include_path=[str(EVALUATORS / str(benchmark.tasks_folder))], include_defaults=False),
        num_fewshot=settings.shots,
        gen_kwargs=generation or None,
        apply_chat_template=settings.prompt == "chat",
        system_instruction=settings.system_prompt,
        samples={benchmark.task: documents} if documents else None,
        bootstrap_iters=1000,
    )


def same(run: Run, folder: Path, theirs: Any, tolerance: float) -> None:
    """Responses, filtered responses, metrics, aggregate and standard error are equal."""
    responses = {
        (row["task"], row["doc_id"], row["index"]): row
        for row in pq.read_table(folder / run.run_id / "responses.parquet").to_pylist()
    }
    items = {
        (row["task"], row["doc_id"], row["filter"], row["metric"]): row
        for row in pq.read_table(folder / run.run_id / "items.parquet").to_pylist()
    }
    compared = 0
    for task, samples in theirs["samples"].items():
        for sample in samples:
            for index, answers in enumerate(sample["resps"]):
                ours = responses[(task, sample["doc_id"], index)]
                if isinstance(answers[0], str):
                    assert ours["text"] == answers[0]
                else:
                    assert ours["logprob"] == pytest.approx(float(answers[0][0]), abs=tolerance)
                    assert ours["greedy"] == bool(answers[0][1])
            for metric in sample["metrics"]:
                row = items[(task, sample["doc_id"], sample["filter"], metric)]
                assert row["value"] == float(sample[metric])
                if isinstance(sample["resps"][0][0], str):
                    assert row["extracted"] == sample["filtered_resps"][0]
                compared += 1
    assert compared == len(items) > 0
    name = run.benchmark
    table = theirs["groups"][name] if name in theirs.get("groups", {}) else theirs["results"][name]
    for measured in run.measurements:
        label = f"{measured.metric},{measured.filter}"
        assert measured.score == pytest.approx(float(table[label]), abs=1e-12)
        error = float(table[f"{measured.metric}_stderr,{measured.filter}"])
        assert measured.stderr == pytest.approx(error, abs=1e-12) or math.isnan(error)
        assert len(measured.values) == measured.items
    assert run.measurements


@pytest.fixture(autouse=True)
def key(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides read the server's key from the environment."""
    for name in ("OPENAI_API_KEY", "CLAIMCHECK_API_KEY"):
        monkeypatch.setenv(name, server.key or "")


def both(
    server: ModelServer, artifact: Artifact, tmp_path: Path, benchmark: Benchmark, model: str, settings: Settings
) -> None:
    """Run ours and theirs, and compare."""
    run = run_benchmark(benchmark, artifact, server, settings, folder=tmp_path, checks=False)
    assert run.status == "finished", run.reason
    same(run, tmp_path, upstream(server, model, benchmark, settings, None), tolerance=1e-3)


@pytest.mark.parametrize("prompt", ["completion", "chat"])
def test_gsm8k_with_random_shots_two_filters(
    server: ModelServer, artifact: Artifact, tmp_path: Path, prompt: str
) -> None:
    """Plain and chat prompts, against lm-eval's own API clients."""
    local_tasks.gsm8k(tmp_path / "tasks", LIMIT)
    benchmark = benchmark_of("gsm8k", tmp_path / "tasks", "exact_match,strict-match", "exact_match,flexible-extract")
    chat = prompt == "chat"
    settings = Settings(shots=3, max_tokens=24, prompt=prompt)
    if chat:
        settings = settings.model_copy(update={"system_prompt": "Be short.", "thinking": "off"})
    model = "local-chat-completions" if chat else "local-completions"
    both(server, artifact, tmp_path / "runs", benchmark, model, settings)


def test_group_weighted_by_size(server: ModelServer, artifact: Artifact, tmp_path: Path) -> None:
    """mmlu_pro over two subjects of unequal size."""
    local_tasks.mmlu_pro(tmp_path / "tasks", 16)
    benchmark = benchmark_of("mmlu_pro", tmp_path / "tasks", "exact_match,custom-extract")
    both(server, artifact, tmp_path / "runs", benchmark, "local-completions", Settings(max_tokens=24))


@pytest.mark.parametrize(
    ("task", "prompt"),
    [
        ("arc_easy", "completion"),
        pytest.param("arc_easy", "chat", marks=pytest.mark.long),
        pytest.param("hellaswag", "completion", marks=pytest.mark.long),
    ],
)
def test_multiple_choice(server: ModelServer, artifact: Artifact, tmp_path: Path, task: str, prompt: str) -> None:
    """Log-likelihoods, through our class in lm-eval (it has none of its own for llama-server)."""
    getattr(local_tasks, task)(tmp_path / "tasks", LIMIT)
    benchmark = benchmark_of(task, tmp_path / "tasks", "acc,none", "acc_norm,none")
    both(server, artifact, tmp_path / "runs", benchmark, "claimcheck-llama-server", Settings(shots=2, prompt=prompt))


@pytest.mark.parametrize(("benchmark", "model"), [(SUMS, "local-completions"), (FACTS, "claimcheck-llama-server")])
def test_first_items_of_the_demo_tasks(
    server: ModelServer, artifact: Artifact, tmp_path: Path, benchmark: Benchmark, model: str
) -> None:
    """A part of the fixed order, against lm-eval on the same documents."""
    run = run_benchmark(benchmark, artifact, server, Settings(), folder=tmp_path, limit=96, checks=False)
    assert run.status == "finished", run.reason
    rows = pq.read_table(tmp_path / run.run_id / "items.parquet").to_pylist()
    documents = sorted({row["doc_id"] for row in rows})
    assert len(documents) == 96 != documents[-1] + 1, "the order is not random"
    same(run, tmp_path, upstream(server, model, benchmark, Settings(), documents), tolerance=1e-3)
