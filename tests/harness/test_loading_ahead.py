"""Tasks are loaded before anything is paid for, and the same items are made of them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy
import pytest

from evaluators.catalogue import Benchmark
from evaluators.harness.requests import Item, build_items
from evaluators.harness.tasks import EVALUATORS, forget_tasks, load_ahead, load_tasks, take_tasks
from evaluators.records import Settings, UserError
from tests.harness.conftest import FACTS, SUMS

SHOTS = Settings(shots=3)


def drawn(folder: Path) -> Benchmark:
    """Demo sums whose few-shots and choices of the wording are drawn at random, from every generator there is."""
    sums = EVALUATORS / "tasks" / "demo_sums" / "demo_sums.yaml"
    folder.mkdir()
    (folder / "drawing.py").write_text(
        "import random, numpy\n"
        "def process(docs):\n"
        "    return docs.map(lambda doc: doc | {'mark': f'{random.random()} {numpy.random.rand()}'})\n"
        "def text(doc):\n"
        "    return f\"{doc['mark']} {random.random()} {numpy.random.rand()} {doc['question']}\"\n"
    )
    (folder / "drawn.yaml").write_text(
        f"include: {sums}\ntask: drawn_sums\nprocess_docs: !function drawing.process\n"
        "doc_to_text: !function drawing.text\nfewshot_config:\n  sampler: default\n"
    )
    return SUMS.model_copy(update={"name": "drawn_sums", "task": "drawn_sums", "tasks_folder": str(folder)})


def asked(items: list[Item]) -> list[tuple[int, object]]:
    return [(item.doc_id, item.instances[0].args) for item in items[:200]]


def test_the_same_items_and_few_shots(tmp_path: Path) -> None:
    """Whatever was loaded or drawn between loading and building."""
    benchmark = drawn(tmp_path / "drawn")
    expected = asked(build_items(load_tasks(benchmark), SHOTS, order_seed=3))
    load_ahead(benchmark)
    load_ahead(FACTS)
    random.seed(99)
    numpy.random.seed(99)
    assert asked(build_items(take_tasks(benchmark), SHOTS, order_seed=3)) == expected
    random.seed(98)
    assert asked(build_items(take_tasks(benchmark), SHOTS, order_seed=3)) == expected, "loaded again"
    forget_tasks()


def test_each_run_has_tasks_of_its_own() -> None:
    load_ahead(FACTS)
    assert take_tasks(FACTS) is not take_tasks(FACTS)


def test_nltk_data_that_cannot_be_had_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As lm-eval's IFEval asks for it when its code is imported."""
    import nltk

    asked_for: list[str] = []
    monkeypatch.setattr(nltk, "download", lambda name, **_: asked_for.append(name) or False)
    benchmark = drawn(tmp_path / "drawn")
    code = tmp_path / "drawn" / "drawing.py"
    code.write_text("import nltk\nnltk.download('punkt_tab')\n" + code.read_text())
    with pytest.raises(UserError, match=r"nltk\.downloader punkt_tab") as told:
        load_ahead(benchmark)
    assert asked_for == ["punkt_tab"] and "\n" not in str(told.value)
