"""A perfect oracle gets 1.00 on GPQA, whose options are shuffled anew whenever lm-eval reads the documents again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest

from evaluators.harness.requests import build_items
from evaluators.harness.scoring import score
from evaluators.harness.tasks import load_tasks
from evaluators.records import RequestKind, Response, ResponseStatus, Settings
from tests.harness import local_tasks
from tests.harness.conftest import benchmark_of


@pytest.fixture(params=["cached", "uncached"])
def caching(request: pytest.FixtureRequest) -> Iterator[None]:
    """The data library's cache on and off."""
    if request.param == "uncached":
        datasets.disable_caching()
    yield
    datasets.enable_caching()


@pytest.mark.parametrize("variant", ["zeroshot", "n_shot"])
def test_oracle(tmp_path: Path, caching: None, variant: str) -> None:
    """The oracle finds the right option's letter in the prompt, as a model would."""
    task = f"gpqa_diamond_{variant}"
    local_tasks.gpqa(tmp_path, 40, variant)
    loaded = load_tasks(benchmark_of(task, tmp_path, "acc,none"))
    items = build_items(loaded, Settings(shots=0))
    letters = set()
    for item in items:
        responses = []
        for instance in item.instances:
            prompt, choice = instance.args
            found = re.findall(r"\(([A-D])\) right \d+", prompt)
            letters.add(found[-1])
            responses.append(
                Response(
                    task=item.task,
                    doc_id=item.doc_id,
                    index=instance.idx,
                    kind=RequestKind.loglikelihood,
                    status=ResponseStatus.ok,
                    logprob=0.0 if f"({found[-1]})" in choice else -9.0,
                    greedy=False,
                )
            )
        scored = score(loaded.tasks[item.task], item, responses, repeats=1, together=False)
        assert scored.raw[("acc", "none")] == [1.0]
    assert len(items) == 40 and letters == set("ABCD")
