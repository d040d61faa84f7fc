"""A small but real harness: its batches are subprocesses that ask a real server about each item."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from evaluators.outside.harnesses.harness import Control, Endpoint, Need, Scaffold, Step
from evaluators.outside.outside_records import OutsideItem
from evaluators.records import ItemStatus

PROGRAM = (sys.executable, "-I", "-S", str(Path(__file__).with_name("small_harness_program.py")))
KEY = "the-key-of-the-server-0123456789"


class SmallHarness:
    """`broken`: items whose gold control fails. `solved_by_nothing`: items that doing nothing solves."""

    name, version = "small", "1.0"
    needs: tuple[Need, ...] = ()
    least_batch = 1

    def __init__(
        self, count: int, broken: Sequence[str] = (), solved_by_nothing: Sequence[str] = (), each_item: bool = True
    ) -> None:
        self.ids = tuple(f"item-{number:03}" for number in range(count))
        self.broken, self.solved_by_nothing, self.each_item = broken, solved_by_nothing, each_item

    def items(self) -> tuple[str, ...]:
        return self.ids

    def data_version(self) -> str:
        return "sha256:0"

    def sandbox(self) -> str | None:
        return None

    def scaffold(self) -> Scaffold:
        return Scaffold(
            harness="small", version="1.0", lock="0", agent="one", config="none", config_sha256="0" * 64, tools="none"
        )

    def controls(self, folder: Path, ids: Sequence[str], idle: Endpoint) -> tuple[Control, ...]:
        gold, nothing = folder / "gold", folder / "nothing"
        return (
            Control("gold", gold, (self._known(gold, {one: one not in self.broken for one in ids}),), 1.0),
            Control(
                "nothing",
                nothing,
                (self._known(nothing, {one: one in self.solved_by_nothing for one in ids}),),
                0.0 if self.each_item else None,
                each_item=self.each_item,
            ),
        )

    def _known(self, folder: Path, outcomes: dict[str, bool]) -> Step:
        return Step((*PROGRAM, "known", json.dumps(outcomes)), 60)

    def batch(self, folder: Path, ids: Sequence[str], endpoint: Endpoint) -> tuple[Step, ...]:
        return (Step((*PROGRAM, "ask", endpoint.url, *ids), 60, key_variables=("SMALL_KEY",)),)

    def read(self, folder: Path) -> Iterator[OutsideItem]:
        path = folder / "results.jsonl"
        for line in path.read_text().splitlines() if path.exists() else ():
            entry = json.loads(line)
            status = ItemStatus.ok if entry["score"] is not None else ItemStatus.failed
            yield OutsideItem(id=entry["id"], score=entry["score"], status=status, error=entry.get("error"), turns=1)


@contextmanager
def answering(solved: Callable[[str], bool], dies_after: int | None = None) -> Iterator[Any]:
    """A server that says `yes` for solved items. `asked`: the items of its answers, in order. After `dies_after`
    answers it answers nothing any more."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["item"]
            if self.headers["Authorization"] != f"Bearer {KEY}" or server.dead:  # type: ignore[attr-defined]
                self.send_error(500)
                return
            with server.answered:  # type: ignore[attr-defined]
                server.asked.append(name)  # type: ignore[attr-defined]
                server.dead = dies_after is not None and len(server.asked) >= dies_after  # type: ignore[attr-defined]
                server.answered.notify_all()  # type: ignore[attr-defined]
            body = json.dumps({"solved": solved(name)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.dead = [], False  # type: ignore[attr-defined]
        server.answered = Condition()  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
