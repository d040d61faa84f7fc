"""Machine, engine, batch size and lengths that headings and words before a table of speeds state of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from warehouse.claims.tables.row_settings import Stated
from warehouse.claims.text.speed_names import (
    backend_named,
    device_named,
    names_only_serving,
    names_serving,
    quantization_named,
)

_MEASURED_ON = re.compile(
    r"(?i)\b(?:environment|hardware|gpus?\s*:|device\s*:|(?:tested|measured|benchmarked|evaluated|run|ran|conducted|"
    r"performed|obtained) (?:on|with|using))|测试环境|(?:测试|评测)[^。]{0,12}(?:在|于|使用)"
)
"""Words of a sentence that says on what was measured."""
_BATCH = re.compile(r"(?i)\bbatch[ _-]?size(?:s)?\s*(?:of|is|was|=|:|to)?\s*(\d{1,5})\b(?!\s*(?:,|/|and|or|to|-)\s*\d)")
_GENERATED = re.compile(r"(?i)\bgenerat\w+ (\d[\d,]*) (?:new |output )?tokens")
_TRAINED = re.compile(r"(?i)\b(?:train|fine-?tun|pre-?train|learning rate|epoch|optimi[sz]er|requires?|minimum|fits?)")
"""Words of a text that speaks of training or of what is needed, and not of a measurement."""


def serving_around(headings: Sequence[str], intro: Sequence[str], section: Sequence[str] = ()) -> Stated:
    """Backend, machine and lengths that the nearest heading, or the words before the table, name for its speeds, and
    the quantization where one of them is its title. Further up in the same section (`section`) only items that name a
    machine alone, and sentences that say on what was measured, count, and only where all of them name one."""
    serving: Stated = {}
    told = [text for text in section if not _TRAINED.search(text)]
    machines = [text for text in told if names_only_serving(text) or _MEASURED_ON.search(text)]
    named = [text for text in machines if names_serving(text, "hardware")]
    if named and len(devices := {device_named(text) for text in named}) == 1 and (device := devices.pop()):
        serving["hardware"] = device
    if batch := _only(int(size) for text in told for size in _BATCH.findall(text)):
        serving["concurrency"] = batch
    if length := _only(int(count.replace(",", "")) for text in told for count in _GENERATED.findall(text)):
        serving["generation_tokens"] = length
    for text in (*intro, *headings):
        if backend := backend_named(text):
            serving["backend"] = backend
        if device := device_named(text):
            serving["hardware"] = device
        if generated := _GENERATED.search(text):
            serving["generation_tokens"] = int(generated[1].replace(",", ""))
    for title in (*headings[-1:], *(text for text in intro[-1:] if len(text) <= 100)):
        if quantization := quantization_named(title):
            serving["quantization"] = quantization
    return serving


def _only(numbers: Iterable[int]) -> int | None:
    """The number that is said, where it is the only one."""
    different = set(numbers)
    return different.pop() if len(different) == 1 else None
