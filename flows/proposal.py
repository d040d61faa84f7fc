"""What the weekly flow would do now, without Prefect and without writing anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.agenda import HOURS, WEEKS, all_due, consider, glance, within
from flows.digest import Digest, line
from flows.options import Options
from flows.releases import watch_list
from warehouse.home import Home


def propose(
    home: Home, options: Options, *, hours: float = HOURS, weeks: float = WEEKS, releases: Sequence[str] = ()
) -> Digest:
    """What `weekly` would do now, with the same arguments. Writes nothing under the home folder."""
    with _readable(home) as place:
        seen = glance(place, watch_list(home), store=False)
        agenda, left = all_due(place, options, seen.found, weeks=weeks, asked=releases)
        remaining, lines = hours, []
        for due in agenda:
            entry = within(consider(due, options, place, store=False), remaining)
            if entry.left_out is None and entry.estimate:
                remaining -= entry.estimate.hours
            lines.append(line(entry, "to verify" if entry.left_out is None else "skipped"))
    return Digest(seen, tuple(lines), left, hours)


@contextmanager
def _readable(home: Home) -> Iterator[Home]:
    """The home itself, or an empty one elsewhere if it has no database yet: reading would make one."""
    if home.database.exists():
        yield home
        return
    with TemporaryDirectory() as folder:
        yield Home(Path(folder))
