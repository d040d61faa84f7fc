"""Instances of SWE-bench's sets from a hub: read once, kept, refused in one line where they cannot be used."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow.parquet import write_table

from evaluators.catalogue import Benchmark, benchmark
from evaluators.outside.harnesses.harness import HarnessMissing
from evaluators.outside.harnesses.swebench_data import FIELDS, ROWS
from evaluators.outside.harnesses.swebench_hub import hub_instances

from .server import Hub

Call = Callable[..., Any]


def row(name: str) -> dict[str, Any]:
    return dict.fromkeys(FIELDS, "x") | {"instance_id": name, "image": f"swebench/{name}:latest"}


def entry(dataset: str) -> Benchmark:
    return benchmark("swe_bench_verified").model_copy(update={"dataset": dataset})


def parquet(rows: list[dict[str, Any]]) -> bytes:
    stream = io.BytesIO()
    write_table(pyarrow.Table.from_pylist(rows), stream)
    return stream.getvalue()


def put(hub: Hub, name: str, files: dict[str, bytes]) -> Benchmark:
    hub.commit(f"datasets/{name}", files)
    return entry(name)


def test_the_test_split_is_read_once_and_names_its_images(hub: Hub, there: Call, tmp_path: Path) -> None:
    files = {
        "data/test-00000-of-00002.parquet": parquet([row("a__a-1"), row("a__a-2")]),
        "data/test-00001-of-00002.parquet": parquet([row("b__b-3") | {"FAIL_TO_PASS": "y"}]),
        "data/dev-00000-of-00001.parquet": parquet([row("not__this-1")]),
        "README.md": b"# Set",
    }
    known = put(hub, "set/parquet", files)
    found = there(hub_instances, known, tmp_path)
    assert list(found.rows) == ["a__a-1", "a__a-2", "b__b-3"]
    assert {one["image_name"] for one in found.rows.values()} == {f"swebench/{name}:latest" for name in found.rows}
    asked = len(hub.requests)
    again = there(hub_instances, known, tmp_path)
    assert (again, len(hub.requests)) == (found, asked)
    (found.folder / ROWS).write_text((found.folder / ROWS).read_text().replace('"y"', '"z"'))
    assert there(hub_instances, known, tmp_path).version != found.version


def test_lines_of_json_are_read_too(hub: Hub, there: Call, tmp_path: Path) -> None:
    known = put(hub, "set/lines", {"test.jsonl": "".join(json.dumps(row(f"a-{n}")) + "\n" for n in range(3)).encode()})
    assert list(there(hub_instances, known, tmp_path).rows) == ["a-0", "a-1", "a-2"]


@pytest.mark.parametrize(
    ("name", "files", "told"),
    [
        ("set/old", {"test.jsonl": b'{"instance_id": "a", "patch": ""}\n'}, "eval_script"),
        ("set/none", {"dev.jsonl": b"{}\n"}, "lacks"),
        ("set/broken", {"data/test-0.parquet": b"PAR1 nothing"}, "cannot be read"),
        ("set/absent", None, "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    name: str, files: dict[str, bytes] | None, told: str, hub: Hub, there: Call, tmp_path: Path
) -> None:
    known = put(hub, name, files) if files is not None else entry(name)
    with pytest.raises(HarnessMissing, match=told) as raised:
        there(hub_instances, known, tmp_path)
    assert "\n" not in str(raised.value)
    assert not any(tmp_path.rglob(ROWS))
