"""The commands. Each is imported when it is called; those that only read import neither prefect nor lm_eval."""

from __future__ import annotations

from cyclopts import App

COMMANDS = (
    ("demo", "verify_command:demo", "Verify the release that comes with claimcheck, in about a minute."),
    ("verify", "verify_command:verify", "Serve a release, run the benchmarks of its claims, and judge them."),
    ("plan", "plan:plan", "Say what a verification would take, and what it cannot decide."),
    ("speed", "speed:speed", "Measure one artifact on several backends, side by side."),
    ("compare", "compare:compare_command", "Ask whether one artifact loses at most so many points against another."),
    ("watch", "weekly_command:watch", "List new releases on the hub since the last scan."),
    ("weekly", "weekly_command:weekly_command", "Watch, and verify what is due within a budget of hours."),
    ("serve", "serve:serve", "Run the weekly verification on a schedule, and manual ones, on one machine."),
    ("table", "read:table", "Show claims beside measurements."),
    ("show", "read:show", "Show everything known about one claim, with sample items."),
    ("report", "report:report", "Write the pages: every claim beside its measurement, with pictures and data files."),
    ("query", "read:query", "Ask the warehouse in SQL, read-only, at any moment."),
    ("claims", "claims:app", "The ledger of claims: list, show, add, import, candidates, conflicts, export."),
    ("models", "models:app", "Names of models: settle which hub id a printed name means."),
    ("results", "results_command:app", "Results made elsewhere: import; ours and the verdicts: export, publish."),
    ("benchmarks", "benchmarks:app", "The catalogue of benchmarks: list, show, check."),
    ("doctor", "doctor:doctor", "Say what is installed and what to do about each gap."),
    ("mcp", "mcp_command:mcp", "Serve table, show, plan and query to a language model's client, read-only."),
    ("completion", "completion:completion", "Print the completion script of your shell."),
    ("share", "share:share_command", "Exchange what is new with the store of several machines (CLAIMCHECK_RUNS)."),
    ("rebuild", "read:rebuild", "Make the database again from its files."),
)
"""Name, target under `flows.cli`, and what the list of commands says."""


def build_app() -> App:
    """The application with all commands."""
    app = App(
        name="claimcheck",
        help="Independent scores beside the vendor's claims.",
        help_epilogue="Every command takes --quiet (only results and errors), --no-progress, and --log-file FILE.",
        version=_version,
        suppress_keyboard_interrupt=False,
    )
    for name, target, summary in COMMANDS:
        app.command(f"flows.cli.{target}", name=name, help=summary)
    return app


def _version() -> str:
    from importlib.metadata import version

    return version("claimcheck")
