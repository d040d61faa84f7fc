"""`claimcheck watch` and `claimcheck weekly`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from flows.cli.output import console, print_json
from flows.config import configuration
from flows.options import RunOptions

if TYPE_CHECKING:
    from flows.scheduling.queue import ScanResult
    from flows.scheduling.weekly_report import WeeklyReport

Json = Annotated[bool, Parameter(name="--json", negative=())]
Switch = Annotated[bool, Parameter(negative=())]
Names = Annotated[tuple[str, ...], Parameter(negative=())]


def watch(*, once: Switch = False, every: float = 6.0, json: Json = False) -> None:
    """List new releases, commits and quantized repositories of the watched vendors since the last scan.

    Parameters
    ----------
    once
        Scan once and end; without it scan again and again.
    every
        Hours between two scans.
    json
        JSON instead of a table.
    """
    from evaluators.records import UserError
    from flows.runtime.notify import message, news_of_release, send
    from flows.runtime.progress_lines import say
    from flows.scheduling.queue import ScanResult
    from flows.scheduling.watch import scan_source
    from warehouse.home import Home

    settings = configuration()
    while True:
        try:
            seen = scan_source(Home(settings.home))
            _print_scan(ScanResult(seen.models, seen.excluded, seen.failed), json=json)
            if seen.models and settings.webhook:
                send(settings.webhook, message([news_of_release(model) for model in seen.models]))
        except UserError as problem:
            if once:
                raise
            say(f"{problem}; scanning again in {every:g} h")
        if once:
            return
        time.sleep(every * 3600)


def weekly_command(
    *,
    dry_run: Switch = False,
    hours: float | None = None,
    weeks: float | None = None,
    release: Names = (),
    options: Annotated[RunOptions, Parameter(name="*")] | None = None,
    json: Json = False,
) -> int:
    """Watch, read the claims of new releases, and verify what is due, the most urgent first, within a budget of hours.

    Due are new releases, claims never checked, releases a week after their launch, verdicts older than some weeks, and
    verdicts from another version of the serving engine, in this order.

    Parameters
    ----------
    dry_run
        Say what would be done, in which order, why, and what it would cost; write nothing.
    hours
        Budget in hours of the device; 20 if not given.
    weeks
        Age in weeks at which a verdict is old; 4 if not given.
    release
        A hub id or folder that is due in any case (may be given several times).
    json
        JSON instead of tables.
    """
    from flows.scheduling.queue import HOURS, WEEKS
    from flows.scheduling.weekly_report import record
    from warehouse.home import Home

    home = Home(configuration().home)
    options = options or RunOptions()
    given: dict[str, Any] = {
        "hours": HOURS if hours is None else hours,
        "weeks": WEEKS if weeks is None else weeks,
        "releases": release,
    }
    report = _proposed(home, options, given) if dry_run else _done(home, options, given)
    if json:
        print_json(record(report))
    else:
        _print(report)
    return 3 if any(line.became == "failed" for line in report.lines) else 0


def _proposed(home: Any, options: RunOptions, given: dict[str, Any]) -> WeeklyReport:
    from flows.scheduling.weekly_report import propose_week

    return propose_week(home, options, **given)


def _done(home: Any, options: RunOptions, given: dict[str, Any]) -> WeeklyReport:
    from flows.runtime.prefect_server import set_defaults
    from warehouse.store import reading

    with reading(home):  # ours, and of a schema that we know
        pass
    set_defaults()
    from flows.runtime.prefect_run import run_flow
    from flows.weekly import weekly as flow

    return run_flow(flow, home.root, options=options, **given)


def _print(report: WeeklyReport) -> None:
    from rich.table import Table
    from rich.text import Text

    from flows.scheduling.weekly_report import grouped, headline

    out = console()
    _print_scan(report.scan, json=False)
    table = Table(title=headline(report), title_justify="left")
    for name in ("release", "due", "becomes", "claims", "judged", "flagged", "expected", "took", "why"):
        table.add_column(
            name, justify="right" if name in ("claims", "judged", "flagged", "expected", "took") else "left"
        )
    for line in report.lines:
        cells = [line.model, line.due, line.became, str(line.claims), str(line.judged), str(line.flagged)]
        cells += ["" if hours is None else f"{hours:.2f} h" for hours in (line.hours_expected, line.hours)]
        table.add_row(*map(Text, [*cells, line.why]))
    if report.lines:
        out.print(table)
    else:
        out.print("nothing is due")
    for reason, models in grouped(report.left):
        out.print(Text(f"cannot be verified: {_few(models)}: {reason}"))
    out.print(f"budget {report.budget:g} h, expected {report.expected:.2f} h")


def _print_scan(seen: ScanResult, *, json: bool) -> None:
    from rich.text import Text

    from flows.scheduling.weekly_report import grouped

    if json:
        print_json(
            {
                "found": [model.model_dump(mode="json") for model in seen.found],
                "excluded": [model.model_dump(mode="json") for model in seen.excluded],
                "not_scanned": seen.failed,
            }
        )
        return
    out = console()
    for model in seen.found:
        base = f" of {model.base}" if model.base else ""
        out.print(
            Text(f"found: {model.model} @ {model.commit[:12]} ({model.kind}{base}), pushed {model.modified:%Y-%m-%d}")
        )
    for reason, models in grouped({model.model: str(model.reason) for model in seen.excluded}):
        out.print(Text(f"excluded: {_few(models)}: {reason}"))
    for reason, sources in grouped(seen.failed):
        out.print(Text(f"not scanned: {_few(sources)}: {reason}"))
    if not seen.found and not seen.failed:
        out.print("nothing new")


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
