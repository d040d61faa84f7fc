"""Code benchmarks in chat: the code block of the answer is what counts, however the model wraps it."""

from pathlib import Path

import pytest

from evaluators.catalogue import benchmark, catalogue
from evaluators.code.answer_code import chosen_code, code_blocks, humaneval_chat_program
from evaluators.protocols.plausible_protocols import plausible_protocols
from evaluators.protocols.release_kind import ReleaseKind
from evaluators.records import RunStatus, Settings
from tests.code.local_data import write_dataset
from tests.code.test_code_benchmarks import item_rows, run, sandbox  # noqa: F401
from tests.sandbox.programs import HUMANEVAL, MBPP, lines

needs_data = pytest.mark.skipif(not HUMANEVAL.exists(), reason="needs the benchmarks' data")
INSTRUCT = ReleaseKind(kind="instruct", thinking="none", has_template=True)


def whole(problem: dict) -> str:
    return problem["prompt"] + problem["canonical_solution"]


WRAPPED = (
    "Sure, here it is.\n```python\n{whole}\n```\nIt works because of ...\n```python\nprint({name}(1))\n```",
    "```\n{whole}\n```",
    "{whole}",
    "First an idea:\n```text\nsort, then scan\n```\nThen:\n```python\n{whole}\n```",
    "```python\n{whole}",
    "```python\n{body}\n```",
    "```python\n# wrong\ndef {name}(*a, **k):\n    return None\n```",
)


@needs_data
def test_humaneval_in_chat(tmp_path: Path) -> None:
    problems = lines(HUMANEVAL / "HumanEval.jsonl.gz")[:21]
    write_dataset(tmp_path, "openai/openai_humaneval", problems)
    told = {}
    for number, problem in enumerate(problems):
        body = problem["canonical_solution"]
        told[problem["prompt"]] = WRAPPED[number % 7].format(
            whole=whole(problem), name=problem["entry_point"], body=body
        )

    def answer(prompt: str, seed: int) -> str:
        return next(text for asked, text in told.items() if asked.strip() in prompt)

    found = run("humaneval_chat", answer, tmp_path)
    assert found.status is RunStatus.finished, found.reason
    rows = sorted(item_rows(found, tmp_path, "none"), key=lambda row: row["doc_id"])
    assert [row["value"] for row in rows] == [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0] * 3
    assert found.settings.prompt == "chat"


@needs_data
def test_mbpp_in_chat(tmp_path: Path) -> None:
    tasks = [task for task in lines(MBPP) if 11 <= task["task_id"] <= 510][:6]
    write_dataset(tmp_path, "google-research-datasets/mbpp", tasks, config="full")

    def answer(prompt: str, seed: int) -> str:
        number = next(number for number, task in enumerate(tasks) if task["text"] in prompt)
        code = tasks[number]["code"] if number % 2 == 0 else "x = 1"
        return f"```python\n{code}\n```\nTests:\n```python\nassert False\n```"

    rows = sorted(item_rows(run("mbpp_chat", answer, tmp_path), tmp_path, "none"), key=lambda row: row["doc_id"])
    assert [row["value"] for row in rows] == [1.0, 0.0] * 3


def test_claims_about_chat_models_are_run_in_chat_formulations() -> None:
    """An instruct release's HumanEval is asked in chat with our task, never in chat with lm-eval's."""
    for entry in (one for one in catalogue().values() if one.sandboxed):
        found = plausible_protocols(entry, INSTRUCT, Settings())
        for protocol in found.protocols:
            target = catalogue()[protocol.benchmark or entry.name]
            if protocol.settings.prompt == "chat":
                assert not target.completion_only and target.chat_as is None
        if entry.completion_only:
            assert any("in chat" in missing for missing in found.missing)


def test_scores_beside_are_no_plausible_meaning() -> None:
    for name, filter in (("mbpp_plus", "none"), ("cruxeval_o", "create_test")):
        entry = benchmark(name)
        base = ReleaseKind(kind="base", thinking="none", has_template=False)
        filters = {protocol.settings.filter for protocol in plausible_protocols(entry, base, Settings()).protocols}
        assert filter not in filters and filters
        stated = plausible_protocols(entry, base, Settings(filter=filter))
        assert {protocol.settings.filter for protocol in stated.protocols} == {filter}


def test_blocks() -> None:
    text = "a\n```python\none\n```\n```\ntwo\n```\n```js\nthree"
    assert [block.strip() for block in code_blocks(text)] == ["one", "two", "three"]
    assert chosen_code("no fence", "f") == "no fence"
    document = {"entry_point": "f", "prompt": "import math\n\ndef f(x):\n    ...\n", "test": "T"}
    assert humaneval_chat_program(document, "```\ndef f(x): return 1\n```").startswith("import math\n\n\ndef f(x)")
    assert humaneval_chat_program(document, "```\n    return 1\n```").startswith(document["prompt"])
