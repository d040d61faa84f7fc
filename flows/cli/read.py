"""Commands that only read (and `rebuild`)."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.cli.output import console, print_json
from flows.config import configuration
from flows.runtime.plain_text import write_line
from warehouse.home import Home

Json = Annotated[bool, Parameter(name="--json", negative=())]


def table(
    model: str | None = None,
    /,
    *,
    outcome: str | None = None,
    flagged: bool = False,
    ids: bool = False,
    limit: int = 200,
    json: Json = False,
) -> None:
    """Show claims beside measurements.

    Parameters
    ----------
    model
        Only models whose id contains this.
    outcome
        Only this outcome: unverified, confirmed, below_claim, above_claim, depends_on_protocol, reached, not_reached,
        not_tested, inconclusive, invalid_run, could_not_run.
    flagged
        Only discrepancies.
    ids
        Show claim ids, for `claimcheck show`.
    limit
        At most so many rows on a terminal; 0 for all. A file or a pipe gets all.
    json
        JSON instead of a table.
    """
    import sys

    from warehouse.queries.kept_table import printed_rows

    home = Home(configuration().home)
    if json:
        from warehouse.queries.table import table_rows as ask

        print_json(ask(home, model=model, outcome=outcome, flagged=flagged))
        return
    rows = printed_rows(home, model=model, outcome=outcome, flagged=flagged)
    from flows.cli.measured_table import print_claims, print_limit

    shown = rows[:limit] if limit and sys.stdout.isatty() else rows
    print_claims(shown, ids=ids, empty="" if rows else _nothing(model, outcome, flagged))
    print_limit(len(shown), len(rows))


def _nothing(model: str | None, outcome: str | None, flagged: bool) -> str:
    """Why a table is empty, and the next step."""
    from warehouse.claims.ledger import count_claims

    total = count_claims(Home(configuration().home))
    if not total:
        return (
            "no claims yet; `claimcheck claims import shipped` reads those that come with claimcheck, "
            "`claimcheck verify RELEASE` those of a release"
        )
    asked = [f"model contains {model}"] if model else []
    asked += [f"outcome is {outcome}"] if outcome else []
    asked += ["a discrepancy is flagged"] if flagged else []
    return f"no claim whose {' and '.join(asked)}; the ledger holds {total:,} claims, `claimcheck table` shows them"


def show(claim: str, /, *, items: int = 3, json: Json = False) -> None:
    """Show everything known about one claim, with sample items.

    Parameters
    ----------
    claim
        Claim id, or the beginning of it (`claimcheck table --ids`).
    items
        Sample items to show.
    json
        JSON instead of text.
    """
    from dataclasses import asdict

    from flows.cli.text.claim_page import print_details
    from warehouse.queries.table import details

    claim_details = details(Home(configuration().home), claim, items=items)
    if json:
        print_json(asdict(claim_details))
    else:
        print_details(console(), claim_details)


def query(sql: str, /, *, json: Json = False) -> None:
    """Ask the warehouse in SQL, read-only, at any moment.

    Parameters
    ----------
    sql
        One DuckDB query, e.g. "select model, benchmark, claimed, measured, outcome from claims_vs_measured".
    json
        JSON instead of a table.
    """
    from rich.table import Table
    from rich.text import Text

    from warehouse.queries.user_query import run_query as ask

    names, rows = ask(Home(configuration().home), sql)
    if json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    shown = Table(*names)
    for row in rows:
        shown.add_row(*(Text("" if value is None else str(value)) for value in row))
    console().print(shown)


def rebuild() -> int:
    """Make the database again from the claims, runs, criteria and verdicts in the home folder."""
    from flows.runtime.progress_lines import say
    from warehouse.load import rebuild_database as make_again

    made = make_again(Home(configuration().home))
    write_line(
        f"rebuilt: {made.claims:,} claims, {made.runs:,} runs, {made.criteria:,} criteria, {made.verdicts:,} verdicts"
    )
    for line in made.damaged:
        say(f"damaged: {line}")
    if made.damaged:
        say(f"{len(made.damaged):,} losses; damaged files were moved to {Home(configuration().home).damaged}")
    return 3 if made.damaged else 0
