"""LiveCodeBench from its data files: windows, prompts, tests that are pickles, and grades by its rules."""

import base64
import json
import pickle
import zlib
from datetime import date
from pathlib import Path

import pytest

from evaluators.catalogue import benchmark
from evaluators.code.date_windows import DateWindow, read_window
from evaluators.harness import complete_settings, run_benchmark
from evaluators.item_pairs import dates_of
from evaluators.records import RunStatus, Settings, UserError
from evaluators.sandbox.box import SandboxError
from evaluators.sandbox.choose_sandbox import choose_sandbox
from evaluators.sandbox.program_pool import ProgramPool
from evaluators.tasks.livecodebench import problems
from evaluators.tasks.livecodebench.grading import last_block, run_answer
from evaluators.tasks.livecodebench.problems import ProblemRow, index_file, question
from tests.code.answering_server import answering
from tests.harness.fakes import ARTIFACT


class Touch:
    """A pickle that makes a file when it is opened."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return (eval, (f"open({self.path!r}, 'w').close() or '[]'",))


def packed(tests: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(tests))).decode()


def cases(pairs: list[tuple[str, str]], kind: str) -> str:
    return json.dumps([{"input": put, "output": out, "testtype": kind} for put, out in pairs])


def problem(number: int, day: str, public: str, private: str, function: str | None = None) -> dict:
    return {
        "question_title": f"t{number}",
        "question_content": f"Problem {number}.",
        "platform": "leetcode" if function else "atcoder",
        "question_id": f"q{number}",
        "contest_id": "c",
        "contest_date": f"{day}T00:00:00",
        "starter_code": f"class Solution:\n    def {function}(self, a):\n        " if function else "",
        "difficulty": "easy",
        "public_test_cases": public,
        "private_test_cases": private,
        "metadata": json.dumps({"func_name": function} if function else {}),
    }


SUM = cases([("1 2\n", "3\n"), ("10 20", "30")], "stdin")
SUM_PRIVATE = packed(cases([("5 5\n", "10\n"), ("0.5 0.25\n", "0.750\n")], "stdin"))
DOUBLE = cases([("[1, 2]", "[2, 4]")], "functional")
DOUBLE_PRIVATE = packed(cases([("[]", "[]"), ("[7]", "[14]")], "functional"))
READS = "a, b = map(float, input().split())\nprint(a + b if a % 1 else int(a + b))\n"
METHOD = "class Solution:\n    def double(self, a: List[int]) -> List[int]:\n        return tuple(2 * x for x in a)\n"


@pytest.fixture
def sandbox():
    try:
        return choose_sandbox()
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six files with one problem each, but for the first, which has two."""
    monkeypatch.chdir(tmp_path)
    problems.data_file.cache_clear()
    folder = tmp_path / problems.REPOSITORY
    folder.mkdir(parents=True)
    rows = [problem(1, "2024-01-10", SUM, SUM_PRIVATE), problem(2, "2024-03-10", DOUBLE, DOUBLE_PRIVATE, "double")]
    rows += [problem(number, f"2024-{number + 1:02d}-01", SUM, SUM_PRIVATE) for number in range(3, 8)]
    for number in range(1, 7):
        mine = rows[:2] if number == 1 else [rows[number]]
        text = "".join(json.dumps(row) + "\n" for row in mine)
        (folder / problems.file_name(number)).write_text(text, encoding="utf-8")
    yield folder
    problems.data_file.cache_clear()


def grade(sandbox, folder: Path, row: dict, code: str, seconds: float = 1.0):
    """The result of one answer to a problem that is the only one of its file."""
    (folder / "test9.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    place = next(index_file("test9.jsonl"))
    return run_answer(sandbox, (code, ProblemRow("test9.jsonl", place["offset"], place["length"])), seconds=seconds)


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        (READS, "passed"),
        ("import sys\na, b = sys.stdin.read().split()\nprint(float(a) + float(b))", "passed"),
        ("def main():\n    print(sum(map(float, input().split())))\nif __name__ == '__main__':\n    main()", "passed"),
        ("import sys\nfor line in sys.stdin:\n    print(sum(map(float, line.split())))\nexit()", "passed"),
        ("print(sum(map(int, input().split())))", "failed"),
        ("print(3)", "failed"),
        ("import os\nos._exit(0)", "died"),
        ("while True: pass", "timed out"),
        ("this is no Python", "failed"),
        ("", "failed"),
    ],
)
def test_programs_that_read_and_print(sandbox, data: Path, code: str, ended: str) -> None:
    assert grade(sandbox, data, problem(1, "2024-01-10", SUM, SUM_PRIVATE), code).ended == ended


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        (METHOD, "passed"),
        (METHOD.replace("2 * x", "2 * x if x < 5 else 0"), "failed"),
        ("def double(a): return [2 * x for x in a]", "passed"),
        ("class Solution:\n    def other(self, a): return a", "failed"),
        ("import sys\nsys.modules['livecodebench'].same_output = None\ndef double(a): return 0", "failed"),
    ],
)  # fmt: skip
def test_functions(sandbox, data: Path, code: str, ended: str) -> None:
    assert grade(sandbox, data, problem(2, "2024-01-10", DOUBLE, DOUBLE_PRIVATE, "double"), code).ended == ended


def test_a_pickle_is_opened_in_the_box_only(sandbox, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "touched"
    row = problem(1, "2024-01-10", SUM, packed(Touch(str(target))))
    with pytest.raises(SandboxError, match="did not start"):
        grade(sandbox, data, row, READS)
    row = problem(1, "2024-01-10", SUM, packed(Touch("/tmp/inside")))
    assert grade(sandbox, data, row, READS).passed
    assert not target.exists()


def test_the_last_block_is_the_answer() -> None:
    assert last_block("text\n```python\nfirst\n```\nmore\n```\nsecond\nline\n```\nend") == "second\nline"
    assert last_block("no code") == "" == last_block("```python\nunfinished")


def test_prompts_say_where_input_comes_from(data: Path) -> None:
    documents = list(index_file("test.jsonl"))
    assert "Read the inputs from stdin" in question(documents[0])
    assert "class Solution:\n    def double" in question(documents[1])
    assert all("Problem" in question(document) for document in documents)
    assert not any("test_cases" in field for document in documents for field in document)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-08..2025-05", (2024, 8, 1), (2025, 5, 31)),
        ("release_v6 2025-02..2025-05", (2025, 2, 1), (2025, 5, 31)),
        ("2024-08-01 to 2025-02-01", (2024, 8, 1), (2025, 2, 1)),
        ("2407-2412", (2024, 7, 1), (2024, 12, 31)),
        ("24.08-25.02", (2024, 8, 1), (2025, 2, 28)),
        ("10/1/2024-2/1/2025", (2024, 10, 1), (2025, 2, 1)),
        ("Feb - May 2025", (2025, 2, 1), (2025, 5, 31)),
        ("August 2024 to January 2025", (2024, 8, 1), (2025, 1, 31)),
        ("08/2024 - 05/2025", (2024, 8, 1), (2025, 5, 31)),
    ],
)
def test_windows(text: str, first: tuple, last: tuple) -> None:
    assert read_window(text) == DateWindow(date(*first), date(*last))


@pytest.mark.parametrize(
    "text", ["", "v6", "release_v5", "2024-08", "2025-05..2024-08", "2024-13..2025-02", "hard", "Feb"]
)
def test_no_windows(text: str) -> None:
    assert read_window(text) is None


def test_a_run_over_a_window(sandbox, data: Path, tmp_path: Path) -> None:
    entry = benchmark("livecodebench_v6")
    right = {"Problem 2.": METHOD}

    def answer(prompt: str, seed: int) -> str:
        name = next(f"Problem {number}." for number in range(1, 8) if f"Problem {number}." in prompt)
        code = "print(0)" if name in ("Problem 1.", "Problem 5.") else right.get(name, READS)
        return f"Here it is:\n```python\n{code}\n```\n"

    def run(subset: str, name: str = "livecodebench_v6"):
        stated = complete_settings(benchmark(name), Settings(subset=subset, prompt="completion", max_tokens=500))
        with answering(answer) as server:
            return run_benchmark(
                benchmark(name), ARTIFACT, server, stated, folder=tmp_path / "runs", checks=False
            )  # fmt: skip

    found = run("2024-03..2024-06")
    assert found.status is RunStatus.finished, found.reason
    # of 10 March, and of the first of April, May and June
    assert (found.measurements[0].items, found.measurements[0].of) == (4, 4)
    assert (found.measurements[0].metric, found.measurements[0].filter) == ("pass@1", "none")
    assert found.measurements[0].score == 0.75
    assert found.settings.subset == "2024-03..2024-06"
    dates = dates_of(entry, "2024-03..2024-06")
    assert len(dates) == 4 and min(dates.values()).isoformat() == "2024-03-10" and len(dates_of(entry, None)) == 7
    assert found.settings.sandbox == sandbox.kind
    whole = run("")
    assert (whole.measurements[0].items, whole.measurements[0].score) == (7, pytest.approx(5 / 7))
    assert run("", "livecodebench_v4").measurements[0].items == 5
    with pytest.raises(UserError, match=r"no problem lies in 2030-01-01\.\.2030-02-28"):
        run("2030-01..2030-02")
    with pytest.raises(UserError, match="no date window"):
        run("hard ones")
    assert entry.windowed


def test_timeouts_run_again_with_the_same_limit(sandbox, data: Path) -> None:
    (data / "test9.jsonl").write_text(json.dumps(problem(1, "2024-01-10", SUM, SUM_PRIVATE)) + "\n", encoding="utf-8")
    place = next(index_file("test9.jsonl"))
    row = ProblemRow("test9.jsonl", place["offset"], place["length"])
    pool = ProgramPool(sandbox, workers=2)
    graded = pool.grade([("while True: pass", row), (READS, row)], 0.5, run_answer)
    assert [one.result.ended for one in graded] == ["timed out", "passed"]
    assert graded[0].ran_alone
    pool.close()
