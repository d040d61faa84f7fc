"""lm-eval's code tasks through the engine: what the model wrote runs in the sandbox, and each item gets its due."""

import html
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from evaluators.catalogue import benchmark
from evaluators.harness import Progress, complete_settings, run_benchmark
from evaluators.records import Run, RunStatus, Settings, UserError
from evaluators.sandbox.box import Sandbox, SandboxError
from evaluators.sandbox.choose_sandbox import choose_sandbox
from evaluators.sandbox.program_pool import ProgramPool
from evaluators.stopping import InterimLook
from tests.code.answering_server import Answer, answering
from tests.code.local_data import write_dataset
from tests.harness.fakes import ARTIFACT
from tests.sandbox.grade_with_peer import grade_with_peer
from tests.sandbox.programs import HUMANEVAL, MBPP, SHARED, humaneval_program, lines, mbpp_program

CRUXEVAL = SHARED / "data" / "benchmarks" / "cruxeval" / "cruxeval.jsonl"
pytestmark = pytest.mark.skipif(not HUMANEVAL.exists(), reason="needs the benchmarks' data")

LOOP = "    while True: pass\n"


@pytest.fixture(autouse=True)
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import datasets

    monkeypatch.chdir(tmp_path)
    # datasets knows a folder by its name, which is the same in every test
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    try:
        return choose_sandbox()
    except SandboxError as error:
        pytest.skip(str(error))


def run(name: str, answer: Answer, tmp_path: Path, limit: int | None = None, **settings) -> Run:
    entry = benchmark(name)
    with answering(answer) as server:
        stated = complete_settings(entry, Settings(**settings))
        return run_benchmark(
            entry, ARTIFACT, server, stated, folder=tmp_path / "runs", limit=limit, checks=False
        )  # fmt: skip


def values(run: Run, metric: str, filter: str) -> Sequence[float | None]:
    return next(one for one in run.measurements if (one.metric, one.filter) == (metric, filter)).values


def item_rows(run: Run, tmp_path: Path, filter: str) -> list[dict]:
    import pyarrow.parquet as parquet

    rows = parquet.read_table(tmp_path / "runs" / run.run_id / "items.parquet").to_pylist()
    return sorted((row for row in rows if row["filter"] == filter), key=lambda row: row["position"])


def test_humaneval_item_for_item_as_code_eval(tmp_path: Path, sandbox) -> None:
    problems = lines(HUMANEVAL / "HumanEval.jsonl.gz")[:8]
    write_dataset(tmp_path, "openai/openai_humaneval", problems)
    answers = {}
    for number, problem in enumerate(problems):
        right = problem["canonical_solution"]
        answers[problem["prompt"]] = [right, right, "    return None\n", "    import sys; sys.exit(0)\n"][number % 4]
    answers[problems[1]["prompt"]] = LOOP
    found = run("humaneval", lambda prompt, seed: answers[prompt], tmp_path)
    assert found.status is RunStatus.finished, found.reason
    programs = [humaneval_program(problem, answers[problem["prompt"]]) for problem in problems]
    graded = grade_with_peer(sandbox, programs, workers=2)
    rows = item_rows(found, tmp_path, "create_test")
    assert [row["value"] for row in sorted(rows, key=lambda row: row["doc_id"])] == [
        float(one["passed"]) for one in graded
    ]
    measured = found.measurements[0]
    assert (measured.metric, measured.filter) == ("pass@1", "create_test")
    assert measured.score == sum(one["passed"] for one in graded) / 8
    # the endless loop counts as wrong, and as open in the bounds
    assert measured.timed_out == 1
    assert measured.low == pytest.approx(measured.score)
    assert measured.high == pytest.approx(measured.score + 1 / 8)
    assert [row["status"] for row in rows].count("timed_out") == 1
    assert found.settings.sandbox == sandbox.kind
    assert sandbox.label() in found.checks["sandbox"]
    assert found.checks["timeouts"].startswith("1 programs ran out of time alone too")


def test_mbpp_as_lm_eval_grades_it(tmp_path: Path, sandbox) -> None:
    tasks = [task for task in lines(MBPP) if 11 <= task["task_id"] <= 510][:12]
    write_dataset(tmp_path, "google-research-datasets/mbpp", tasks, config="full")
    codes = {task["text"]: (task["code"] if number % 3 else "x = 1") for number, task in enumerate(tasks)}

    def answer(prompt: str, seed: int) -> str:
        asked = prompt.rsplit("here is your task: ", 1)[1]
        return next(code for text, code in codes.items() if asked.startswith(text)) + "\n[DONE]\nmore"

    found = run("mbpp", answer, tmp_path)
    assert found.status is RunStatus.finished, found.reason
    graded = grade_with_peer(sandbox, [mbpp_program(task, codes[task["text"]]) for task in tasks], workers=2)
    rows = sorted(item_rows(found, tmp_path, "none"), key=lambda row: row["doc_id"])
    assert [row["value"] for row in rows] == [float(one["passed"]) for one in graded]
    assert 0 < sum(row["value"] for row in rows) < 12


@pytest.mark.parametrize("name", ["mbpp_plus", "mbpp_plus_instruct"])
def test_mbpp_plus_is_graded_with_its_plus_tests(tmp_path: Path, name: str) -> None:
    """A program that knows the base tests only passes lm-eval's grading and not ours."""
    documents = [
        {
            "task_id": number,
            "prompt": f"Write a function to add {number} to a number, task {number}.",
            "code": f"def f(x): return x + {number}",
            "source_file": "",
            "test_imports": ["import math"],
            "test_list": [f"assert f({value}) == {value + number}" for value in range(3)],
            "test": f"for value in range(100): assert f(value) == value + {number} and math.pi",
        }
        for number in range(1, 7)
    ]
    write_dataset(tmp_path, "evalplus/mbppplus", documents)

    end = "\n[DONE]" if name == "mbpp_plus" else "\n```"

    def answer(prompt: str, seed: int) -> str:
        number = int(prompt.rsplit(", task ", 1)[1].split(".")[0])
        known = f"def f(x): return x + {number} if x < 3 else 0"
        return [f"def f(x): return x + {number}", known, "def f(x): return 0"][number % 3] + end

    found = run(name, answer, tmp_path)
    assert found.status is RunStatus.finished, found.reason
    own = "none" if name == "mbpp_plus" else "extract_code"
    plus, base = values(found, "pass_at_1", "plus"), values(found, "pass_at_1", own)
    assert sum(plus) == 2
    # lm-eval takes `def` for the language of the block that its chat prompt has opened
    assert sum(base) == (4 if name == "mbpp_plus" else 0)
    # the score that a claim means comes first
    assert (found.measurements[0].filter, found.measurements[0].score) == ("plus", pytest.approx(2 / 6))


def test_chat_answers_keep_their_first_word(tmp_path: Path) -> None:
    tasks = [task for task in lines(MBPP) if 11 <= task["task_id"] <= 510][:6]
    write_dataset(tmp_path, "google-research-datasets/mbpp", tasks, config="full")
    shapes = ["{}\n```", "{}\n```\nThis works.", "```python\n{}\n```", "Sure:\n```\n{}\n```\nDone.", "{}", "x = 1\n```"]
    told = {task["text"]: shape.format(task["code"]) for task, shape in zip(tasks, shapes, strict=True)}

    def answer(prompt: str, seed: int) -> str:
        asked = prompt.rsplit("here is your task:\n", 1)[1]
        return next(text for task, text in told.items() if asked.startswith(task))

    found = run("mbpp_instruct", answer, tmp_path)
    rows = sorted(item_rows(found, tmp_path, "code"), key=lambda row: row["doc_id"])
    assert [row["value"] for row in rows] == [1.0] * 5 + [0.0]
    assert found.measurements[0].filter == "code"


def broken_program(code: str) -> str:
    """As weak models write them: right but for one sign."""
    return code.replace(")", "", 1) + "    else return ]\n"


DAMAGE: dict[str, Callable[[str], str]] = {
    "first indentation lost": str.lstrip,
    "one blank lost": lambda code: code[1:],
    "escaped for a page": lambda code: html.escape("    assert 1 < 2\n" + code),
    "encoded for an address": lambda code: quote("    assert 1 < 2\n" + code, safe=" \n=()[]"),
    "in a fence": lambda code: f"```python\n{code}```\n",
    "in a fence with words": lambda code: f"Sure, here it is:\n```python\n{code}```\nThis works.\n",
    "quotes of typesetting": lambda code: "    assert “a” != “b”\n" + code,
    "escapes of a text": lambda code: code.replace("\n", "\\n"),
    "no indentation at all": lambda code: "\n".join(["if 1:", "if 2:", *(line.strip() for line in code.splitlines())]),
}  # fmt: skip


def damaged_share(sandbox: Sandbox, changed: Callable[[str], str]) -> float:
    pool = ProgramPool(sandbox, workers=2)
    problems = lines(HUMANEVAL / "HumanEval.jsonl.gz")[:4]
    graded = pool.grade([humaneval_program(problem, changed(problem["canonical_solution"])) for problem in problems])
    pool.close()
    assert not any(program.result.passed for program in graded)
    return pool.damaged_share


@pytest.mark.parametrize(
    "damage", [pytest.param(name, marks=[pytest.mark.long] * (number % 3)) for number, name in enumerate(DAMAGE)]
)
def test_programs_that_lost_something_on_the_way_are_told_from_wrong_ones(sandbox: Sandbox, damage: str) -> None:
    assert damaged_share(sandbox, DAMAGE[damage]) == 1.0
    both = damaged_share(sandbox, lambda code: DAMAGE[damage](broken_program(code)))
    assert both == (damage == "no indentation at all")


def test_programs_of_a_weak_model_have_lost_nothing(sandbox: Sandbox) -> None:
    assert damaged_share(sandbox, broken_program) == 0.0


@pytest.mark.parametrize(
    "name",
    [
        "cruxeval_i",
        *(pytest.param(f"cruxeval_{kind}", marks=pytest.mark.long) for kind in ("o", "i_cot")),
        "cruxeval_o_cot",
    ],
)
def test_cruxeval_runs_its_assertions_in_the_sandbox(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import multiprocessing

    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError("a program was started outside the sandbox")

    monkeypatch.setattr(multiprocessing, "Process", refuse)
    documents = lines(CRUXEVAL)[:4]
    write_dataset(tmp_path, "cruxeval-org/cruxeval", documents)

    def answer(prompt: str, seed: int) -> str:
        document = next(one for one in documents if prompt.rsplit("[PYTHON]", 1)[1].startswith("\n" + one["code"]))
        if document["id"] == documents[0]["id"] or (document["id"] == documents[1]["id"] and seed % 2):
            return "[ANSWER]\nassert f(0) == 'nothing of the kind'\n[/ANSWER]"
        return f"[ANSWER]\nassert f({document['input']}) == {document['output']}\n[/ANSWER]"

    found = run(name, answer, tmp_path)
    assert found.status is RunStatus.finished, found.reason
    rows = {row["doc_id"]: row["value"] for row in item_rows(found, tmp_path, "official")}
    assert rows[0] == 0.0
    assert 0 < rows[1] < 1
    assert rows[2] == rows[3] == 1.0
    # lm-eval's own rule fails every predicted text, which is why it is not the score that a claim means
    own = [row for row in item_rows(found, tmp_path, "create_test") if row["metric"] == "pass@1" and row["doc_id"] == 2]
    assert own[0]["value"] == (0.0 if "_o" in name else 1.0)
    assert (found.measurements[0].metric, found.measurements[0].filter) == ("pass@1", "official")


def test_sixty_four_answers_are_graded_together(tmp_path: Path) -> None:
    problems = lines(HUMANEVAL / "HumanEval.jsonl.gz")[:2]
    write_dataset(tmp_path, "openai/openai_humaneval", problems)
    right = {problem["prompt"]: problem["canonical_solution"] for problem in problems}
    found = run("humaneval_64", lambda prompt, seed: right[prompt] if seed % 4 == 0 else "    return 1\n", tmp_path)
    assert found.settings.repeats == 64
    scores = {one.metric: one.score for one in found.measurements}
    assert 0 < scores["pass@2"] < scores["pass@8"] < scores["pass@64"] == 1.0


@pytest.mark.long
def test_a_stopped_run_of_programs(tmp_path: Path) -> None:
    """The rule is asked while programs run; what was sent beyond its stop does not count."""

    class StopAt:
        def stop(self, look: InterimLook) -> bool:
            return look.items >= 32

    problems = lines(HUMANEVAL / "HumanEval.jsonl.gz")
    write_dataset(tmp_path, "openai/openai_humaneval", problems)
    right = {problem["prompt"]: problem["canonical_solution"] for problem in problems}
    entry = benchmark("humaneval")
    with answering(lambda prompt, seed: right[prompt]) as server:
        found = run_benchmark(
            entry, ARTIFACT, server, complete_settings(entry, Settings()), folder=tmp_path / "runs", stop=StopAt(),
            checks=False,
        )  # fmt: skip
    assert found.status is RunStatus.finished
    assert found.measurements[0].stopped_early
    assert found.measurements[0].items in (32, 64)
    assert set(found.measurements[0].values) == {1.0}


def test_without_a_sandbox_nothing_runs(tmp_path: Path) -> None:
    entry = benchmark("humaneval")
    with pytest.raises(UserError, match="macOS only"):
        run_benchmark(
            entry, ARTIFACT, None, Settings(), folder=tmp_path, sandbox="seatbelt"  # type: ignore[arg-type]
        )  # fmt: skip


def test_a_code_task_that_is_not_marked_is_refused(tmp_path: Path) -> None:
    from evaluators.harness.tasks import load_tasks

    write_dataset(tmp_path, "openai/openai_humaneval", lines(HUMANEVAL / "HumanEval.jsonl.gz")[:1])
    with pytest.raises(UserError, match="humaneval"):
        load_tasks(benchmark("humaneval").model_copy(update={"sandboxed": False}))


def test_infilling_puts_the_answer_between_prompt_and_suffix(tmp_path: Path) -> None:
    rows = [
        {
            "task_id": f"SingleLineInfilling/{number}",
            "entry_point": "f",
            "prompt": f"def f(x):\n    y = x + {number}\n",
            "suffix": "\n    return z\n",
            "canonical_solution": "    z = 2 * y\n",
            "test": f"def check(f):\n    assert f(1) == {2 * (1 + number)}\n",
        }
        for number in range(4)
    ]
    write_dataset(tmp_path, "loubnabnl/humaneval_infilling", rows, config="HumanEval-SingleLineInfilling")
    answers = ["    z = 2 * y", "    z = 3 * y"]
    found = run(
        "humaneval_single_line_infilling", lambda prompt, seed: answers[int(prompt.split("x + ")[1][0]) % 2], tmp_path
    )
    assert found.status is RunStatus.finished, found.reason
    rows_found = sorted(item_rows(found, tmp_path, "create_test"), key=lambda row: row["doc_id"])
    assert [row["value"] for row in rows_found] == [1.0, 0.0, 1.0, 0.0]


def test_an_interrupted_run_of_programs_goes_on(tmp_path: Path) -> None:
    """What was answered is graded again from the journal, and nothing is asked for twice."""
    problems = lines(HUMANEVAL / "HumanEval.jsonl.gz")[:24]
    write_dataset(tmp_path, "openai/openai_humaneval", problems)
    right = {problem["prompt"]: problem["canonical_solution"] for problem in problems}
    entry = benchmark("humaneval")
    stated = complete_settings(entry, Settings())

    class Ended(BaseException):
        """As an interrupt from the keyboard."""

    with answering(lambda prompt, seed: right[prompt] if "List" in prompt else "    return 0\n") as server:

        def stop(progress: Progress) -> None:
            if progress.done >= 5:
                raise Ended

        with pytest.raises(Ended):
            run_benchmark(
                entry, ARTIFACT, server, stated, folder=tmp_path / "runs", checks=False, progress=stop
            )  # fmt: skip
        paid = server.requests
        assert 5 <= paid <= 24
        in_flight = 4  # a slot each: what was under way at the interrupt may be sent again
        found = run_benchmark(entry, ARTIFACT, server, stated, folder=tmp_path / "runs", checks=False)
        assert 24 <= server.requests <= 24 + in_flight
    assert found.status is RunStatus.finished
    assert 24 <= found.requests_sent <= 24 + in_flight
    assert found.requests_reused >= paid - in_flight
    expected = sum("List" in problem["prompt"] for problem in problems)
    assert sum(value or 0 for value in found.measurements[0].values) == expected
