"""Header and samples of an Inspect log, without the messages and events that make it large.

msgspec steps over fields that no struct names without making objects of them, so memory stays that of the file's pages.
"""

from __future__ import annotations

import mmap
import re
import zipfile
from pathlib import Path
from typing import Any

import msgspec

from evaluators.outside.bounded_reading import (
    LARGEST_DOCUMENT,
    LARGEST_STREAM,
    MOST_ITEMS,
    first_line,
    json_document,
    mapping,
    parsed_json,
    sequence,
    text,
)  # fmt: skip
from evaluators.outside.zip_entries import open_entry
from evaluators.user_error import UserError

OF_SAMPLE = ("id", "epoch", "target", "scores", "score", "model_usage", "total_time", "error", "limit", "turn_count")
"""What counts of a sample, apart from how its answer ended."""
HEADER = ("version", "status", "eval", "plan", "results", "stats", "error", "invalidated")
LARGEST_FIELD = 1_000_000
"""Bytes of one such field of a sample."""
SAMPLE_NAME = re.compile(r"samples/(?P<id>.+)_epoch_(?P<epoch>\d+)\.json")
SUMMARIES = re.compile(r"_journal/summaries/\d+\.json")
NOTHING = msgspec.Raw(b"null")


class _Choice(msgspec.Struct):
    stop_reason: Any = None


class _Output(msgspec.Struct):
    choices: list[_Choice] = []


class _Ending(msgspec.Struct):
    """A sample, of which only the end of its answer is wanted."""

    output: _Output = msgspec.field(default_factory=_Output)


class _Sample(_Ending):
    id: msgspec.Raw = NOTHING
    epoch: msgspec.Raw = NOTHING
    target: msgspec.Raw = NOTHING
    scores: msgspec.Raw = NOTHING
    score: msgspec.Raw = NOTHING
    model_usage: msgspec.Raw = NOTHING
    total_time: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING
    limit: msgspec.Raw = NOTHING
    turn_count: msgspec.Raw = NOTHING


class _Log(msgspec.Struct):
    version: msgspec.Raw = NOTHING
    status: msgspec.Raw = NOTHING
    eval: msgspec.Raw = NOTHING
    plan: msgspec.Raw = NOTHING
    results: msgspec.Raw = NOTHING
    stats: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING
    invalidated: msgspec.Raw = NOTHING
    samples: list[_Sample] = []


def inspect_archive_parts(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Header and samples of a `.eval` file. Raises UserError for a broken one, and where Inspect did not finish."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if "header.json" not in entries:
                raise UserError(f"{path} has no header.json: Inspect did not finish this run; run it to its end")
            header = _entry(path, entries["header.json"])
            samples = _summaries(path, entries)
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UserError(f"{path} is no whole Inspect log ({first_line(error)}); get it again") from error
    return mapping(header), samples


def inspect_finished_samples(path: Path) -> list[dict[str, Any]]:
    """The finished samples of a `.eval` file that Inspect may still write, or was killed at; none of a torn one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _summaries(path, {entry.filename: entry for entry in archive.infolist()})
    except (zipfile.BadZipFile, ValueError, OSError, UserError):
        return []


def _summaries(path: Path, entries: dict[str, zipfile.ZipInfo]) -> list[dict[str, Any]]:
    """The samples' summaries, from the journal where Inspect did not finish."""
    names = ["summaries.json"] if "summaries.json" in entries else sorted(filter(SUMMARIES.fullmatch, entries))
    rows = [row for name in names for row in sequence(_entry(path, entries[name]))]
    samples = [row for row in rows if isinstance(row, dict)]
    endings = _endings(path, entries)
    for sample in samples:
        sample["stop_reason"] = endings.get((str(sample.get("id")), str(sample.get("epoch"))))
    return samples


def _entry(path: Path, entry: zipfile.ZipInfo) -> Any:
    with open_entry(path, entry) as file:
        return parsed_json(file.read(), f"{path}, {entry.filename}")


def inspect_json_parts(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Header and samples of a JSON log. Raises UserError for a broken one."""
    if path.stat().st_size <= LARGEST_DOCUMENT:
        content = mapping(json_document(path))
        return content, [_lean(sample) for sample in sequence(content.pop("samples", None)) if isinstance(sample, dict)]
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            log = msgspec.json.decode(mapped, type=_Log)
            header = {name: _field(getattr(log, name), LARGEST_DOCUMENT, f"{path}, {name}") for name in HEADER}
            samples = [_fields(sample, str(path)) for sample in log.samples[: MOST_ITEMS + 1]]
            del log
    except (msgspec.DecodeError, OSError, RecursionError) as error:
        raise UserError(f"{path} is no whole JSON log ({first_line(error)}); get it again") from error
    if len(samples) > MOST_ITEMS:
        raise UserError(f"{path} has more than {MOST_ITEMS:,} samples; split it")
    return header, samples


def _fields(sample: _Sample, name: str) -> dict[str, Any]:
    fields = {key: _field(getattr(sample, key), LARGEST_FIELD, f"{name}, a sample's {key}") for key in OF_SAMPLE}
    return fields | {"stop_reason": _ending(sample)}


def _field(raw: msgspec.Raw, largest: int, name: str) -> Any:
    content = bytes(raw)
    if len(content) > largest:
        raise UserError(f"{name} has {len(content):,} bytes, more than {largest:,}; leave it out")
    return parsed_json(content, name)


def _ending(sample: _Ending) -> str | None:
    return text(sample.output.choices[0].stop_reason) if sample.output.choices else None


def _lean(sample: dict[str, Any]) -> dict[str, Any]:
    """What counts of a sample that was read whole."""
    first = mapping(next(iter(sequence(mapping(sample.get("output")).get("choices"))), None))
    return {**{key: sample[key] for key in OF_SAMPLE if key in sample}, "stop_reason": text(first.get("stop_reason"))}


def _endings(path: Path, entries: dict[str, zipfile.ZipInfo]) -> dict[tuple[str, str], str]:
    """Stop reason by (sample id, epoch), which the summaries do not tell."""
    endings: dict[tuple[str, str], str] = {}
    unpacked = 0
    for name, entry in entries.items():
        named = SAMPLE_NAME.fullmatch(name)
        if named is None or len(endings) >= MOST_ITEMS:
            continue
        if unpacked > LARGEST_STREAM:
            raise UserError(f"{path} unpacks to more than {LARGEST_STREAM:,} bytes; split it")
        with open_entry(path, entry) as file:
            content = file.read()
        unpacked += len(content)
        try:
            ending = _ending(msgspec.json.decode(content, type=_Ending))
        except (msgspec.DecodeError, RecursionError):
            continue  # a log may hold NaN, which is no JSON; how this answer ended stays unknown
        if ending:
            endings[named["id"], named["epoch"]] = ending
    return endings
