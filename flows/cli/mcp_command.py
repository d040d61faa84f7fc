"""`claimcheck mcp`: what the warehouse knows, for a language model's client; read-only, over standard input and output.

The protocol is that of https://modelcontextprotocol.io; its Python library is the extra `claimcheck[mcp]`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from evaluators.user_error import NotInstalled, UserError
from flows.cli.output import json_line
from flows.config import configuration
from warehouse.home import Home

if TYPE_CHECKING:
    from mcp.server import MCPServer

MOST_ROWS = 200
"""Rows of one answer: a model reads them all."""


def mcp() -> None:
    """Serve table, show, plan and query to a language model's client, read-only, over standard input and output.

    For a client's configuration: command `claimcheck`, arguments `["mcp"]`, and CLAIMCHECK_HOME in its environment.
    """
    server = read_only_server(Home(configuration().home))
    server.run("stdio")


def read_only_server(home: Home) -> MCPServer[Any]:
    """The server with its four tools. Raises NotInstalled if the protocol's library is not installed."""
    try:
        from mcp.server import MCPServer
        from mcp.types import ToolAnnotations
    except ImportError:
        raise NotInstalled("the protocol's library is not installed; `pip install claimcheck[mcp]`") from None
    server: MCPServer[Any] = MCPServer(
        "claimcheck",
        instructions="Vendors' claims about open-weight models beside independent measurements. Only what `outcome` "
        "and `flagged` say is a verdict: never call a claim false that is not flagged.",
        log_level="CRITICAL",
    )
    known = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
    for tool in _tools(home):
        server.tool(annotations=known, structured_output=False)(_told(tool))
    return server


def _told(tool: Callable[..., str]) -> Callable[..., str]:
    """The tool, whose user errors reach the client as they are."""
    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(tool)
    def told(**arguments: Any) -> str:
        try:
            return tool(**arguments)
        except UserError as problem:
            raise ToolError(str(problem)) from None

    return told


def _tools(home: Home) -> list[Callable[..., str]]:
    def table(model: str = "", outcome: str = "", flagged: bool = False) -> str:
        """Claims beside measurements, at most 200 rows. model: part of a model id. outcome: unverified, confirmed,
        below_claim, above_claim, depends_on_protocol, inconclusive, invalid_run, could_not_run, ..."""
        from warehouse.queries.table import table_rows

        rows = table_rows(home, model=model or None, outcome=outcome or None, flagged=flagged)
        return json_line({"claims": len(rows), "rows": rows[:MOST_ROWS]})

    def show(claim: str) -> str:
        """Everything known about one claim (its id or the beginning of it): source, settings, run, reasons, samples."""
        from dataclasses import asdict

        from warehouse.queries.table import details

        return json_line(asdict(details(home, claim)))

    def plan(release: str) -> str:
        """What verifying a release (org/name) on this machine would take: GB, memory, hours, tokens. Runs nothing."""
        from flows.cli.plan import plan_record
        from flows.options import VerifyOptions
        from flows.verification.cost import release_plan

        return json_line(plan_record(release_plan(release, VerifyOptions(), home)))

    def query(sql: str) -> str:
        """Rows of one read-only DuckDB query, at most 200; `describe claims_vs_measured` lists the main view."""
        from warehouse.queries.user_query import run_query

        names, rows = run_query(home, sql)
        return json_line({"rows": [dict(zip(names, row, strict=True)) for row in rows[:MOST_ROWS]], "of": len(rows)})

    return [table, show, plan, query]
