"""The flow `weekly`: watch, read claims, plan, verify in order of worth within a budget, and say what came of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path

from prefect import flow
from prefect.cache_policies import NO_CACHE

from evaluators.records import UserError
from flows.config import configuration
from flows.options import RunOptions, for_release
from flows.runtime.notify import news_of_release, tell
from flows.runtime.prefect_run import step, write_page
from flows.runtime.progress_lines import say
from flows.runtime.site_writer import publish_site
from flows.scheduling.priority import DueRelease
from flows.scheduling.queue import HOURS, WEEKS, QueueEntry, ScanResult, all_due, consider, scan_watched, within
from flows.scheduling.watch import watch_list
from flows.scheduling.watch_results import ResultsNews, scan_results
from flows.scheduling.weekly_report import Line, WeeklyReport, artifact_table, headline, line, weekly_markdown
from flows.verification.verdict_report import Summary
from flows.verify import verify_release
from warehouse.home import Home
from warehouse.load import load_home


@step(cache_policy=NO_CACHE)
def scan_hub(home: Path) -> ScanResult:
    """What was pushed since the last scan."""
    home_paths = Home(home)
    seen = scan_watched(home_paths, watch_list(home_paths), store=True)
    tell([news_of_release(model) for model in seen.found])
    return seen


@step(cache_policy=NO_CACHE)
def scan_others(home: Path) -> ResultsNews:
    """What others have published about releases in the ledger."""
    home_paths = Home(home)
    return scan_results(home_paths, watch_list(home_paths).results)


@step(cache_policy=NO_CACHE, task_run_name="consider {due.model}")
def consider_release(due: DueRelease, options: RunOptions, home: Path) -> QueueEntry:
    """Its claims, read into the ledger, and what verifying it would cost."""
    return consider(due, options, Home(home), store=True)


@step(cache_policy=NO_CACHE, task_run_name="verify {entry.due_release.model}")
def verify_due(entry: QueueEntry, options: RunOptions, home: Path) -> Summary:
    """Verify one release. A task rather than a flow of its own, so that a weekly run started again goes on with it."""
    return verify_release.fn(entry.due_release.target, home, for_release(options, again=entry.due_release.again))


@step(cache_policy=NO_CACHE)
def write_pages(home: Path) -> str | None:
    """The site, with what the run found."""
    return publish_site(Home(home))


@flow(name="weekly", validate_parameters=False)
def weekly(
    home: Path = Path("claimcheck-data"),
    hours: float = HOURS,
    weeks: float = WEEKS,
    releases: Sequence[str] = (),
    options: RunOptions | None = None,
) -> WeeklyReport:
    """Verify what is due, the worthiest first, and leave a summary as artifact `weekly`.

    hours: budget in hours of the device. weeks: age at which a verdict is old. releases: hub ids or folders that are
    due in any case. A release that fails is a line of the summary and stops none of the others.
    """
    options, home_paths = options or RunOptions(), Home(Path(home))
    load_home(home_paths)
    seen, agenda, left = look_for_due(home_paths, options, weeks, releases)
    say(f"{len(agenda)} releases are due, {hours:g} h may be used")
    remaining, lines = hours, []
    for due in agenda:
        entry = within(consider_release(due, options, home_paths.root), remaining)
        done = _verified(entry, options, home_paths.root) if entry.left_out is None else line(entry, "skipped")
        remaining -= done.hours or 0.0
        lines.append(done)
        say(f"{done.model}: {done.became}" + (f": {done.why}" if done.became in ("skipped", "failed") else ""))
    report = WeeklyReport(seen, tuple(lines), left, hours)
    write_report(report, home_paths)
    return report


def look_for_due(
    home: Home, options: RunOptions, weeks: float, releases: Sequence[str], cut: Collection[str] = ()
) -> tuple[ScanResult, list[DueRelease], dict[str, str]]:
    """What watching found, the due releases, worthiest first, and why others are not due. cut: releases that were cut
    off elsewhere."""
    seen = scan_hub(home.root)
    for source, trouble in seen.failed.items():
        say(f"not scanned: {source}: {trouble}")
    others = scan_others(home.root)
    for source, trouble in others.failed.items():
        say(f"not read: {source}: {trouble}")
    say(f"results of others: {others.runs} runs and {others.claims} claims are new")
    for told in others.headlines:
        say(f"  {told}")
    agenda, left = all_due(home, options, seen.found, weeks=weeks, asked=releases, cut=cut)
    return seen, agenda, left


def write_report(report: WeeklyReport, home: Home) -> None:
    """The pages of a week."""
    write_page("weekly-releases", table=artifact_table(report), about=headline(report))
    write_page("weekly", markdown=weekly_markdown(report))
    say(headline(report))
    page = write_pages(home.root)
    if page:
        url = configuration().site_url
        write_page("site", link=url or Path(page).absolute().as_uri(), about="the pages")


def _verified(entry: QueueEntry, options: RunOptions, home: Path) -> Line:
    """Verify a release; whatever goes wrong becomes its line."""
    began = time.monotonic()
    try:
        summary = verify_due(entry, options, home)
    except Exception as error:  # one failing release never stops the others
        why = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        return line(entry, "failed", why=" ".join(why.split())[:300], hours=_hours_since(began))
    became = "flagged" if summary.flagged else "verified"
    return line(
        entry,
        became,
        judged=summary.judged,
        flagged=summary.flagged,
        standing=summary.standing,
        hours=_hours_since(began),
    )


def _hours_since(began: float) -> float:
    return (time.monotonic() - began) / 3600
