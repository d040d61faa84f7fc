"""Progress that is visible all along: a bar in a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flows.runtime.plain_text import write_line
from flows.runtime.progress_page import progress_on_page, say_on_page
from flows.runtime.verbosity import VERBOSITY
from flows.runtime.whole_run import whole_run
from warehouse.number_text import duration, item_rate

if TYPE_CHECKING:
    from rich.progress import TaskID

    from evaluators.harness import Progress

SECONDS_BETWEEN_LINES = 10.0


def say(text: str) -> None:
    """One line on standard error, where progress goes, and on the page of the run where there is one."""
    if not VERBOSITY.quiet:
        write_line(text, sys.stderr)
    VERBOSITY.note(text)
    say_on_page(text)


@contextmanager
def shown(title: str) -> Iterator[Callable[[Progress], None]]:
    """A function to be told of progress; shows items done, rate and time left under `title`."""
    show = _nothing if not VERBOSITY.progress else _bar if sys.stderr.isatty() else _lines
    with show(title) as tell, progress_on_page(title) as tell_page:

        def tell_both(now: Progress) -> None:
            tell(now)
            tell_page(now)

        yield tell_both


@contextmanager
def _nothing(title: str) -> Iterator[Callable[[Progress], None]]:
    yield lambda now: None


@contextmanager
def _bar(title: str) -> Iterator[Callable[[Progress], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    from flows.runtime.plain_console import PlainConsole

    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TextColumn("{task.fields[left]}", markup=False),
    )  # fmt: skip
    with Bar(*columns, console=PlainConsole(stderr=True), transient=True) as bar:
        line = bar.add_task(title, total=None, rate="", left="")
        yield lambda now: bar.update(
            line, completed=now.done, total=now.total, rate=item_rate(now.rate or 0), left=_left(now)
        )  # fmt: skip


def _left(now: Progress) -> str:
    """When it will end: the whole verification, stopping early expected; outside of one these items."""
    whole = whole_run()
    if whole is not None and (line := whole.line(now)):
        return line
    return "" if now.seconds_left is None else f"{duration(now.seconds_left)} left"


@contextmanager
def _lines(title: str) -> Iterator[Callable[[Progress], None]]:
    last = time.monotonic()

    def tell(now: Progress) -> None:
        nonlocal last
        if time.monotonic() - last < SECONDS_BETWEEN_LINES:
            return
        last = time.monotonic()
        left = _left(now)
        say(f"{title}: {now.done:,} of {now.total:,} items, {item_rate(now.rate or 0)}{left and f'; {left}'}")

    yield tell


@contextmanager
def pulling() -> Iterator[Callable[[str, int, int], None]]:
    """A function to be told of files that are fetched: (name, bytes so far, bytes in all)."""
    if not VERBOSITY.progress:
        yield lambda name, done, total: None
        return
    if not sys.stderr.isatty():
        last = time.monotonic()

        def tell(name: str, done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                say(f"pulling {name}: {done / 1e9:.1f} of {total / 1e9:.1f} GB")

        yield tell
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    from flows.runtime.plain_console import PlainConsole

    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=PlainConsole(stderr=True), transient=True) as bar:
        lines: dict[str, TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in lines:
                lines[name] = bar.add_task(name, total=total)
            bar.update(lines[name], completed=done, total=total)

        yield show
