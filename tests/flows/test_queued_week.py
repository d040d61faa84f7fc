"""A week as flow runs of its own: queued in order and once, lost ones first, one report when all have ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from evaluators.records import UserError
from flows.runtime.lasting_output import LastingStream
from flows.scheduling.flow_run_queue import FlowRunState, QueuedRelease, lost_models, queue_releases, states_of, week_of
from flows.scheduling.lost_runs import GONE, UNSTARTED, UNTOLD, bring_lost_to_the_front, is_lost
from flows.scheduling.queue import ScanResult
from flows.scheduling.week_record import WeekRecord, read_week, save_week, still_open, week_report
from flows.scheduling.weekly_report import Line, WeeklyReport, headline
from flows.sharing.sync import receive_home, send_home
from tests.flows.prefect_server import Prefect, prefect_server
from warehouse.home import Home

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)


def line(model: str, became: str = "queued") -> Line:
    return Line(model, became, "never checked", 3, 0, 0, 0, 0.5, None, "")


def week(*lines: Line, began: datetime = NOW) -> WeekRecord:
    report = WeeklyReport(ScanResult(), lines, {"other": "no hub id"}, 20.0)
    return WeekRecord(
        "2026-W48-abc", began, report, "verify/manual", {one.model: f"run of {one.model}" for one in lines}
    )


def test_a_week_travels_with_the_home(tmp_path: Path) -> None:
    one, two, shared = tmp_path / "one", tmp_path / "two", str(tmp_path / "store")
    record = week(line("a/b"), line("c/d", "skipped"))
    save_week(Home(one), record)
    send_home(one, shared)
    with pytest.raises(UserError, match="CLAIMCHECK_RUNS"):
        read_week(Home(two), record.name)
    receive_home(shared, two)
    assert read_week(Home(two), record.name) == record


def test_the_report_is_of_what_became_of_each(tmp_path: Path) -> None:
    record = week(line("a/done"), line("a/failed"), line("a/gone"), line("a/left", "skipped"))
    states = {
        "run of a/done": FlowRunState(True, True, 0.4, ""),
        "run of a/failed": FlowRunState(True, False, 0.1, "no\nweights"),
    }
    assert still_open(record, states) == []
    report = week_report(record, states, Home(tmp_path))
    assert [(one.became, one.why, one.hours) for one in report.lines] == [
        ("verified", "", 0.4),
        ("failed", "no weights", 0.1),
        ("failed", "its flow run was deleted", None),
        ("skipped", "", None),
    ]
    assert headline(report) == "0 found, 1 verified, 2 failed, 1 skipped"


def test_a_report_waits_for_what_goes_on_but_not_for_ever(tmp_path: Path) -> None:
    states = {"run of a/slow": FlowRunState(False, False, 0.0, "Running")}
    assert still_open(week(line("a/slow"), began=datetime.now(UTC)), states) == ["a/slow"]
    old = week(line("a/slow"), began=datetime.now(UTC) - timedelta(days=7))
    assert still_open(old, states) == []
    [told] = week_report(old, states, Home(tmp_path)).lines
    assert told.became == "failed" and "6 days" in told.why


def test_what_a_worker_took_and_never_began_is_lost_after_a_while() -> None:
    from prefect.client.schemas.objects import FlowRun
    from prefect.states import Pending, Scheduled

    def run(state: Any) -> FlowRun:
        return FlowRun(flow_id=uuid4(), state=state, created=NOW, next_scheduled_start_time=None)  # type: ignore[arg-type]

    now = datetime.now(UTC)
    assert is_lost(run(Pending(name="Submitting", timestamp=now - UNSTARTED - timedelta(minutes=1))))
    assert not is_lost(run(Pending(name="Submitting", timestamp=now - UNSTARTED + timedelta(minutes=1))))
    assert not is_lost(run(Scheduled()))


def test_output_without_a_reader_ends_nothing() -> None:
    code = (
        "import sys, os\nfrom flows.runtime.lasting_output import outlive_readers\noutlive_readers()\n"
        "sys.stdin.read()\nprint('x' * 100000, file=sys.stderr, flush=True)\nprint('y', flush=True)\nos._exit(7)"
    )
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.close()
        process.stderr.close()
        process.stdin.close()
        assert process.wait(60) == 7
    assert LastingStream(sys.stderr).encoding == sys.stderr.encoding


@pytest.fixture(scope="module")
def server(prefect_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """A server with a deployment that nobody works on."""
    with prefect_server(prefect_home, tmp_path_factory.mktemp("logs"), {}) as prefect:
        flow = prefect.api("POST", "/flows/", {"name": "verify"})["id"]
        from prefect.settings import PREFECT_API_URL, temporary_settings

        prefect.api("POST", "/deployments/", {"name": "of-a-test", "flow_id": flow})
        with temporary_settings({PREFECT_API_URL: prefect.url}):  # whenever Prefect was imported
            yield prefect


@pytest.mark.slow
def test_releases_are_queued_in_order_and_once(server: Prefect) -> None:
    wanted = [QueuedRelease(f"acme/{name}", {"backend": "attached"}) for name in ("z", "a", "m")]
    first = queue_releases("verify/of-a-test", wanted)

    def in_order() -> list[dict[str, Any]]:
        found = server.runs("verify/of-a-test")
        return sorted(found, key=lambda run: str(run["next_scheduled_start_time"]))

    assert [run["parameters"]["model"] for run in in_order()] == ["acme/z", "acme/a", "acme/m"]
    assert in_order()[0]["parameters"]["backend"] == "attached"
    assert queue_releases("verify/of-a-test", wanted[1:]) == {key: first[key] for key in ("acme/a", "acme/m")}
    later = datetime.now(UTC) + timedelta(weeks=2)
    assert queue_releases("verify/of-a-test", wanted, later) == first, "what waits since another week is queued already"
    crashed = {"state": {"type": "CRASHED", "message": "its worker is gone"}, "force": True}
    server.api("POST", f"/flow_runs/{first['acme/a']}/set_state", crashed)
    assert lost_models("verify/of-a-test") == {"acme/a"}
    assert states_of(list(first.values()))[first["acme/a"]] == FlowRunState(True, False, 0.0, "its worker is gone")
    second = queue_releases("verify/of-a-test", wanted)
    assert second["acme/a"] != first["acme/a"] and second["acme/z"] == first["acme/z"]
    assert lost_models("verify/of-a-test") == set()
    assert len(server.runs("verify/of-a-test")) == 4
    with pytest.raises(UserError, match="verify/nowhere"):
        queue_releases("verify/nowhere", wanted)
    assert week_of(NOW) == "2026-W48"


@pytest.mark.slow
def test_what_was_lost_goes_to_the_front(server: Prefect) -> None:
    names = ("waits", "killed", "failed", "retried")
    ids = queue_releases("verify/of-a-test", [QueuedRelease(f"lost/{name}", {}) for name in names])

    def put(model: str, kind: str, message: str, **more: str) -> None:
        state = {"type": kind, "message": message, **more}
        server.api("POST", f"/flow_runs/{ids[f'lost/{model}']}/set_state", {"state": state, "force": True})

    put("killed", "CRASHED", f"{UNTOLD[0]}: -9. Process exited due to a SIGKILL signal.")
    put("failed", "CRASHED", "the code is wrong")
    put("retried", "CRASHED", GONE)
    put("retried", "SCHEDULED", GONE, name="AwaitingRetry")
    assert bring_lost_to_the_front("another pool") == []
    assert len(bring_lost_to_the_front(None)) >= 2
    assert bring_lost_to_the_front(None) == []
    waiting = [run for run in server.runs("verify/of-a-test") if run["next_scheduled_start_time"]]
    waiting.sort(key=lambda run: str(run["next_scheduled_start_time"]))
    order = [run["parameters"]["model"] for run in waiting if run["parameters"]["model"].startswith("lost/")]
    assert order == ["lost/killed", "lost/retried", "lost/waits"]
