"""Queued verifications that were lost go on before all that wait: a run that begins puts them at the front.

Prefect puts a run that is scheduled again behind all that wait, and after a restart of its server it may take a quarter
of an hour until it does so at all. So who begins looks for lost runs. It does not step back for them: a run that ends
its process and waits again is silent like a lost one, and Prefect marks it as crashed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flows.runtime.prefect_server import EARLIER
from flows.runtime.progress_lines import say

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

FLOWS = ("verify", "weekly", "load_runs")
"""What deployments run."""
GONE = "its worker is gone"
"""What the automations of `deploy/automations.py` say of a run that is silent."""
UNTOLD = ("Process exited with status code", "Flow run infrastructure exited with non-zero status code")
"""How a worker begins to tell of a run whose process ended without a word to the server: it was killed, by a system
short of memory for instance, or the server was away."""
TRIES = 5
"""A run that was lost as often is what takes its workers down, and stays lost."""
RETRIED = "AwaitingRetry"
"""State of a run that is scheduled again."""
UNSTARTED = timedelta(minutes=20)
"""A run that a worker took so long ago, and that has not begun, went down with that worker. The automations find it
sooner, unless the server was killed just then and forgot the event."""
RECENT = timedelta(weeks=2)
"""Runs that were to begin longer ago are left as they are."""


def let_lost_runs_go_next() -> None:
    """To be called first in a queued run: lost runs of the same work pool go on before all that wait. A Prefect server
    that does not answer changes nothing."""
    own = own_run()
    if own is None or own.deployment_id is None:
        return
    moved = bring_lost_to_the_front(own.work_pool_name)
    if moved:
        say(f"lost, and going on next: {', '.join(moved)}")


def bring_lost_to_the_front(pool: str | None) -> list[str]:
    """Schedule our lost runs of a work pool before all others; None: those of `claimcheck serve`, which needs no pool.
    Returns their names; none where the server does not answer."""
    from httpx import HTTPError
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectException
    from prefect.states import Scheduled

    own, moved = own_run(), []
    try:
        with get_client(sync_client=True) as client:
            for run in _in_doubt(client):
                if run.created is None or run.work_pool_name != pool or (own and run.id == own.id) or not is_lost(run):
                    continue
                state: Any = Scheduled(name=RETRIED, scheduled_time=run.created - EARLIER, message="it was lost")
                client.set_flow_run_state(run.id, state)
                moved.append(run.name)
    except (HTTPError, PrefectException):
        pass
    return moved


def is_lost(run: FlowRun) -> bool:
    """Whether a run was lost and is not at the front of the queue yet."""
    state, due = run.state, run.next_scheduled_start_time
    if state is None or run.created is None:
        return False
    if state.is_pending():
        return datetime.now(UTC) - state.timestamp > UNSTARTED
    if state.is_crashed():
        return run.run_count <= TRIES and (state.message or "").startswith((GONE, *UNTOLD))
    return state.name == RETRIED and due is not None and due > run.created


def own_run() -> FlowRun | None:
    """The flow run that we are in, if any."""
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    return context.flow_run if context else None


def _in_doubt(client: SyncPrefectClient) -> Iterator[FlowRun]:
    from prefect.client.schemas import filters

    ours = filters.FlowFilter(name=filters.FlowFilterName(any_=list(FLOWS)))
    recent = filters.FlowRunFilterExpectedStartTime(after_=datetime.now(UTC) - RECENT)
    for names, since in (([RETRIED, "Pending", "Submitting"], None), (["Crashed"], recent)):
        asked = filters.FlowRunFilter(
            deployment_id=filters.FlowRunFilterDeploymentId(is_null_=False),
            state=filters.FlowRunFilterState(name=filters.FlowRunFilterStateName(any_=names)),
            expected_start_time=since,
        )
        yield from client.read_flow_runs(flow_filter=ours, flow_run_filter=asked)
