"""The journal of a run: every response is on disk before it counts."""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from evaluators.records import ItemScore, Response, ResponseStatus

SCHEMA = Path(__file__).with_name("journal.sql")

SYNC = 1.0
"""Seconds between two transactions that wait for the disk: each costs a fast server some percent of its time."""

RequestId = tuple[str, int, int, int]
"""Task, document, request index, repeat."""


def fix_journal(path: Path) -> str | None:
    """Make a journal of an earlier attempt usable: one that is no sound database is set aside, rows that are no answers
    are deleted, so that they are asked for again. Returns what was lost in one line; None if nothing was."""
    if not path.exists():
        return None
    try:
        if path.stat().st_size == 0:  # a journal that was only begun is not: it gets its name when it has its tables
            raise sqlite3.DatabaseError("it is empty")
        with closing(sqlite3.connect(path)) as connection:
            [(said,), *_] = connection.execute("PRAGMA quick_check(1)").fetchall()
            if said != "ok":
                raise sqlite3.DatabaseError(said)
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'responses'").fetchall():
                return None
            rows = connection.execute("SELECT rowid, payload FROM responses")
            broken = [(row,) for row, payload in rows if not _is_answer(payload)]
            connection.executemany("DELETE FROM responses WHERE rowid = ?", broken)
            connection.commit()
        return f"{len(broken)} answers in {path} were damaged and are asked for again" if broken else None
    except sqlite3.OperationalError:  # the disk is full, or somebody holds it
        raise
    except sqlite3.DatabaseError as error:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        _delete(path)
        return f"{path} was damaged ({error}) and is set aside as {aside.name}; its answers are asked for again"


def _delete(path: Path) -> None:
    """Delete a journal, or what is left beside one that is gone."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _begin(path: Path) -> None:
    """Make a journal without answers, whole or not at all."""
    _delete(path)
    fresh = path.with_name(f"{path.name}.new")
    _delete(fresh)
    with closing(sqlite3.connect(fresh)) as connection:
        connection.executescript(SCHEMA.read_text(encoding="utf-8"))
    fresh.replace(path)


def _is_answer(payload: object) -> bool:
    try:
        Response.model_validate_json(payload)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


class Journal:
    """SQLite in WAL mode. To be used from one thread.

    What is committed survives a kill at once. Once a second a transaction waits until the disk has it and all before
    it, so a power cut loses about a second's answers; `sync` is for a caller that has nothing to write.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        if not path.exists():
            _begin(path)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._waits = False
        """Whether a transaction waits for the disk."""
        self._wait_for_disk(True)
        self._connection.executescript(SCHEMA.read_text(encoding="utf-8"))
        self._synced = -SYNC
        self.loose = False
        """Whether something committed may be lost by a power cut."""

    def close(self) -> None:
        """Close it; what is committed stays."""
        self._connection.close()

    def remove(self) -> None:
        """Close and delete it, when its content lies in Parquet."""
        self.close()
        _delete(self.path)

    def commit(self, answers: Iterable[tuple[str, Response]], scores: Iterable[ItemScore] = (), sent: int = 0) -> None:
        """Write responses with their request keys, item scores and the number of requests sent, all at once."""
        many = self._connection.executemany
        begun = time.monotonic()
        self.loose = begun - self._synced < SYNC
        self._wait_for_disk(not self.loose)
        with self._transaction():
            many(
                "INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (response.task, response.doc_id, response.index, response.repeat, key, response.status.value,
                     response.model_dump_json(exclude_none=True))
                    for key, response in answers
                ],
            )  # fmt: skip
            many("INSERT INTO items VALUES (?, ?)", [(score.position, score.model_dump_json()) for score in scores])
            if sent:
                self._connection.execute("UPDATE counters SET value = value + ? WHERE name = 'sent'", (sent,))
        if not self.loose:
            self._synced = begun

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing: whatever is raised within rolls back, so that the next transaction can begin."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _wait_for_disk(self, wanted: bool) -> None:
        if wanted is not self._waits:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._waits = wanted

    def sync(self) -> None:
        """Wait until the disk has all that is committed."""
        if self.loose:
            self._wait_for_disk(True)
            self._connection.execute("INSERT OR REPLACE INTO notes VALUES ('synced', ?)", (str(time.time()),))
            self._synced, self.loose = time.monotonic(), False

    def begin_attempt(self) -> int:
        """Count one more attempt, forget item scores (they are computed again) and return the attempt's number."""
        with self._transaction():
            self._connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'attempts'")
            self._connection.execute("DELETE FROM items")
        return self.counter("attempts")

    def note_start(self, moment: str) -> str:
        """Remember when the first attempt started (ISO 8601) and return it."""
        self._connection.execute("INSERT OR IGNORE INTO notes VALUES ('started', ?)", (moment,))
        row = self._connection.execute("SELECT value FROM notes WHERE name = 'started'").fetchone()
        return str(row[0])

    def note(self, name: str) -> str | None:
        """A note of an attempt before this one."""
        row = self._connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_note(self, name: str, value: str) -> None:
        """Write a note, or another one over it."""
        self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def counter(self, name: str) -> int:
        """`sent` or `attempts`."""
        row = self._connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    def finished(self) -> Iterator[tuple[RequestId, str]]:
        """Id and request key of every response that needs no further attempt (failed ones do)."""
        rows = self._connection.execute(
            "SELECT task, doc_id, request, repeat, key FROM responses WHERE status != ?", (ResponseStatus.failed.value,)
        )
        for task, doc_id, index, repeat, key in rows:
            yield (task, doc_id, index, repeat), key

    def item(self, task: str, doc_id: int) -> list[Response]:
        """The responses of one document."""
        rows = self._connection.execute(
            "SELECT payload FROM responses WHERE task = ? AND doc_id = ? ORDER BY request, repeat", (task, doc_id)
        )
        return [Response.model_validate_json(payload) for (payload,) in rows]

    def responses(self) -> Iterator[tuple[str, Response]]:
        """All responses with their request keys, by task, document, index and repeat."""
        rows = self._connection.execute("SELECT key, payload FROM responses ORDER BY task, doc_id, request, repeat")
        for key, payload in rows:
            yield key, Response.model_validate_json(payload)

    def commonest_error(self) -> str | None:
        """What most of the failed requests failed of, in the words of one of them; numbers in it may differ."""
        rows = self._connection.execute(
            "SELECT json_extract(payload, '$.error') FROM responses WHERE status = ?", (ResponseStatus.failed.value,)
        )
        examples: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for (error,) in rows:
            kind = re.sub("[0-9]+", "0", error or "")
            examples.setdefault(kind, error)
            counts[kind] += 1
        return examples[counts.most_common(1)[0][0]] if counts else None

    def items(self, before: int) -> Iterator[ItemScore]:
        """Item scores of the positions below `before`, in order."""
        rows = self._connection.execute(
            "SELECT payload FROM items WHERE position < ? ORDER BY position, rowid", (before,)
        )
        for (payload,) in rows:
            yield ItemScore.model_validate_json(payload)
