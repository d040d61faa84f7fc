"""Two workers write run folders while the loader copies and loads them and readers query: nothing lost or twice."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evaluators.harness.journal import Journal
from evaluators.harness.run_folder import write_run_folder
from evaluators.records import (
    Artifact,
    ItemScore,
    ItemStatus,
    Measurement,
    Release,
    RequestKind,
    Response,
    ResponseStatus,
    Run,
    RunStatus,
    ServerDescription,
    Settings,
)
from flows.sharing.sync import receive_home, send_home
from warehouse.home import Home
from warehouse.load import load_home, rebuild_database
from warehouse.queries.user_query import run_query

RUNS, ITEMS = 100, 5
COUNTS = (
    "select (select count(*) from runs), (select count(*) from item_scores), (select count(*) from responses), "
    "(select count(*) from measurements)"
)


def finished_run(home: Path, number: int, worker: str) -> Path:
    """One run folder as the engine leaves it."""
    now = datetime.now(UTC)
    release = Release(model=f"acme/{worker}", commit="c" * 40, location="hub")
    run = Run(
        run_id=f"demo_sums-{worker}-{number:03}",
        release=release,
        artifact=Artifact(release=release, format="gguf", quantization="F16", path="/w.gguf", files=()),
        server=ServerDescription(backend="llama.cpp", version="b1", model=worker),
        benchmark="demo_sums",
        evaluator="lm-eval",
        evaluator_version="0.4.13",
        settings=Settings(),
        status=RunStatus.finished,
        started=now,
        finished=now,
        measurements=(
            Measurement(
                benchmark="demo_sums", metric="exact_match", filter="none", score=1.0, unit="fraction", items=ITEMS,
                of=ITEMS, values=(1.0,) * ITEMS,
            ),
        ),
    )  # fmt: skip
    folder = home / "runs" / run.run_id
    journal = Journal(folder / "journal.sqlite")
    answers = [_answer(item) for item in range(ITEMS)]
    journal.commit([(f"{run.run_id}-{one.doc_id}", one) for one in answers], [_score(item) for item in range(ITEMS)])
    write_run_folder(folder, run, journal, ITEMS)
    journal.remove()
    return folder


def _answer(item: int) -> Response:
    kind, status = RequestKind.generate, ResponseStatus.ok
    return Response(task="demo_sums", doc_id=item, index=0, kind=kind, status=status, text="4")


def _score(item: int) -> ItemScore:
    return ItemScore(
        task="demo_sums",
        doc_id=item,
        position=item,
        metric="exact_match",
        filter="none",
        value=1.0,
        status=ItemStatus.ok,
    )


def work(home: Path, shared: str, worker: str) -> None:
    """A worker with a home of its own that gives what it has done after every few runs."""
    for number in range(RUNS):
        finished_run(home, number, worker)
        if number % 10 == 9:
            send_home(home, shared)


def read(home: Path, done: Path) -> list[int]:
    """A reader that asks again and again; an error ends the test."""
    counts = []
    while not done.exists():
        counts.append(int(run_query(Home(home), COUNTS)[1][0][0]))
    return counts


@pytest.mark.long
def test_two_workers_a_loader_and_readers(tmp_path: Path) -> None:
    home, shared, done = Home(tmp_path / "warehouse"), (tmp_path / "shared").as_uri(), tmp_path / "done"
    load_home(home)
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        readers = [pool.submit(read, home.root, done) for _ in range(2)]
        workers = [pool.submit(work, tmp_path / name, shared, name) for name in ("one", "two")]
        try:
            while not all(worker.done() for worker in workers):
                receive_home(shared, home.root)
                load_home(home)
            assert [worker.result() for worker in workers] == [None, None]
            receive_home(shared, home.root)
            load_home(home)
        finally:
            done.touch()
        seen = [reader.result() for reader in readers]
    whole = (2 * RUNS, 2 * RUNS * ITEMS, 2 * RUNS * ITEMS, 2 * RUNS)
    assert run_query(home, COUNTS)[1] == [whole]
    assert (receive_home(shared, home.root).runs, load_home(home).runs) == (0, 0)
    for counts in seen:
        assert counts and counts == sorted(counts)  # nothing that was seen was ever gone again
    rebuild_database(home)
    assert run_query(home, COUNTS)[1] == [whole]


def test_a_run_is_copied_whole_or_not_at_all(tmp_path: Path) -> None:
    source, shared, target = tmp_path / "source", "memory://runs-of-a-test", tmp_path / "target"
    folder = finished_run(source, 1, "one")
    manifest = (folder / "run.json").read_bytes()
    (folder / "run.json").unlink()
    assert send_home(source, shared).runs == 0
    (folder / "run.json").write_bytes(manifest.replace(b'"finished"', b'"interrupted"', 1))
    assert send_home(source, shared).runs == 0
    invalid = manifest.replace(b'"status": "finished"', b'"status": "invalid"', 1)
    (folder / "run.json").write_bytes(invalid)
    assert (send_home(source, shared).runs, receive_home(shared, target).runs, receive_home(shared, target).runs) == (
        1,
        1,
        0,
    )
    there = target / "runs" / folder.name
    assert {path.name for path in there.iterdir()} == {"run.json", "items.parquet", "responses.parquet"}
    assert all((there / path.name).read_bytes() == path.read_bytes() for path in folder.glob("*.parquet"))
    (folder / "run.json").write_bytes(manifest)  # it was tried again
    assert (send_home(source, shared).runs, receive_home(shared, target).runs, receive_home(shared, target).runs) == (
        1,
        1,
        0,
    )
    assert (there / "run.json").read_bytes() == manifest
    (folder / "run.json").write_bytes(invalid)  # a finished run never changes
    assert (send_home(source, shared).runs, receive_home(shared, target).runs) == (0, 0)
