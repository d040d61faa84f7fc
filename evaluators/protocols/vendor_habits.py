"""How vendors say that they measure: one YAML a vendor, with the address of the page and the day it was read."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from evaluators.protocols.standard_protocols import Mode
from evaluators.records import Record, Settings

FOLDER = Path(__file__).parent / "habits"


class Habit(Record):
    """How a vendor measures one benchmark."""

    benchmark: str
    """Catalogue name."""
    mode: Mode | None = None
    """For which way of asking; None: any."""
    settings: Settings
    """What it says."""
    address: str = ""
    """Page that says so."""


class VendorHabits(Record):
    """A vendor's documented habits."""

    vendor: str
    """Name for people."""
    models: str
    """Regular expression for the model ids that they hold for."""
    address: str
    """Page that documents them."""
    read: date
    """Day on which the page was read."""
    benchmarks: tuple[Habit, ...]
    """By benchmark."""


@cache
def vendor_habits() -> tuple[VendorHabits, ...]:
    """All habits on record. Raises ValueError for a YAML that does not fit (a defect of ours)."""
    return tuple(
        VendorHabits.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.yaml"))
    )


def habits_of(model: str) -> tuple[Habit, ...]:
    """Habits of the vendor of a model, each with the address that documents it."""
    return tuple(
        habit if habit.address else habit.model_copy(update={"address": vendor.address})
        for vendor in vendor_habits()
        if re.search(vendor.models, model, re.I)
        for habit in vendor.benchmarks
    )
