"""Runs of several machines in one store: paid for once, taken over from a lost machine, copied in few transfers."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from evaluators.harness import run_benchmark
from evaluators.harness.run_folder import JOURNAL
from evaluators.records import Run, Settings
from evaluators.run_lease import LeaseLost
from flows.cli import run_command
from flows.sharing.file_store import FileStore
from flows.sharing.journal_parts import PartWriter, take_parts
from flows.sharing.leases import take_lease
from flows.sharing.packs import pack, unpack
from flows.sharing.shared_runs import SharedRuns
from flows.sharing.sync import receive_home, send_home
from tests.harness.conftest import FEW_SUMS
from tests.harness.fakes import ARTIFACT
from tests.harness.scripted_server import ScriptedServer, generated
from tests.warehouse.test_damage import DAMAGES
from tests.warehouse.test_store import claim
from warehouse.claims.ledger import count_claims
from warehouse.home import Home
from warehouse.load import save_claims

ITEMS = 40


@pytest.fixture(params=["folder", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of each kind that needs no server: S3 is reached by fsspec in the same words."""
    return str(tmp_path / "store") if request.param == "folder" else f"memory://{uuid.uuid4().hex}"


def run(server: ScriptedServer, home: Path, store: SharedRuns, **more: Any) -> Run:
    return run_benchmark(
        FEW_SUMS, ARTIFACT, server, Settings(), folder=home / "runs", limit=ITEMS, checks=False, store=store, **more
    )


def never(machine: str) -> None:
    raise AssertionError(f"waited for {machine}")


def test_of_many_machines_one_gets_the_run(address: str) -> None:
    store = FileStore(address)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: store.create("leases/a/000001.json", str(number).encode()), range(8)))
    assert made.count(True) == 1
    assert store.read("leases/a/000001.json") == str(made.index(True)).encode()


def test_a_silent_machine_loses_its_run_and_learns_it(address: str) -> None:
    store = FileStore(address)
    first = take_lease(store, "run-1", never)
    assert first.beat()
    told: list[str] = []
    second = take_lease(store, "run-1", told.append, silence=0.0)
    assert len(told) == 1 and second.number == 2
    assert not first.beat() and second.beat()
    second.release()
    assert take_lease(store, "run-1", never).number == 3


def test_a_machine_that_beats_is_waited_for(address: str) -> None:
    store = FileStore(address)
    first = take_lease(store, "run-1", never)
    looks = 0

    def beating(seconds: float) -> None:
        nonlocal looks
        looks += 1
        assert first.beat() if looks < 20 else first.release() is None

    second = take_lease(store, "run-1", lambda machine: None, silence=0.0, sleep=beating)
    assert looks == 20 and second.number == 2


def test_two_machines_pay_once(address: str, tmp_path: Path) -> None:
    stores = [SharedRuns(address, share=0.05, beat=0.1) for _ in range(2)]
    with ScriptedServer({"/v1/completions": lambda _: generated(" #### 1")}, backend="vllm") as server:
        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(run, server, tmp_path / str(place), one) for place, one in enumerate(stores)]
            runs = [one.result() for one in waiting]
        assert runs[0].run_id == runs[1].run_id and runs[0].measurements == runs[1].measurements
        assert sum(path == "/v1/completions" for path in paths(server)) == ITEMS
    assert stores[0].store.listing("journals") == []
    assert len(stores[0].store.listing("runs")) == 1


def test_finished_requests_of_a_lost_machine_are_taken_over(address: str, tmp_path: Path) -> None:
    class Lost(Exception):
        pass

    def lose(progress: Any) -> None:
        if progress.done >= 10:
            raise Lost

    store = FileStore(address)
    with ScriptedServer({"/v1/completions": lambda _: generated(" #### 1")}, backend="vllm") as server:
        with pytest.raises(Lost):  # without a store: nothing is given away at the end
            run_benchmark(
                FEW_SUMS, ARTIFACT, server, Settings(), folder=tmp_path / "a", limit=ITEMS, checks=False, progress=lose
            )
        [journal] = (tmp_path / "a").glob(f"*/{JOURNAL}")
        run_id = journal.parent.name
        writer = PartWriter(store, run_id, journal.parent, "lost machine")
        written = writer.write()
        assert written >= 10 and writer.write() == 0
        take_lease(store, run_id, never)  # and it is never heard of again
        made = run(server, tmp_path / "b", SharedRuns(address, silence=0.0, share=0.05))
        assert made.requests_reused == written
        assert made.requests_sent == ITEMS - written
    assert store.listing(f"journals/{run_id}") == []


def test_parts_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from evaluators.harness.journal import Journal
    from evaluators.records import RequestKind, Response, ResponseStatus
    from flows.sharing import journal_parts

    monkeypatch.setattr(journal_parts, "GROUP", 3)
    store = FileStore(str(tmp_path / "store"))
    folder = tmp_path / "runs" / "r"
    journal, writer = Journal(folder / JOURNAL), PartWriter(store, "r", folder, "m")
    kind, ok = RequestKind.generate, ResponseStatus.ok
    for item in range(10):
        answer = Response(task="t", doc_id=item, index=0, kind=kind, status=ok, text=str(item))
        journal.commit([(f"key-{item}", answer)])
        writer.write()
    assert len(store.listing("journals")) <= 5
    assert take_parts(store, "r", tmp_path / "other") == 10
    assert take_parts(store, "r", tmp_path / "other") == 0


def test_a_run_that_another_took_over_ends_here(address: str, tmp_path: Path) -> None:
    shared = SharedRuns(address, share=0.02, beat=0.02)
    lost = threading.Event()
    with pytest.raises(LeaseLost), shared.hold("run-1", tmp_path / "runs" / "run-1") as lease:
        take_lease(FileStore(address), "run-1", lambda machine: None, silence=0.0, sleep=lambda seconds: None)
        while not lost.is_set():
            try:
                lease.check()
            except LeaseLost:
                lost.set()
                raise


def test_small_files_travel_in_packs(address: str, tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    for number in range(300):
        path = home / ("claims" if number % 2 else "verdicts") / f"{number:032x}.json{'l' if number % 2 else ''}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'{{"number": {number}}}')
    assert send_home(home, address).files == 300
    assert send_home(home, address).files == 0
    assert len(FileStore(address).listing("packs")) == 2
    assert receive_home(address, other).files == 300
    assert receive_home(address, other).files == 0
    assert send_home(other, address).files == 0, "what came from the store is not sent back"
    assert (other / "claims" / f"{1:032x}.jsonl").read_text() == '{"number": 1}'


def test_predictions_travel_with_the_criteria_that_name_them(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    for name in ("criteria/a.json", "predictions/b.json", "predictions/c.frozen"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("{}")
    assert send_home(home, str(tmp_path / "store")).files == 3
    assert receive_home(str(tmp_path / "store"), other).files == 3
    assert sorted(path.name for path in (other / "predictions").iterdir()) == ["b.json", "c.frozen"]


def test_two_machines_share_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMCHECK_RUNS", str(tmp_path / "store"))
    for place in ("one", "two"):
        monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / place))
        if place == "one":
            save_claims(Home(tmp_path / "one"), [claim(1), claim(2)])
        assert run_command(["share"]) == 0
    assert count_claims(Home(tmp_path / "two")) == 2
    monkeypatch.delenv("CLAIMCHECK_RUNS")
    assert run_command(["share"]) == 2


@pytest.mark.parametrize(
    "damage", ["flipped", *(pytest.param(kind, marks=pytest.mark.long) for kind in DAMAGES if kind != "flipped")]
)
def test_a_damaged_object_of_the_store_costs_what_it_holds(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pack and a run are damaged; those beside them come, the two are named each time, until they are whole."""
    store, one, two = (tmp_path / name for name in ("store", "one", "two"))
    for number in range(2):
        save_claims(Home(one), [claim(number)])
        with ScriptedServer({"/v1/completions": lambda _: generated(" #### 1")}) as server:
            run_benchmark(
                FEW_SUMS, ARTIFACT, server, Settings(max_tokens=60 + number), folder=one / "runs", limit=8, checks=False
            )
        send_home(one, str(store))
    broken = [sorted(store.glob("packs/*"))[0], sorted(store.glob("runs/*/*.tar"))[0]]
    whole = [path.read_bytes() for path in broken]
    for path in broken:
        DAMAGES[damage](path)
    monkeypatch.setenv("CLAIMCHECK_RUNS", str(store))
    monkeypatch.setenv("CLAIMCHECK_HOME", str(two))
    for _ in range(2):
        assert run_command(["share", "--runs"]) == 3
        told = capsys.readouterr().err
        assert all(path.name in told for path in broken) and told.count("damaged in") == 2, told
        assert count_claims(Home(two)) == 1 and len(list(two.glob("runs/*/run.json"))) == 1
    for path, content in zip(broken, whole, strict=True):
        path.write_bytes(content)
    assert run_command(["share", "--runs"]) == 0
    assert count_claims(Home(two)) == 2 and len(list(two.glob("runs/*/run.json"))) == 2


def test_a_pack_writes_nowhere_else() -> None:
    names = ["claims/../../evil.jsonl", "/etc/passwd", "claims/.hidden.jsonl", "runs/x/run.json", "claims/good.jsonl"]
    assert [name for name, _ in unpack(pack(dict.fromkeys(names, b"x")))] == ["claims/good.jsonl"]
    with pytest.raises(ValueError, match="damaged"):
        list(unpack(b"no archive"))


def paths(server: ScriptedServer) -> list[str]:
    """What was asked of the server."""
    return [path for path, _ in server.asked]
