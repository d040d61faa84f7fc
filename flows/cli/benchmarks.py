"""`claimcheck benchmarks`: the catalogue of benchmarks, and whether it is right about them."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import App, Parameter

from flows.cli.output import console, print_json
from flows.runtime.plain_text import write_line

app = App(name="benchmarks", help="The catalogue of benchmarks: list, show, check.")
Json = Annotated[bool, Parameter(name="--json", negative=())]
Switch = Annotated[bool, Parameter(negative=())]


@app.command(name="list")
def list_benchmarks(text: str | None = None, /, *, runnable: Switch = False, json: Json = False) -> None:
    """List the benchmarks that claims can be about, what runs them, and why some cannot be run.

    Parameters
    ----------
    text
        Only those whose name, title or other names contain this.
    runnable
        Only those that can be run here.
    json
        JSON instead of a table.
    """
    from evaluators.catalogue import catalogue

    rows = [
        {
            "name": entry.name,
            "title": entry.title,
            "evaluator": entry.evaluator,
            "harness": entry.harness,
            "items": entry.items,
            "margin": entry.margin,
            "unit": entry.unit,
            "cannot_run": entry.cannot_run,
            "needs": entry.needs,
        }
        for entry in catalogue().values()
        if not (runnable and entry.cannot_run)
        if text is None or any(text.casefold() in name.casefold() for name in (entry.name, entry.title, *entry.aliases))
    ]
    if json:
        print_json(rows)
        return
    _print(rows)
    write_line(f"{len(rows)} benchmarks, {sum(row['cannot_run'] is None for row in rows)} of them can be run")


@app.command(name="show")
def show_benchmark(name: str, /, *, json: Json = False) -> None:
    """Show one benchmark: its task, scores, settings, margin and other names.

    Parameters
    ----------
    name
        Catalogue name, e.g. `gsm8k`.
    json
        JSON instead of text.
    """
    from evaluators.catalogue import benchmark

    entry = benchmark(name).model_dump(mode="json", exclude_defaults=True)
    if json:
        print_json(entry)
        return
    from rich.text import Text

    for field, value in entry.items():
        console().print(Text(f"{field}: {_words(value)}"))


@app.command(name="check")
def check_benchmarks(*names: str, data: Switch = False, json: Json = False) -> int:
    """Prove entries against lm-eval: its task, output, metrics, filters, shots and, with --data, the number of items.

    Exits with 1 if an entry is wrong.

    Parameters
    ----------
    names
        Catalogue names; without any, every benchmark that lm-eval runs.
    data
        Load the data sets too (from the hub), and count their items.
    json
        JSON instead of text.
    """
    from dataclasses import asdict

    from evaluators.catalogue import benchmark, catalogue
    from evaluators.harness.check_catalogue import check_entry

    entries = [benchmark(name) for name in names] or [
        entry for entry in catalogue().values() if entry.evaluator == "lm-eval"
    ]
    findings = {
        entry.name: check_entry(entry, data=data)
        for entry in entries
        if entry.evaluator == "lm-eval" and not entry.cannot_run
    }
    wrong = [name for name, lines in findings.items() if any(line.state == "wrong" for line in lines)]
    if json:
        print_json({name: [asdict(line) for line in lines] for name, lines in findings.items()})
    else:
        for name, lines in findings.items():
            bad = [f"{line.what}: {line.text}" for line in lines if line.state == "wrong"]
            unchecked = [line.what for line in lines if line.state == "not checked"]
            words = "; ".join(bad) or "ok" + (f" ({', '.join(unchecked)} not checked)" if unchecked else "")
            write_line(f"{name}: {words}")
        for entry in entries:
            if entry.name not in findings:
                write_line(
                    f"{entry.name}: not run; {entry.cannot_run or f'measured by {entry.harness or entry.evaluator}'}"
                )
    return 1 if wrong else 0


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_words(entry) for entry in value)
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_words(entry)}" for name, entry in value.items()) + ")"
    return str(value)


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name in ("name", "title", "run by", "items", "why not, and what it would need"):
        table.add_column(name, justify="right" if name == "items" else "left")
    for row in rows:
        why = " ".join(part for part in (row["cannot_run"], row["needs"] and f"Needs: {row['needs']}") if part)
        items = f"{row['items']:,}" if row["items"] else ""
        by = "" if row["evaluator"] == "none" else row["harness"] or row["evaluator"]
        table.add_row(row["name"], Text(row["title"]), by, items, Text(why))
    console().print(table)
