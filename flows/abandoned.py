"""Runs whose process is gone: put back into the queue, where the next worker takes them up."""

from __future__ import annotations

from collections.abc import Sequence


def resume_abandoned(deployments: Sequence[str]) -> list[str]:
    """Schedule again what a Prefect server of our own still holds for running. Returns their names.

    deployments: their full names, `verify/manual`. Only for a server that nobody else uses: there, what is running
    when we start was left behind by a crash. Elsewhere the automation of `deploy/automations.py` does it.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterName,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.states import Scheduled

    left = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
    names = [name.partition("/")[2] for name in deployments]
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=left))),
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=names)),
        )
        for run in found:
            client.set_flow_run_state(run.id, Scheduled(name="AwaitingRetry"), force=True)
    return [run.name for run in found]
