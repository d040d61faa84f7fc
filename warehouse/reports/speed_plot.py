"""Speeds of several backends in one picture: medians with their intervals, and lines over the depth of the context."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluators.catalogue import catalogue
from evaluators.files import write_atomic
from evaluators.records import UserError

FORMATS = (".html", ".png", ".svg")
"""Endings of the files that a plot is written to."""
WIDTH = 420
STAND_IN = "\ue000"
"""A character of no meaning, for `<` until the page is made."""


def draw_plot(rows: Sequence[dict[str, Any]]) -> Any:
    """An altair chart with one panel a kind of speed. Rows as `flows.side_by_side.SpeedRow`, at least `benchmark`,
    `backend`, `kind`, `quantization`, `depth`, `median`, `low`, `high`, `unit`. Raises UserError if there are none."""
    import altair as alt

    if not rows:
        raise UserError("nothing was measured, so there is nothing to draw; see the table for the reasons")
    known = [
        {**row, "series": _series(row), "trusted": "no" if row.get("problem") else "yes", "label": _label(row)}
        for row in rows
    ]
    names = list(dict.fromkeys(row["benchmark"] for row in known))
    parts = {name: [row for row in known if row["benchmark"] == name] for name in names}
    lines = {name for name, part in parts.items() if _several_depths(part)}
    # bars have their names beside them; a scale that panels share has one legend or none
    color = alt.Color("series:N", title=None) if lines else alt.Color("series:N", legend=None)
    panels = []
    for name, part in parts.items():
        title = (
            f"{catalogue()[name].title} ({part[0]['unit']})" if name in catalogue() else f"{name} ({part[0]['unit']})"
        )
        panels.append((_over_depth if name in lines else _side_by_side)(alt, part, title, color))
    return alt.vconcat(*panels).resolve_scale(color="shared").configure_view(stroke=None)


def save_plot(chart: Any, path: Path) -> None:
    """Write a chart: `.html` is one file that needs no network, `.png` and `.svg` need no browser. Raises UserError for
    another ending."""
    import vl_convert

    specification = chart.to_dict()
    match path.suffix.lower():
        case ".html":
            # vl_convert puts the data into a script as they are: a `</script>` in a server's message would end it
            page = vl_convert.vegalite_to_html(_replace(specification, "<", STAND_IN), bundle=True)
            data = page.replace(STAND_IN, "\\u003c").encode()
        case ".png":
            data = vl_convert.vegalite_to_png(specification, scale=2)
        case ".svg":
            data = vl_convert.vegalite_to_svg(specification).encode()
        case _:
            raise other_plot_format(path)
    write_atomic(path, data)


def other_plot_format(path: Path) -> UserError:
    """What to say of a file that no plot can be written to."""
    endings = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
    return UserError(f"a plot cannot be written as '{path.suffix}'; name a file that ends in {endings}")


def _replace(value: Any, old: str, new: str) -> Any:
    match value:
        case str():
            return value.replace(old, new)
        case dict():
            return {key: _replace(entry, old, new) for key, entry in value.items()}
        case list() | tuple():
            return [_replace(entry, old, new) for entry in value]
        case _:
            return value


def _several_depths(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether one series has several depths; llama-bench alone begins where the prompt of the others ends."""
    return len({(row["series"], row["depth"]) for row in rows}) > len({row["series"] for row in rows})


def _side_by_side(alt: Any, rows: list[dict[str, Any]], title: str, color: Any) -> Any:
    base = alt.Chart(alt.Data(values=rows), title=alt.TitleParams(title, anchor="start"), width=WIDTH)
    labels = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=320))
    scale = alt.Scale(zero=True, nice=True)
    bars = base.mark_bar(height=10, opacity=0.35).encode(
        x=alt.X("median:Q", title=rows[0]["unit"], scale=scale), y=labels, color=color
    )
    spans = base.mark_rule(strokeWidth=3).encode(x="low:Q", x2="high:Q", y=labels, color=color)
    points = base.mark_point(size=60, opacity=1).encode(
        x="median:Q", y=labels, color=color, shape=_trust(alt), tooltip=_tooltip(alt)
    )
    return bars + spans + points


def _over_depth(alt: Any, rows: list[dict[str, Any]], title: str, color: Any) -> Any:
    base = alt.Chart(alt.Data(values=rows), title=alt.TitleParams(title, anchor="start"), width=WIDTH, height=220)
    across = alt.X("depth:Q", title="tokens already in the context", scale=alt.Scale(zero=True))
    line = base.mark_line().encode(
        x=across, y=alt.Y("median:Q", title=rows[0]["unit"], scale=alt.Scale(zero=True)), color=color
    )
    spans = base.mark_rule().encode(x=across, y="low:Q", y2="high:Q", color=color)
    points = base.mark_point(size=50).encode(
        x=across, y="median:Q", color=color, shape=_trust(alt), tooltip=_tooltip(alt)
    )
    return line + spans + points


def _trust(alt: Any) -> Any:
    scale = alt.Scale(domain=["yes", "no"], range=["circle", "cross"])
    return alt.Shape("trusted:N", scale=scale, title="sound run")


def _tooltip(alt: Any) -> list[Any]:
    names = ("series", "depth", "median", "low", "high", "runs", "hardware", "client", "problem")
    return [alt.Tooltip(f"{name}:{'Q' if name in ('median', 'low', 'high') else 'N'}") for name in names]


def _series(row: dict[str, Any]) -> str:
    return f"{row['backend']} {row.get('quantization') or ''} {row['kind']}".replace("  ", " ")


def _label(row: dict[str, Any]) -> str:
    streams = f", {row['concurrency']} streams" if (row.get("concurrency") or 1) > 1 else ""
    depth = f", depth {row['depth']:,}" if row.get("depth") else ""
    return _series(row) + streams + depth
