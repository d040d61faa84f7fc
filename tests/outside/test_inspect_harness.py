"""Tasks of Inspect against servers whose truth is planted, through the loop of all harnesses.

Its environment (570 MB) is made from the package index: `make test-agents`.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluators.backends import ServerOptions, open_server
from evaluators.catalogue import Benchmark, benchmark
from evaluators.outside.harnesses.harness import Endpoint, HarnessMissing, HarnessSetup
from evaluators.outside.harnesses.harness_registry import harness_for
from evaluators.outside.harnesses.idle_server import idle_server
from evaluators.outside.harnesses.inspect.inspect_tasks import InspectTask
from evaluators.outside.harnesses.run_harness import run_agent_benchmark
from evaluators.outside.harnesses.run_step import run_step
from evaluators.outside.harnesses.task_journal import TaskJournal
from evaluators.outside.harnesses.task_loop import LoopEnd, LoopOrder, run_tasks
from evaluators.outside.zip_entries import open_entry
from evaluators.records import ItemStatus, RunStatus, Settings, UserError
from evaluators.stopping import RunAll
from tests.demo_agents.test_mini_swe_agent import ARTIFACT, home
from tests.harness.scripted_server import ScriptedServer, messaged

pytestmark = pytest.mark.agents
__all__ = ["home"]
KEY = "the-key-of-the-server-0123456789"
DATA = Path(__file__).with_name("data") / "inspect_sums"


def entry(task: str, metric: str = "accuracy", **more: Any) -> Benchmark:
    fields = {"name": task, "title": task, "evaluator": "outside", "harness": "inspect", "data_folder": str(DATA)}
    scores = more.pop("scores", [{"metric": metric}])
    return Benchmark.model_validate(fields | {"task": f"sums.py@{task}", "scores": scores} | more)


def said(text: str) -> dict[str, Any]:
    """An answer with all counts of tokens: Inspect takes none without their sum."""
    return messaged(text) | {"usage": {"prompt_tokens": 20, "completion_tokens": 12, "total_tokens": 32}}


def inspect_task(found: Benchmark, home: Path, user: Endpoint | None = None) -> InspectTask:
    made = harness_for(HarnessSetup(found, home, home / "work" / found.name, user=user))
    assert isinstance(made, InspectTask)
    return made


def solved(number: int) -> bool:
    """The planted truth."""
    return number % 3 != 0


@contextmanager
def planted(dies_after: int | None = None) -> Iterator[ScriptedServer]:
    """Adds the solved numbers up and does not know the others. `answered`: the numbers."""

    def answer(body: Any) -> Any:
        question = str(body["messages"][-1]["content"])
        found = re.match(r"What is (\d+)", question)
        if found is None:
            return said("GRADE: C" if "I do not know" not in question else "GRADE: I")
        if dies_after is not None and len(server.answered) >= dies_after:  # type: ignore[attr-defined]
            return 500, {"error": {"message": "out of memory"}}, {}
        server.answered.append(int(found[1]))  # type: ignore[attr-defined]
        return said(f"It is {2 * int(found[1])}" if solved(int(found[1])) else "I do not know")

    with ScriptedServer({"/v1/chat/completions": answer}) as server:
        server.answered = []  # type: ignore[attr-defined]
        yield server


def run(harness: InspectTask, folder: Path, url: str, alive: Callable[[], bool] = lambda: True) -> LoopEnd:
    folder.mkdir(exist_ok=True)
    with idle_server() as idle:
        order = LoopOrder(
            folder=folder, endpoint=Endpoint(f"{url}/v1", "org/fake", 4), idle=idle, key=KEY, alive=alive,
            rule=RunAll(), score=("accuracy", "none"), order_seed=3,
        )  # fmt: skip
        return run_tasks(harness, TaskJournal(folder / "tasks.jsonl"), order)


def truth(count: int) -> dict[str, float]:
    return {f"sum-{number}": float(solved(number)) for number in range(count)}


def test_the_planted_score_comes_out_item_by_item(home: Path, tmp_path: Path) -> None:
    harness = inspect_task(entry("sums"), home)
    with planted() as server:
        end = run(harness, tmp_path / "run", server.url)
        asked: Counter[int] = Counter(server.answered)  # type: ignore[attr-defined]
        assert {body["model"] for _, body in server.asked} == {"org/fake"}
    assert (end.reason, end.refused, end.chance) == (None, (), 0.0)
    assert {item.id: item.score for item in end.prefix} == truth(40), [item.error for item in end.prefix]
    assert set(asked.values()) == {1}
    assert len(asked) == 40
    held = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    logs = [path for path in held if path.suffix == ".eval"]
    assert len(logs) == 4, "three batches and a control"
    assert not [path for path in held if KEY.encode() in path.read_bytes()]
    for path in logs:
        with zipfile.ZipFile(path) as archive:
            for inner in archive.infolist():
                with open_entry(path, inner) as file:
                    assert KEY.encode() not in file.read()


def test_a_server_that_dies_half_way_costs_nothing(home: Path, tmp_path: Path) -> None:
    harness = inspect_task(entry("sums"), home)
    with planted(dies_after=24) as server:
        end = run(harness, tmp_path, server.url, alive=lambda: False)
        first = list(server.answered)  # type: ignore[attr-defined]
    assert end.reason is not None and "does not answer" in end.reason
    finished = {name: item.score for name, item in TaskJournal(tmp_path / "tasks.jsonl").items.items()}
    assert len(finished) == len(first) == 24
    assert finished == {name: truth(40)[name] for name in finished}
    with planted() as server:
        end = run(harness, tmp_path, server.url)
        asked: Counter[int] = Counter(first + server.answered)  # type: ignore[attr-defined]
    assert end.reason is None
    assert {item.id: item.score for item in end.prefix} == truth(40)
    assert not any(item.status is ItemStatus.failed for item in end.prefix)
    assert len(asked) == 40
    assert set(asked.values()) == {1}


def test_a_log_that_was_cut_off_is_gone_on_with(home: Path, tmp_path: Path) -> None:
    """What Inspect was killed at is read, and only what is missing is asked."""
    harness = inspect_task(entry("sums"), home)
    ids = harness.items()[:8]
    with planted() as server:
        endpoint = Endpoint(f"{server.url}/v1", "fake", 4)
        (step,) = harness.batch(tmp_path, ids, endpoint)
        assert run_step(step, tmp_path, KEY) == 0
        (log,) = tmp_path.glob("*.eval")
        _cut(log)
        kept = len(list(harness.read(tmp_path)))
        assert 0 < kept < 8
        (step,) = harness.batch(tmp_path, ids, endpoint)
        assert run_step(step, tmp_path, KEY) == 0
        assert len(server.answered) == 8 + (8 - kept)  # type: ignore[attr-defined]
    assert {item.id: item.score for item in harness.read(tmp_path)} == {name: truth(40)[name] for name in ids}
    assert harness.batch(tmp_path, ids, endpoint) == ()


def _cut(log: Path) -> None:
    """As it is on disk after a kill: the journal, no header and no joint summaries."""
    with zipfile.ZipFile(log) as archive:
        held = {}
        for entry_of in archive.infolist():
            if "header" not in entry_of.filename:
                with open_entry(log, entry_of) as file:
                    held[entry_of.filename] = file.read()
    held.pop("summaries.json", None)
    journal = sorted(name for name in held if name.startswith("_journal/summaries/"))
    held.pop(journal[-1])
    with zipfile.ZipFile(log, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)


def test_an_item_is_the_same_in_each_process(home: Path, tmp_path: Path) -> None:
    harness, again = (inspect_task(entry("shuffled"), home) for _ in range(2))
    assert harness.data_version() == again.data_version()
    with planted() as server:
        end = run(harness, tmp_path, server.url)
        assert Counter(server.answered) == dict.fromkeys(range(40), 1)  # type: ignore[attr-defined]
    assert end.reason is None
    assert sum(item.score or 0.0 for item in end.prefix) == sum(truth(40).values())


def test_a_part_of_a_score_is_a_benchmark(home: Path, tmp_path: Path) -> None:
    harness = inspect_task(entry("in_parts", "right"), home)
    with planted() as server:
        end = run(harness, tmp_path, server.url)
    assert {item.id: item.score for item in end.prefix} == truth(12)


def test_a_model_grades_only_where_the_entry_says_so(home: Path, tmp_path: Path) -> None:
    harness = inspect_task(entry("graded"), home)
    with planted() as server:
        end = run(harness, tmp_path / "none", server.url)
        assert end.reason is not None and "have no score" in end.reason
    with planted() as server, planted() as grader:
        judged = entry("graded", decides=["judge"])
        harness = inspect_task(judged, home, Endpoint(f"{grader.url}/v1", "grader"))
        end = run(harness, tmp_path / "judged", server.url)
        assert len(grader.asked) >= 6
    assert {item.id: item.score for item in end.prefix} == truth(6)
    assert harness.scaffold().user == "grader"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (entry("boxed"), "sandbox `docker`"),
        (entry("sums", "f1"), "`metric` must be"),
        (entry("in_parts"), "`metric` must be"),
        (entry("sums", scores=[{"metric": "accuracy", "filter": "choice"}]), "has the scorers match"),
        (entry("absent"), "cannot load"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_request(found: Benchmark, reason: str, home: Path) -> None:
    with pytest.raises(UserError, match=re.escape(reason)) as refused:
        inspect_task(found, home)
    assert isinstance(refused.value, HarnessMissing) == (found.name in ("boxed", "absent"))


def test_an_entry_of_the_users_own_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = home / "catalogue"
    own.mkdir()
    (own / "sums.py").write_text((DATA / "sums.py").read_text())
    fields = entry("sums").model_dump(include={"title", "evaluator", "harness", "task"})
    fields |= {"name": "own_sums", "data_folder": ".", "scores": [{"metric": "accuracy", "filter": "match"}]}
    (own / "own_sums.yaml").write_text(yaml.safe_dump(fields))
    monkeypatch.setenv("CLAIMCHECK_HOME", str(home))
    with planted() as server:
        options = ServerOptions(url=server.url, model="fake", slots=4)
        with open_server("attached", ARTIFACT, options, home / "logs") as attached:
            found = run_agent_benchmark(benchmark("own_sums"), ARTIFACT, attached, Settings(), home=home)
    assert found.status is RunStatus.finished
    (measured,) = found.measurements
    assert (measured.score, measured.items) == (sum(truth(40).values()) / 40, 40)
    assert str(found.settings.scaffold).startswith("inspect ")
