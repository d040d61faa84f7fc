"""The flows as deployments run them: typed parameters, everything else from CLAIMCHECK_* of the worker.

The bodies are those of `verify_release` and `weekly`, called as plain functions: a run that another worker takes over
then goes on with the same tasks and the same journals.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from evaluators.records import UserError
from flows.config import configuration
from flows.options import RunOptions, VerifyOptions, with_options
from flows.queued_week import close_week, plan_queue, queue_week, queue_week_report
from flows.runtime.lasting_output import outlive_readers
from flows.runtime.prefect_run import outlast_server
from flows.runtime.progress_lines import say
from flows.runtime.site_writer import publish_site
from flows.scheduling.lost_runs import let_lost_runs_go_next
from flows.scheduling.queue import HOURS, WEEKS
from flows.scheduling.weekly_report import headline
from flows.sharing.sync import SyncResult, receive_home, send_home
from flows.verify import verify_release
from flows.weekly import weekly as weekly_flow
from warehouse.home import Home
from warehouse.load import LoadCounts, load_home


@flow(name="verify", flow_run_name="{model}")
@with_options(VerifyOptions)
def deployed_verify(model: str, options: VerifyOptions) -> str:
    """Verify the claims about one release. Returns one line.

    Args:
        model: `org/name` on the hub, or a folder laid out like a hub repository.
    """
    outlive_readers()
    let_lost_runs_go_next()
    with _shared():
        summary = outlast_server(partial(verify_release.fn, model, configuration().home, options))
        publish_site(Home(configuration().home))
    return f"{summary.release.model}: {summary.judged} verdicts, {summary.flagged} flagged"


@flow(name="weekly")
@with_options(RunOptions)
def deployed_weekly(
    options: RunOptions,
    hours: float = HOURS,
    weeks: float = WEEKS,
    releases: list[str] | None = None,
    queue: str | None = None,
    report_of: str | None = None,
) -> str:
    """Watch, read claims, and verify what is due, the most urgent first. Returns one line.

    Args:
        hours: Budget in hours of the device.
        weeks: Age in weeks at which a verdict is old.
        releases: Hub ids or folders that are due in any case.
        queue: Deployment of `verify`, such as verify/manual, that gets a run for each due release; without it all are
            verified one after another in this run.
        report_of: Week to write the report of; set by the run that queued it.
    """
    outlive_readers()
    let_lost_runs_go_next()
    settings = configuration()
    home = Home(settings.home)
    if report_of is not None:
        with _shared():
            closed = close_week(home, report_of)
        return "verifications go on; looked at again later" if closed is None else headline(closed)
    if queue is None:
        with _shared():
            body = partial(weekly_flow.fn, settings.home, hours, weeks, tuple(releases or ()), options)
            report = outlast_server(body)
        return headline(report)
    with _shared():  # what was read is with the others before they begin
        plan = partial(plan_queue, home, queue, hours, weeks, tuple(releases or ()), options)
        report, entries = outlast_server(plan)
    record = queue_week(home, queue, report, entries, options)
    if settings.runs is not None:
        send_home(settings.home, settings.runs)
    queue_week_report(record, queue)
    return headline(report)


@task(cache_policy=NO_CACHE)
def fetch(source: str) -> SyncResult:
    """Copy finished runs, criteria, claims and verdicts into the home folder."""
    return receive_home(source, configuration().home)


@task(cache_policy=NO_CACHE)
def load() -> LoadCounts:
    """Load what the tables do not have yet."""
    return load_home(Home(configuration().home))


@flow(name="load_runs")
def load_runs(source: str | None = None) -> str:
    """Load into the warehouse what workers wrote. Running it twice adds nothing. Returns one line.

    Args:
        source: Folder or fsspec URL that workers write to; empty is CLAIMCHECK_RUNS, or the home folder alone.
    """
    outlive_readers()
    source = source or configuration().runs
    result = fetch(source) if source else SyncResult(0, 0)
    loaded = load()
    for name in result.damaged:
        say(f"damaged in {source}: {name}")
    text = f"{result.runs} runs copied; loaded {loaded.runs} runs, {loaded.claims} claims, {loaded.verdicts} verdicts"
    create_markdown_artifact(key="load-runs", markdown=text)
    return text


@contextmanager
def _shared() -> Iterator[None]:
    """With CLAIMCHECK_RUNS set: know what other workers know before, and give them what was done after."""
    settings = configuration()
    if settings.runs is None:
        yield
        return
    receive_home(settings.runs, settings.home, runs=False)
    load_home(Home(settings.home))
    try:
        yield
    finally:
        try:
            sent = send_home(settings.home, settings.runs)
            say(f"{sent.runs} runs copied to {settings.runs}")
        except UserError as problem:
            say(f"{problem}; the next run tries again")
