"""Verifications as flow runs of their own in Prefect's queue: one a release, in order of priority, none twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from evaluators.records import UserError
from flows.scheduling.lost_runs import bring_lost_to_the_front

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

TAG = "claimcheck-weekly"
APART = timedelta(milliseconds=1)
"""Between the times at which two runs are due: Prefect starts what is due first."""
PAGE = 200
"""Runs that Prefect hands out at a time."""


@dataclass(frozen=True)
class QueuedRelease:
    """What is asked of one flow run."""

    model: str
    """Hub id or folder, as `verify` takes it."""
    parameters: Mapping[str, Any]
    """The other parameters of the deployment."""

    @property
    def key(self) -> str:
        """Digest of what is asked."""
        text = json.dumps([self.model, self.parameters], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(frozen=True)
class FlowRunState:
    """Where a flow run stands."""

    ended: bool
    completed: bool
    hours: float
    """That it ran for."""
    message: str


def week_of(moment: datetime) -> str:
    """The calendar week, `2026-W48`."""
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02}"


def queue_releases(deployment: str, wanted: Sequence[QueuedRelease], now: datetime | None = None) -> dict[str, str]:
    """Queue a run of a deployment for each release, the first to be begun first. Returns the runs' ids by model.

    A release that waits or is verified already is not queued again, and of several who queue it in one week only one
    does. Raises UserError if the Prefect server has no such deployment.
    """
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    now = now or datetime.now(UTC)
    made: dict[str, str] = {}
    with get_client(sync_client=True) as client:
        try:
            deployment_id = client.read_deployment_by_name(deployment).id
        except ObjectNotFound:
            raise UserError(f"the Prefect server has no deployment {deployment}; deploy deploy/prefect.yaml") from None
        waiting = {str(run.parameters.get("model")): str(run.id) for run in _open_runs(client, deployment_id)}
        for number, release in enumerate(wanted):
            made[release.model] = waiting.get(release.model) or _create(
                client, deployment_id, release, now + number * APART, week_of(now)
            )
    return made


def lost_models(deployment: str) -> set[str]:
    """Releases whose last run of a deployment crashed and was not taken up again; none where it cannot be told."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            deployment_id = client.read_deployment_by_name(deployment).id
        except ObjectNotFound:
            return set()
        last: dict[str, bool] = {}
        for run in _runs(client, deployment_id, ended=True):
            last[str(run.parameters.get("model"))] = run.state is not None and run.state.is_crashed()
        for run in _open_runs(client, deployment_id):
            last[str(run.parameters.get("model"))] = False
    return {model for model, crashed in last.items() if crashed}


def bring_back(deployment: str) -> None:
    """Schedule the lost runs of a deployment's work pool again, before all others."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        pool = client.read_deployment_by_name(deployment).work_pool_name
    bring_lost_to_the_front(pool)


def states_of(ids: Sequence[str]) -> dict[str, FlowRunState]:
    """Where flow runs stand, by id; those that were deleted are left out."""
    from uuid import UUID

    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    states = {}
    with get_client(sync_client=True) as client:
        for start in range(0, len(ids), PAGE):
            asked = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run_id) for run_id in ids[start : start + PAGE]]))
            for run in client.read_flow_runs(flow_run_filter=asked, limit=PAGE):
                states[str(run.id)] = _state(run)
    return states


def _state(run: FlowRun) -> FlowRunState:
    state = run.state
    hours = run.total_run_time.total_seconds() / 3600
    if state is None:
        return FlowRunState(False, False, hours, "")
    return FlowRunState(state.is_final(), state.is_completed(), hours, state.message or state.name or "")


def queue_report(
    week: str, verification: str, parameters: Mapping[str, Any], within: timedelta, *, after: str = ""
) -> bool:
    """Queue a run of the deployment of `weekly` that has the same work pool, due `within` a time. after: id of the run
    that asks for another look; each gets one. False if there is no such deployment."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName
    from prefect.states import Scheduled

    due = datetime.now(UTC) + within
    with get_client(sync_client=True) as client:
        pool = client.read_deployment_by_name(verification).work_pool_name
        known = client.read_deployments(flow_filter=FlowFilter(name=FlowFilterName(any_=["weekly"])))
        fit = sorted((weekly for weekly in known if weekly.work_pool_name == pool), key=lambda weekly: weekly.name)
        if not fit:
            return False
        client.create_flow_run_from_deployment(
            fit[0].id, parameters=dict(parameters), tags=[TAG], name=f"report of {week}",
            idempotency_key=f"report of {week} {after}", state=Scheduled(scheduled_time=due),
        )  # fmt: skip
    return True


def _create(client: SyncPrefectClient, deployment_id: Any, release: QueuedRelease, due: datetime, week: str) -> str:
    """A new run, or the one that somebody else has just made; one of the same week that has ended is none."""
    from prefect.states import Scheduled

    key = f"{week} {release.key}"
    while True:
        run = client.create_flow_run_from_deployment(
            deployment_id, parameters={"model": release.model, **release.parameters}, tags=[TAG, week],
            idempotency_key=key, state=Scheduled(scheduled_time=due),
        )  # fmt: skip
        if run.state is None or not run.state.is_final():
            return str(run.id)
        key = f"{week} {release.key} after {run.id}"


def _open_runs(client: SyncPrefectClient, deployment_id: Any) -> Iterator[FlowRun]:
    """Runs of a deployment that wait or go on."""
    return _runs(client, deployment_id, ended=False)


def _runs(client: SyncPrefectClient, deployment_id: Any, *, ended: bool) -> Iterator[FlowRun]:
    """Runs of a deployment that have ended in the last weeks, or have not, oldest first."""
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import TERMINAL_STATES, StateType
    from prefect.client.schemas.sorting import FlowRunSort

    types = list(TERMINAL_STATES) if ended else [state for state in StateType if state not in TERMINAL_STATES]
    since = datetime.now(UTC) - timedelta(weeks=5)
    asked = filters.FlowRunFilter(
        deployment_id=filters.FlowRunFilterDeploymentId(any_=[deployment_id]),
        state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=types)),
        expected_start_time=filters.FlowRunFilterExpectedStartTime(after_=since) if ended else None,
    )
    start = 0
    while True:
        page = client.read_flow_runs(
            flow_run_filter=asked, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=PAGE, offset=start
        )
        yield from page
        if len(page) < PAGE:
            return
        start += PAGE
