"""The table that lm-eval prints, pasted into a card: Tasks, Version, Filter, n-shot, Metric, Value, Stderr."""

from __future__ import annotations

from dataclasses import replace

from evaluators.records import Settings, UserError
from warehouse.claim_records import Claimant
from warehouse.claims.source_reading import Reading, new_claim, read_number
from warehouse.claims.tables.cells import read_value
from warehouse.claims.tables.grid import Cell, Grid
from warehouse.claims.tables.headings import heads_of
from warehouse.claims.tables.ownership.identity import Identity
from warehouse.claims.tables.ownership.owners import Owner, owners
from warehouse.claims.text.labels import read_label, settings_with
from warehouse.claims.text.names import normalise

_NEEDED = {"metric", "value", "stderr"}


def columns_of(grid: Grid) -> dict[str, int] | None:
    """Where the columns of a table printed by lm-eval stand; None for another table."""
    heads = [normalise(parts[-1]) if parts else "" for parts in heads_of(grid)[1]]
    columns = {name: heads.index(name) for name in heads if name}
    first = next((name for name in ("tasks", "task", "groups") if name in columns), None)
    if first is None or not columns.keys() >= _NEEDED or not {"filter", "version", "nshot"} & columns.keys():
        return None
    return {**columns, "task": columns[first]}


def read_lm_eval_table(
    grid: Grid,
    columns: dict[str, int],
    headings: tuple[str, ...],
    identity: Identity,
    reading: Reading,
    commit: str | None,
) -> None:
    """Add the table's numbers. Rows without a task belong to the one above; rows of a group's members ("- stem") are
    parts of it and are left unread."""
    owner = owners([((), ())], identity, headings)[0]
    if owner.kind == "unsure":
        reading.leave(grid.line, "lm-eval table", owner.reason)
        return
    above: dict[str, Cell] = {}
    for row in grid.rows[heads_of(grid)[0] :]:
        at = {name: row[column] for name, column in columns.items()}
        if at["task"].text:
            above = at
        elif not above:
            continue
        metric = at["metric"].text.partition(",")[0]
        if metric == "alias" or metric.endswith("_stderr"):
            continue  # the value above it, printed in another way
        line = at["value"].line or grid.line
        task = above["task"].text
        if not at["value"].text:
            continue
        if task.startswith(("-", "–", "—", "•")):
            reading.leave(line, f"{task} {at['value'].text}", "a member of a group of tasks: a part of its benchmark")
            continue
        try:
            _add(reading, owner, above, at, identity, headings, line, commit)
        except (UserError, ValueError) as problem:
            reading.leave(line, f"{task}: {at['value'].text}", str(problem).splitlines()[0])


def _add(
    reading: Reading, owner: Owner, above: dict[str, Cell], at: dict[str, Cell], identity: Identity,
    headings: tuple[str, ...], line: int, commit: str | None,
) -> None:  # fmt: skip
    task, metric = above["task"].text, at["metric"].text
    metric, _, chosen = metric.partition(",")
    label = read_label(f"truthfulqa_{metric}" if task == "truthfulqa_mc" and metric in ("mc1", "mc2") else task)
    stated: dict[str, str | int | float] = {"metric": metric}
    if chosen:
        stated["filter"] = chosen
    shots = (at.get("nshot") or Cell("", 0)).text or (above.get("nshot") or Cell("", 0)).text
    if shots.isdigit():
        stated["shots"] = int(shots)
    if "filter" in at and (chosen := at["filter"].text):
        stated["filter"] = chosen
    value = read_value(replace(at["value"], text=at["value"].text))
    if value.kind != "number":
        raise UserError("not a number")
    scale = "fraction" if value.plain is not None and value.plain <= 1 else "percent"
    ours = owner.kind == "this"
    claim = new_claim(
        model=owner.model,
        benchmark=label.benchmark,
        benchmark_text=task,
        said=value.said,
        claimant=Claimant.vendor if ours else Claimant.third_party,
        source=reading.source,
        place=f"line {line}, column {at['value'].origin[1] + 1}",
        settings=settings_with(Settings(), {**stated, "harness": "lm-eval"}, label.words),
        interval=read_number(value.said, label.benchmark, scale=scale),  # type: ignore[arg-type]
        by=identity.model.split("/")[0] if "/" in identity.model else None,
        note=" › ".join(headings) or None,
        commit=commit if ours else None,
    )
    (reading.claims if ours else reading.mentions).append(claim)
