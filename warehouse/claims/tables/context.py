"""What the numbers of one table share: the table, its surroundings, and what its rows and columns look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from warehouse.claims.source_reading import Reading
from warehouse.claims.tables.cells import Neighbours, Value
from warehouse.claims.tables.grid import Grid
from warehouse.claims.tables.layout import Layout
from warehouse.claims.tables.notes import Note
from warehouse.claims.tables.ownership.identity import Identity
from warehouse.claims.text.stated_for_all import StatedForAll


@dataclass(frozen=True)
class Surroundings:
    """What stands around a table."""

    headings: tuple[str, ...] = ()
    """The headings over it, the nearest last."""
    intro: tuple[str, ...] = ()
    """The words right before it."""
    section: tuple[str, ...] = ()
    """All the words between the nearest heading and the table, those over other tables among them."""
    notes: tuple[Note, ...] = ()
    """Sentences and footnotes about settings near it."""
    board: str | None = None
    """The leaderboard that measured the numbers, where a heading says so."""
    legends: Mapping[str, str] = field(default_factory=dict)
    """Key of a short name -> what the words near the table say it stands for."""
    for_all: tuple[StatedForAll, ...] = ()
    """Settings that headings, the caption and the sentences of its sections state of all its scores."""


@dataclass
class Context:
    """What the numbers of one table share."""

    grid: Grid
    layout: Layout
    around: Surroundings
    identity: Identity
    reading: Reading
    commit: str | None
    notes: tuple[Note, ...] = ()
    """The notes of the surroundings, numbered footnotes only where a cell bears the number."""
    values: dict[tuple[int, int], Value] = field(default_factory=dict)
    """Every cell of a value column, by row and column."""
    rows: dict[int, Neighbours] = field(default_factory=dict)
    """What the numbers of each row look like."""
    columns: dict[int, Neighbours] = field(default_factory=dict)
    """What the numbers of each column look like."""
    uneven: frozenset[int] = frozenset()
    """Rows with more cells than the heading."""
    scores: bool = True
    """Whether some benchmark in the table is a score; else unknown rows are no benchmarks."""
    training: bool = False
    """Whether it is a table of the settings of a training."""
    groups: bool = False
    """Whether its rows are headed as groups of benchmarks."""
    second_board: bool = False
    """Whether its benchmarks are the tasks of the second Open LLM Leaderboard."""
    told: set[str] = field(default_factory=set)
    """Reasons that were given already for the whole table."""
