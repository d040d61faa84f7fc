"""`claimcheck results ...`: results made elsewhere come in, ours and the verdicts go out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from evaluators.user_error import UserError
from flows.cli.output import console, print_json
from flows.config import configuration
from flows.runtime.plain_text import write_line
from warehouse.home import Home

Json = Annotated[bool, Parameter(name="--json", negative=())]
Switch = Annotated[bool, Parameter(negative=())]
Format = Literal["csv", "parquet", "json", "every-eval-ever", "eval-results"]
LEFT_OUT_SHOWN = 40
"""Lines of what was left out that a person is shown; JSON has all."""

app = App(name="results", help="Results made elsewhere come in; ours, and the verdicts, go out.")


def home_folder() -> Home:
    """The home folder in force."""
    return Home(configuration().home)


@app.command(name="import")
def import_from(
    source: str,
    /,
    *,
    release: str | None = None,
    weights: str | None = None,
    benchmark: str | None = None,
    by: str | None = None,
    date: str | None = None,
    dry_run: Switch = False,
    json: Json = False,
) -> None:
    """Read results that another program or somebody else made, and judge the claims that they meet.

    Parameters
    ----------
    source
        File, folder or URL: lm-eval results with their samples, Inspect logs, Every Eval Ever records, SWE-bench
        reports, mini-swe-agent, Harbor, MCPMark and BFCL folders and tables, LiveCodeBench, tau-bench, tau2, EvalPlus,
        simple-evals and lighteval files, llama-bench (any output), GuideLLM and `vllm bench serve` JSON, Meta's evals.
        The format is told by the content.
    release
        Release that the results are about, where the file does not name it by its hub id. Where there are several
        models, only those of its name are taken for it.
    weights
        Hash or repository of the weights that were run. They are not seen, so nothing is ever flagged.
    benchmark
        Catalogue name, where the file does not name a known benchmark.
    by
        Who ran it.
    date
        When it was run, YYYY-MM-DD, where the file does not tell.
    dry_run
        Show what would be imported and what left out; store nothing.
    json
        JSON instead of text.
    """
    from evaluators.outside.bounded_reading import moment
    from flows.verification.import_results import ImportRequest, import_results

    when = moment(f"{date}T00:00:00") if date else None
    if date and when is None:
        raise UserError(f"{date!r} is no date; write it as YYYY-MM-DD")
    settings = configuration()
    request = ImportRequest(
        release=release,
        weights=weights,
        benchmark=benchmark,
        by=by,
        date=when,
        order_seed=settings.order_seed or 0,
        alpha=settings.alpha,
    )
    report = import_results(home_folder(), source, request, dry_run=dry_run)
    if json:
        print_json(_as_json(report, dry_run))
    else:
        _print_report(report, dry_run)


def _as_json(report: Any, dry_run: bool) -> dict[str, Any]:
    return {
        "files": report.files,
        "stored": not dry_run,
        "new": report.new,
        "runs": [
            {
                "run_id": run.run_id,
                "model": run.release.model,
                "benchmark": run.benchmark,
                "by": run.imported.by,
                "harness": run.imported.harness,
                "limited": run.imported.limited,
                "doubts": run.imported.doubts,
                "notes": run.imported.notes,
                "measurements": [measurement.model_dump(exclude={"values"}) for measurement in run.measurements],
                "settings": run.settings.model_dump(exclude_none=True),
            }
            for run in report.runs
        ],
        "verdicts": [verdict.model_dump(mode="json") for verdict in report.verdicts],
        "left_out": [part.model_dump() for part in report.left_out],
    }


def _print_report(report: Any, dry_run: bool) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from warehouse.number_text import number

    out = console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("model", "benchmark", "score", "value", "items", "run by", "what to know"):
        table.add_column(name)
    for run in report.runs:
        origin = run.imported
        limited = [f"{origin.limited}: shown, not judged"] if origin.limited else []
        known = "; ".join((*limited, *origin.doubts, *origin.notes))
        for measurement in run.measurements:
            value = "—" if measurement.score is None else number(measurement.score, measurement.unit)
            items = f"{measurement.items:,} of {measurement.of:,}" if measurement.of else "—"
            row = (
                run.release.model,
                run.benchmark,
                f"{measurement.metric},{measurement.filter}",
                value,
                items,
                origin.by or "—",
                known,
            )
            table.add_row(*(Text(cell) for cell in row))
    out.print(table)
    stored = "dry run: nothing stored" if dry_run else f"{report.new:,} of {len(report.runs):,} runs are new here"
    out.print(f"{report.files:,} results files read; {stored}", highlight=False)
    for verdict in report.verdicts:
        out.print(Text(f"  {verdict.headline}"))
    if not dry_run and not report.verdicts:
        out.print("no claim of the ledger is about these; `claimcheck claims import ORG/NAME` reads a card's")
    for part in report.left_out[:LEFT_OUT_SHOWN]:
        out.print(Text(f"  left out: {part.place}: {part.reason}"))
    if len(report.left_out) > LEFT_OUT_SHOWN:
        out.print(f"  left out: {len(report.left_out) - LEFT_OUT_SHOWN:,} more; --json lists all", highlight=False)


@app.command(name="export")
def export_results(
    to: Path,
    /,
    *,
    format: Format | None = None,
    model: str | None = None,
    verdicts: Switch = False,
) -> None:
    """Write the scores of our full, sound runs to a file (csv, parquet, json) or a folder (every-eval-ever,
    eval-results); with `--verdicts` the whole table of claims and measurements.

    Parameters
    ----------
    to
        File or folder to write.
    format
        csv, parquet, json, every-eval-ever or eval-results; without it what the file's ending says, else csv.
    model
        Only this model (hub id).
    verdicts
        Write claims_vs_measured: each claim with its verdict, ours and others' beside it; a score at stop is named as
        one. As csv, parquet or json.
    """
    from warehouse.reports.export import write_results as write
    from warehouse.reports.export_verdicts import write_verdicts

    form = format or _format_by_suffix(to)
    if verdicts:
        _tell(write_verdicts(home_folder(), to, form, model=model), "verdicts")
    else:
        _tell(write(home_folder(), to, form, model=model), "scores")


def _format_by_suffix(to: Path) -> Format:
    """The format that a file's ending names; csv where it has none. Raises UserError for an ending of another kind."""
    match to.suffix.lower():
        case ".csv" | "":
            return "csv"
        case ".parquet":
            return "parquet"
        case ".json":
            return "json"
        case ending:
            raise UserError(f"results cannot be written as '{ending}'; name a .csv, .parquet or .json file")


@app.command(name="publish")
def publish_results(
    to: Literal["hub", "every-eval-ever"],
    /,
    *,
    model: str | None = None,
    pr: Switch = False,
    folder: Path | None = None,
    json: Json = False,
) -> None:
    """Show what would be published, file by file; with `--pr` open the pull requests.

    Parameters
    ----------
    to
        hub: `.eval_results` YAML in each model's repository. every-eval-ever: one JSON a run in its data set.
    model
        Only this model (hub id).
    pr
        Open a pull request on the hub, with the token of HF_TOKEN. Without it nothing leaves this machine.
    folder
        Write the files below this folder as well.
    json
        JSON instead of text.
    """
    from warehouse.reports.publications import Publication, prepare_publication, write_publication

    prepared: list[Publication] = prepare_publication(home_folder(), to, model=model)
    if folder is not None:
        write_publication(prepared, folder)
    opened = {}
    if pr:
        from flows.runtime.hub_pull_requests import open_pull_request

        opened = {publication.repository: open_pull_request(publication) for publication in prepared}
    if json:
        print_json([
            {"repository": publication.repository, "files": publication.files, "left_out": publication.left_out,
             "pull_request": opened.get(publication.repository)} for publication in prepared
        ])  # fmt: skip
        return
    for publication in prepared:
        write_line(f"{publication.repository}: {len(publication.files):,} files")
        for name, content in publication.files.items():
            write_line(f"  {name}, {len(content.encode()):,} bytes")
        if publication.repository in opened:
            write_line(f"  pull request: {opened[publication.repository]}")
        for reason in publication.left_out:
            write_line(f"  left out: {reason}")
    if not prepared:
        write_line("nothing to publish: no full, sound run of ours")
    elif not pr:
        write_line("dry run: nothing left this machine; --pr opens the pull requests")


def _tell(exported: object, what: str) -> None:
    from warehouse.reports.export import Exported

    assert isinstance(exported, Exported)
    where = str(exported.files[0]) if len(exported.files) == 1 else f"{len(exported.files):,} files"
    write_line(f"{exported.written:,} {what} written to {where}" if exported.files else f"no {what} to write")
    for reason in exported.left_out:
        write_line(f"  left out: {reason}")
