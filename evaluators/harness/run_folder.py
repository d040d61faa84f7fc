"""A run's folder: Parquet with responses and item scores, and the manifest that is written last."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluators.files import replace_synced
from evaluators.harness.journal import Journal
from evaluators.records import ItemScore, Response, Run, RunStatus
from evaluators.run_manifest import MANIFEST, check_tables, read_manifest, write_manifest
from evaluators.stopping import InterimLook, StoppingRule
from evaluators.user_error import CannotWrite, DamagedFile

if TYPE_CHECKING:
    import pyarrow

    from evaluators.harness.requests import Item

RESPONSES, ITEMS, JOURNAL, PROMPTS = "responses.parquet", "items.parquet", "journal.sqlite", "prompts.parquet"
GROUP = 64
"""Items of a row group of prompts: readers look for a few items, mostly near the beginning, and stop with the last."""
UNUSABLE = "unusable"
"""Name of the check that forbids to use the answers of a run again."""
CHUNK = 5000


def response_schema() -> pyarrow.Schema:
    """Columns of responses.parquet: run_id, request_key and the fields of `Response`."""
    import pyarrow as pa

    text, whole, real, flag = pa.string(), pa.int64(), pa.float64(), pa.bool_()
    return pa.schema(
        {
            "run_id": text, "request_key": text, "task": text, "doc_id": whole, "index": whole, "repeat": whole,
            "kind": text, "status": text, "text": text, "reasoning": text, "logprob": real, "greedy": flag,
            "finish_reason": text, "prompt_tokens": whole, "generated_tokens": whole, "seed": whole, "seconds": real,
            "attempts": whole, "error": text,
        }
    )  # fmt: skip


def item_schema() -> pyarrow.Schema:
    """Columns of items.parquet: run_id and the fields of `ItemScore`."""
    import pyarrow as pa

    text, whole, real = pa.string(), pa.int64(), pa.float64()
    return pa.schema(
        {
            "run_id": text, "task": text, "doc_id": whole, "position": whole, "repeat": whole, "metric": text,
            "filter": text, "value": real, "status": text, "extracted": text, "target": text,
            "prompt_sha256": text,
        }
    )  # fmt: skip


def write_run_folder(folder: Path, run: Run, journal: Journal, counted: int) -> None:
    """Write both tables and then the manifest, each under a temporary name first. `counted`: items of the prefix."""
    responses = ({"request_key": key} | response.model_dump(mode="json") for key, response in journal.responses())
    _table(folder / RESPONSES, response_schema(), run.run_id, responses)
    scores = (score.model_dump(mode="json") for score in journal.items(counted))
    _table(folder / ITEMS, item_schema(), run.run_id, scores)
    write_manifest(folder, run)


def write_prompts(folder: Path, items: Iterable[Item]) -> None:
    """Write what each item was asked, in the fixed order: `task`, `doc_id`, `prompt` as the protocol got it (a message
    history as JSON), `choices` where it has some. To be written before the manifest, which seals it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.string()
    schema = pa.schema({"task": text, "doc_id": pa.int64(), "prompt": text, "choices": pa.list_(text)})
    temporary, rows = folder / f"{PROMPTS}.part", iter(_asked(items))
    with pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=["task"]) as writer:
        while chunk := list(islice(rows, GROUP)):
            writer.write_table(pa.Table.from_pylist(chunk, schema))
    replace_synced(temporary, folder / PROMPTS)


def _asked(items: Iterable[Item]) -> Iterator[dict[str, Any]]:
    for item in items:
        asked = item.instances[0]
        choices = (
            [_storable(instance.args[1]) for instance in item.instances]
            if asked.request_type == "loglikelihood"
            else None
        )
        yield {"task": item.task, "doc_id": item.doc_id, "prompt": _storable(asked.args[0]), "choices": choices}


def _storable(value: object) -> str:
    """A text for a table: a lone surrogate of a stranger's data set has no place there."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def write_scores(folder: Path, run: Run, scores: Iterable[ItemScore]) -> Run:
    """Item scores and then the manifest of a run without responses, in its own folder. Returns the run with the hashes
    of its tables."""
    _table(folder / ITEMS, item_schema(), run.run_id, (score.model_dump(mode="json") for score in scores))
    return write_manifest(folder, run)


def write_scored_folder(folder: Path, run: Run, scores: Iterable[ItemScore]) -> None:
    """A run without responses: item scores and manifest, whole or not at all. A folder that exists is left as it is:
    its name is made from what it holds."""
    if folder.exists():
        return
    temporary = folder.parent.with_name(f".{folder.name}.{os.getpid()}")  # beside the runs: no half folder is loaded
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        folder.parent.mkdir(exist_ok=True)
        _table(temporary / ITEMS, item_schema(), run.run_id, (score.model_dump(mode="json") for score in scores))
        write_manifest(temporary, run)
        temporary.rename(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise CannotWrite.to(folder, error) from error


def _table(path: Path, schema: pyarrow.Schema, run_id: str, rows: Iterable[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    temporary = path.with_name(path.name + ".part")
    with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        chunk: list[dict[str, Any]] = []
        for row in rows:
            chunk.append({"run_id": run_id} | row)
            if len(chunk) >= CHUNK:
                writer.write_table(pa.Table.from_pylist(chunk, schema))
                chunk = []
        writer.write_table(pa.Table.from_pylist(chunk, schema))
    replace_synced(temporary, path)


def finished(folder: Path) -> Run | None:
    """The run of a folder if it is finished: then it is immutable and nothing is sent again. None for a damaged one."""
    try:
        run = read_manifest(folder)
        if run is None or run.status is not RunStatus.finished:
            return None
        check_tables(folder, run)
    except DamagedFile:
        return None
    return run


def goes_on(run: Run, rule: StoppingRule) -> bool:
    """Whether a finished run was stopped at a look at which this rule would not stop: it serves another claim, or run
    noise has turned out to be larger."""
    stopped = [
        measurement
        for measurement in run.measurements
        if measurement.stopped_early and measurement.items < measurement.of
    ]
    if not stopped:
        return False
    values = {
        measurement.score_key: measurement.values
        for measurement in stopped
        if len(measurement.values) == measurement.items
    }
    return not rule.stop(InterimLook(items=stopped[0].items, total=stopped[0].of, values=values))


def _journaled(path: Path) -> Iterator[dict[str, Any]]:
    """Answers in the journal of an unfinished run, read beside whoever may be writing it."""
    if not path.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("select key, payload from responses where status <> 'failed'").fetchall()
    except sqlite3.Error:
        return  # a journal that cannot be read costs its answers, never the run
    for key, payload in rows:
        yield {"request_key": key, **Response.model_validate_json(payload).model_dump()}


def earlier_answers(folder: Path) -> Iterator[dict[str, Any]]:
    """Answers that may be used again (failed ones left out): rows of responses.parquet, or of the journal of a run that
    was never finished; nothing if there is neither or if the run calls them unusable."""
    import pyarrow.parquet as pq

    path = folder / RESPONSES
    if not path.exists() and not (folder / MANIFEST).exists():
        yield from _journaled(folder / JOURNAL)
        return
    try:
        run = read_manifest(folder)
        if run is None or UNUSABLE in run.checks or not path.exists():
            return
        check_tables(folder, run)
    except DamagedFile:
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=CHUNK):
            for row in batch.to_pylist():
                if row["status"] != "failed":
                    yield row
