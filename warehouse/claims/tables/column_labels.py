"""What the heading of a column of scores names."""

from __future__ import annotations

import re
from dataclasses import replace

from warehouse.claims.tables.headings import heading_label
from warehouse.claims.tables.layout import Layout
from warehouse.claims.text.brackets import with_remark
from warehouse.claims.text.labels import AT, Label, read_label, states_only_settings
from warehouse.claims.text.names import normalise
from warehouse.claims.text.parts import kind_of
from warehouse.claims.text.vocabulary import AVERAGES, MEASURES


def column_label(layout: Layout, column: int) -> Label:
    """The benchmark and the part, measure or settings that a column's heading names, as the heading over the table
    completes it."""
    parts = layout.heads[column]
    if layout.context is None:
        return heading_label(parts, column in layout.speeds)
    head = " ".join(parts)
    if over_part := re.fullmatch(r"(?i)(?:avg|average|mean)\.?\s*[(（]([^()（）]+)[)）]", head.strip()):
        head = over_part[1].strip()
    generic = normalise(head) in MEASURES - AVERAGES
    if AT.fullmatch(head.strip()):  # the column's own measure stands for those that the heading lists
        bare = re.sub(r"[(\[（](?=[^()]*[@/])[^()]*[)\]）]", "", layout.context).strip()
        return read_label(f"{bare} ({head.strip()})")
    if kind_of(head) == "part" or normalise(head) in ("short", "medium", "long"):
        over = read_label(layout.context)
        stated = {**dict(over.stated), "subset": head}
        return replace(over, text=with_remark(layout.context, head), stated=tuple(stated.items()))
    if len(parts) == 2 and kind_of(parts[0]) == "part" and states_only_settings(parts[1]):
        over = read_label(with_remark(layout.context, parts[1]))
        if over.benchmark:  # a group over columns of several measures names a part
            stated = {**dict(over.stated), "subset": parts[0]}
            return replace(over, text=with_remark(layout.context, ", ".join(parts)), stated=tuple(stated.items()))
    if normalise(head) in AVERAGES and _beside_parts(layout, column):
        return replace(read_label(layout.context), text=with_remark(layout.context, head))
    return read_label(layout.context if generic else with_remark(layout.context, head))


def _beside_parts(layout: Layout, column: int) -> bool:
    """Whether all the other columns of values hold parts of the benchmark, so that the average over them is the
    whole."""
    others = [" ".join(layout.heads[c]) for c, role in layout.roles.items() if role == "value" and c != column]
    bare = [re.sub(r"(?i)^(?:avg|average|mean)\.?\s*[(（]([^()（）]+)[)）]$", r"\1", head) for head in others]
    return len(bare) > 1 and all(kind_of(head) == "part" for head in bare)
