"""llama-bench `-o csv`, `-o sql` and `-o md` (its default, also as people paste it): each row as one of its JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from evaluators.outside.bounded_reading import csv_header, csv_rows, text_lines
from evaluators.outside.formats.speeds.llama_bench_results import llama_bench_run
from evaluators.outside.outside_records import OutsideRun
from evaluators.user_error import UserError

OF_ROW = {"model_filename", "n_prompt", "n_gen", "avg_ts"}
INSERT = re.compile(r"INSERT INTO \w+ \((?P<names>[\w, ]+)\)\s+VALUES \((?P<values>.*)\);?\s*", re.I)
VALUE = re.compile(r"'((?:[^']|'')*)'(?:,\s*|$)")
HEADER = re.compile(r"\|\s*model\s*\|.*\|\s*test\s*\|\s*t/s\s*\|\s*", re.I)
CELLS = re.compile(r"\s*\|.*\|\s*")
TEST = re.compile(r"(?:pp ?(?P<prompt>\d+))?\+?(?:tg ?(?P<gen>\d+))?(?: @ d ?(?P<depth>\d+))?")
SPEED = re.compile(r"(?P<mean>\d+(?:\.\d+)?)(?: ± (?P<spread>\d+(?:\.\d+)?))?")
COLUMNS = {"backend": "backends", "ngl": "n_gpu_layers", "threads": "n_threads", "fa": "flash_attn", "mmap": "use_mmap",
           "sm": "split_mode", "ts": "tensor_split", "dev": "devices"}  # fmt: skip
"""Short name of a column -> name of the field."""
DEVICE = re.compile(r"\bDevice \d+: (?P<name>[^,]+), (?:compute capability|gfx)|\bGPU name: +(?P<other>.+)")
BUILD = re.compile(r"build: (?P<commit>[0-9a-f]+) \((?P<number>\d+)\)")


def is_llama_bench_table(start: str) -> bool:
    """Whether the first part of a text has a table of llama-bench."""
    named = INSERT.search(start)
    columns = set(named["names"].split(", ")) if named else csv_header(start)
    return columns >= OF_ROW or any(HEADER.fullmatch(line) for line in start.splitlines())


def read_llama_bench_table(path: Path) -> OutsideRun:
    """Every test of a table. The repetitions are not told, and a Markdown table names no file. Raises UserError for
    another file."""
    lines = list(text_lines(path))
    if any(HEADER.fullmatch(line) for line in lines):
        return llama_bench_run(path, list(_of_markdown(lines)), "llama-bench Markdown")
    if any(INSERT.fullmatch(line) for line in lines):
        return llama_bench_run(path, list(_of_sql(lines)), "llama-bench SQL")
    rows = csv_rows(path)
    if not rows or not rows[0].keys() >= OF_ROW:
        raise UserError(f"{path} is no table of llama-bench; it needs model_filename, n_prompt, n_gen and avg_ts")
    return llama_bench_run(path, [dict(row) for row in rows], "llama-bench CSV")


def _of_sql(lines: list[str]) -> Iterator[dict[str, str]]:
    for line in lines:
        if said := INSERT.fullmatch(line):
            values = [value.replace("''", "'") for value in VALUE.findall(said["values"])]
            names = said["names"].split(", ")
            yield dict(zip(names, values, strict=True)) if len(names) == len(values) else {}


def _of_markdown(lines: list[str]) -> Iterator[dict[str, str]]:
    columns: list[str] = []
    about = _about(lines)
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if CELLS.fullmatch(line) else []
        if HEADER.fullmatch(line):
            columns = [cell.casefold() for cell in cells]
        elif not cells:
            columns = []
        elif columns and not all(set(cell) <= set("-: ") for cell in cells):
            yield _of_cells(dict(zip(columns, cells, strict=False)), about)


def _of_cells(row: dict[str, str], about: dict[str, str]) -> dict[str, str]:
    """One row; without lengths and speed where these are not as the program writes them."""
    test, speed = TEST.fullmatch(row.get("test", "")), SPEED.fullmatch(row.get("t/s", ""))
    named = {
        COLUMNS.get(name, name): value for name, value in row.items() if name not in ("test", "t/s", "size", "params")
    }
    named |= about | {"model_type": row.get("model", ""), "model_filename": ""}
    if test is None or speed is None or not (test["prompt"] or test["gen"]):
        return named
    return named | {"n_prompt": test["prompt"] or "0", "n_gen": test["gen"] or "0", "n_depth": test["depth"] or "0",
                    "avg_ts": speed["mean"], "stddev_ts": speed["spread"] or ""}  # fmt: skip


def _about(lines: list[str]) -> dict[str, str]:
    """What the program says around its table: the build, and the device if there is one."""
    said: dict[str, str] = {}
    devices = {(named["name"] or named["other"]).strip() for line in lines for named in DEVICE.finditer(line)}
    if len(devices) == 1:
        said["gpu_info"] = devices.pop()[:120]
    builds = {(built["number"], built["commit"]) for line in lines for built in BUILD.finditer(line)}
    if len(builds) == 1:
        said["build_number"], said["build_commit"] = builds.pop()
    return said
