"""The commands. Those that only read import neither prefect nor lm_eval."""

from __future__ import annotations

from cyclopts import App


def build() -> App:
    """The application with all commands; each is imported when it is called."""
    app = App(
        name="claimcheck",
        help="Independent scores beside the vendor's claims.",
        version=_version,
        suppress_keyboard_interrupt=False,
    )
    app.command("flows.cli.verify:demo", name="demo")
    app.command("flows.cli.verify:verify", name="verify")
    app.command("flows.cli.plan:plan", name="plan")
    app.command("flows.cli.speed:speed", name="speed")
    app.command("flows.cli.weekly:watch", name="watch")
    app.command("flows.cli.weekly:weekly", name="weekly")
    app.command("flows.cli.serve:serve", name="serve")
    app.command("flows.cli.read:table", name="table")
    app.command("flows.cli.read:show", name="show")
    app.command("flows.cli.read:query", name="query")
    app.command("flows.cli.claims:app", name="claims")
    app.command("flows.cli.claims:results", name="results")
    app.command("flows.cli.doctor:doctor", name="doctor")
    app.command("flows.cli.read:rebuild", name="rebuild")
    return app


def _version() -> str:
    from importlib.metadata import version

    return version("claimcheck")
