"""The one console of all commands: what strangers wrote reaches the terminal as text."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.segment import Segment

from flows.runtime.plain_text import printable


class PlainConsole(Console):
    """A console on which a `str` is never markup and no character is a command. Styles come from `Text` and tables; a
    caller that writes markup of its own says so with `markup=True`."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, soft_wrap=False, markup=False, emoji=False, highlight=False)

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        """Everything that is printed comes by here, after it was laid out; control segments are rich's own."""
        return super()._render_buffer(
            part if part.control else Segment(printable(part.text), part.style) for part in buffer
        )
