"""Several servers behind one run: every request once, the score of one server, and a server that dies costs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evaluators.backends import ModelServer, ServerOptions, open_server
from evaluators.backends.replicas.same_model import OtherModel, refuse_other_description
from evaluators.backends.replicas.server_group import ServerGroup
from evaluators.harness import RetryLimits, run_benchmark
from evaluators.harness.concurrency import in_flight
from evaluators.records import Artifact, Run, RunStatus, ServerDescription, Settings, UserError
from evaluators.stopping import InterimLook, RunAll, StoppingRule
from tests.harness.conftest import FACTS, FEW_SUMS
from tests.harness.fakes import FakeServer
from tests.harness.test_fingerprint import UNSEEN

ITEMS = 192
PROBED = 0
"""Seed of the requests that compare the servers."""
STRICT = ("exact_match", "strict-match")


class OnPrefixes:
    """Looks only where no item is pending; stops at the first look of `at` items."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.looks: list[tuple[float | None, ...]] = []

    def stop(self, look: InterimLook) -> bool:
        values = tuple(look.values[STRICT])
        if None in values:
            return False
        self.looks.append(values)
        return look.items >= self.at


@contextmanager
def fakes(tmp_path: Path, *each: dict[str, float | str]) -> Iterator[list[FakeServer]]:
    """A fake for each of these options, which writes down what it is asked."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(FakeServer(deaths=1, log=str(tmp_path / f"asked{at}"), **{"model": "fake", **options}))
            for at, options in enumerate(each)
        ]


def asked(tmp_path: Path, at: int) -> Counter[int]:
    """Requests of the run by seed that the server of this number got."""
    path = tmp_path / f"asked{at}"
    counts = Counter(map(int, path.read_text().split())) if path.exists() else Counter[int]()
    del counts[PROBED]
    return counts


def attached(servers: list[FakeServer], slots: int | None = None, patience: float = 60) -> ModelServer:
    """All of them, as `--url` given for each."""
    first, *further = [server.url for server in servers]
    options = ServerOptions(url=first, further_urls=tuple(further), slots=slots, start_timeout=patience)
    return open_server("attached", None, options, Path())


def run(server: ModelServer, folder: Path, rule: StoppingRule | None = None, limits: RetryLimits | None = None) -> Run:
    return run_benchmark(
        FEW_SUMS, UNSEEN, server, Settings(), folder=folder, stop=rule or RunAll(), limit=ITEMS, checks=False,
        limits=limits,
    )  # fmt: skip


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The whole run on one server."""
    folder = tmp_path_factory.mktemp("alone")
    with fakes(folder, {"wrong": 0.5}) as servers, attached(servers) as server:
        return run(server, folder / "runs")


def order(folder: Path, made: Run) -> list[tuple[object, ...]]:
    rows = pq.read_table(folder / made.run_id / "items.parquet").to_pylist()
    return sorted((row["position"], row["doc_id"], row["filter"], row["metric"], row["value"]) for row in rows)


def test_every_request_is_asked_once_and_the_run_is_that_of_one_server(tmp_path: Path) -> None:
    """One server answers right answers late, the other is quick: they finish out of order."""
    rules = [OnPrefixes(96), OnPrefixes(96)]
    with fakes(tmp_path, {"wrong": 0.5, "latency": 0.002, "slow_right": 0.1}, {"wrong": 0.5, "latency": 0.01}) as both:
        with attached(both[1:], 8) as server:
            one = run(server, tmp_path / "one", rules[0])
        first = asked(tmp_path, 1)
        with attached(both, 8) as server:
            about = server.describe()
            two = run(server, tmp_path / "two", rules[1])
            assert about.slots == 16 and about.flags["servers"] == f"2: {both[0].url}, {both[1].url}"
            halves = [asked(tmp_path, 0), asked(tmp_path, 1) - first]
            whole = run(server, tmp_path / "whole")
    assert min(map(len, halves)) > 10, "both work"
    assert set((halves[0] + halves[1]).values()) == {1}, "nothing is asked twice"
    assert two.status is RunStatus.finished and two.measurements == one.measurements
    assert rules[0].looks == rules[1].looks and [len(look) for look in rules[1].looks] == [32, 64, 96]
    assert order(tmp_path / "two", two) == order(tmp_path / "one", one)
    assert whole.requests_sent == ITEMS and len(whole.measurements[0].values) == ITEMS
    assert whole.measurements[0].values[:96] == two.measurements[0].values
    assert two.server is not None and two.server.flags["servers"].startswith("2: ")


def test_a_killed_server_loses_nothing(tmp_path: Path, alone: Run) -> None:
    """It ends with the answers that it is working on; the other is asked them, and the rest."""
    quick: dict[str, float | str] = {"wrong": 0.5, "latency": 0.02}
    with fakes(tmp_path, quick | {"dies_after": 50}, quick) as both:
        with attached(both, 8) as server:
            made = run(server, tmp_path / "runs")
        assert both[0].process.wait(10) == 1
    dead, living = asked(tmp_path, 0), asked(tmp_path, 1)
    assert made.status is RunStatus.finished and made.measurements == alone.measurements
    assert len(dead + living) == ITEMS and 0 < len(dead) < ITEMS / 2
    twice = [seed for seed, count in (dead + living).items() if count > 1]
    assert len(twice) <= in_flight(8) and max((dead + living).values()) <= 2
    assert made.checks["servers"] == f"lost on the way: {both[0].url} (nothing answers at {both[0].url})"
    assert not made.failed_checks


def test_the_run_ends_when_all_are_dead_and_goes_on_with_what_is_there(tmp_path: Path, alone: Run) -> None:
    killed: dict[str, float | str] = {"wrong": 0.5, "latency": 0.01, "dies_after": 40}
    with fakes(tmp_path, killed, killed) as both:
        with attached(both, 8, patience=0.5) as server:
            broken = run(server, tmp_path / "runs")
        assert broken.status is RunStatus.invalid
        assert broken.reason == "all 2 servers are lost; start them again and repeat the command"
        paid = asked(tmp_path, 0) + asked(tmp_path, 1)
        both[1].restart()
        with attached(both, 8, patience=0.5) as server:
            assert server.describe().flags["servers"] == f"1: {both[1].url} (no answer from {both[0].url})"
            made = run(server, tmp_path / "runs")
    whole = asked(tmp_path, 0) + asked(tmp_path, 1)
    assert made.run_id == broken.run_id and made.measurements == alone.measurements
    assert sum(whole.values()) - ITEMS <= 4 * in_flight(8), "only what was under way is asked again"
    assert sum(paid.values()) + made.requests_sent - broken.requests_sent == sum(whole.values())


def test_a_server_that_comes_back_is_asked_again_unless_it_is_another(tmp_path: Path, alone: Run) -> None:
    slow: dict[str, float | str] = {"wrong": 0.5, "latency": 0.02}
    for name, wrong in (("same", 0.5), ("other", 0.9)):
        folder = tmp_path / name
        folder.mkdir()
        with fakes(folder, slow | {"dies_after": 40}, slow) as both, attached(both, 4) as server:
            both[0].options["wrong"] = wrong

            def revive(_: object, dead: FakeServer = both[0], answered: bool = name == "same") -> None:
                """The dead one is started again, and the run is held up until it is asked."""
                if dead.process.poll() is not None:
                    dead.restart()
                    while not (set(dead.counts()) - {PROBED} if answered else dead.counts().get(PROBED, 0) >= 16):
                        pass

            made = run_benchmark(
                FEW_SUMS, UNSEEN, server, Settings(), folder=folder / "runs", limit=ITEMS, checks=False,
                progress=revive,
            )  # fmt: skip
            back = sum(count for seed, count in both[0].counts().items() if seed != PROBED)
        assert made.measurements == alone.measurements
        assert (back > 0) is (name == "same")
        assert ("differ" in made.checks["servers"]) is (name == "other")


def test_what_one_server_fails_another_answers(tmp_path: Path, alone: Run) -> None:
    """One server refuses half of all requests; where both refuse the same ones, only these fail."""
    strict = RetryLimits(attempts=1, allowed_failed=1.0)
    with (
        fakes(tmp_path, {"wrong": 0.5, "refused": 0.5}, {"wrong": 0.5, "latency": 0.005}) as both,
        attached(both, 4) as server,
    ):
        made = run(server, tmp_path / "runs", limits=strict)
    assert made.status is RunStatus.finished and made.measurements == alone.measurements
    folder = tmp_path / "refused"
    folder.mkdir()
    with (
        fakes(folder, {"wrong": 0.5, "refused": 0.5}, {"wrong": 0.5, "refused": 0.4}) as both,
        attached(both, 4) as server,
    ):
        made = run(server, folder / "runs", limits=strict)
    counts = asked(folder, 0) + asked(folder, 1)
    missing = sum(value is None for value in made.measurements[0].values)
    assert 0.3 < missing / ITEMS < 0.5 and max(counts.values()) == 2, "each server is asked once at most"


def test_servers_that_answer_differently_are_refused(tmp_path: Path) -> None:
    with fakes(tmp_path, {"wrong": 0.1}, {"wrong": 0.9}) as both, attached(both) as server:
        with pytest.raises(OtherModel, match=f"{both[0].url} and {both[1].url} differ in their answers to prompt") as e:
            run(server, tmp_path / "runs")
        assert "must not mix two models" in str(e.value) and "\n" not in str(e.value)
    assert not asked(tmp_path, 0) and not asked(tmp_path, 1)


def test_servers_of_other_names_are_refused_at_once(tmp_path: Path) -> None:
    with fakes(tmp_path, {}, {"model": "other"}) as both:
        with pytest.raises(OtherModel, match="differ in the name of the model: fake and other"), attached(both):
            raise AssertionError
        with pytest.raises(UserError, match="given twice"):
            attached([both[0], both[0]])


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", "b2"), ("context", 2048), ("vocabulary", 3), ("chat_template_sha256", "ab"), ("parameters", None)],
)
def test_a_difference_is_named(field: str, value: object) -> None:
    one = ServerDescription(backend="attached", version="b1", model="m", context=1024, parameters=7, slots=2)
    with pytest.raises(OtherModel, match="http://a and http://b differ in"):
        refuse_other_description("http://a", one, "http://b", one.model_copy(update={field: value}))
    refuse_other_description("http://a", one, "http://b", one.model_copy(update={"slots": 9, "flags": {"url": "x"}}))


@pytest.mark.long
@pytest.mark.slow
def test_choices_on_two_real_servers_score_as_on_one(server: ModelServer, artifact: Artifact, tmp_path: Path) -> None:
    """llama.cpp pins the choices of an item to a slot, of each server its own; a server of ours is started again."""
    options = ServerOptions(slots=2, threads=1, context=1024, kv_type="f32", flash_attention="off")
    one = run_benchmark(FACTS, artifact, server, Settings(), folder=tmp_path / "one", limit=60, checks=False)
    second = open_server("llama.cpp", artifact, options, tmp_path / "log")
    deaths = [second.stop]

    def kill(state: object) -> None:
        if deaths:
            deaths.pop()()

    with ServerGroup([server, second]) as group:
        two = run_benchmark(
            FACTS, artifact, group, Settings(), folder=tmp_path / "two", limit=60, checks=False, progress=kill
        )
    assert two.run_id == one.run_id and two.measurements == one.measurements and not deaths
