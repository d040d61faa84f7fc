"""`claimcheck serve`: the weekly schedule and manual runs on one machine, with no other service."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.config import configuration

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

Names = Annotated[tuple[str, ...], Parameter(negative=())]


def serve(*, cron: str = "0 3 * * 1", hours: float | None = None, release: Names = (), port: int = 4200) -> None:
    """Verify every week what is due, and a release whenever asked to, one at a time, until interrupted.

    Where PREFECT_API_URL is not set, a Prefect server is started on this machine and ended with this command.

    Parameters
    ----------
    cron
        When the weekly verification begins, UTC.
    hours
        Its budget in hours of the device; 20 if not given.
    release
        A hub id or folder that is due in any case (may be given several times).
    port
        Port of the Prefect server and its pages on 127.0.0.1.
    """
    from flows.runtime.prefect_server import local_api, resume_abandoned
    from flows.runtime.progress_lines import say
    from warehouse.home import Home
    from warehouse.store import reading

    home = configuration().home.absolute()
    os.environ["CLAIMCHECK_HOME"] = str(home)
    with reading(Home(home)):  # ours, and of a schema that we know
        pass
    os.environ.setdefault("PREFECT_SERVER_UI_ENABLED", "true")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    own = not os.environ.get("PREFECT_API_URL")
    with local_api(home, port=port) as ready:
        ready()
        from prefect import serve as serve_deployments

        if own:
            for name in resume_abandoned(["weekly/served", "verify/served"]):
                say(f"interrupted by a crash, goes on: {name}")
            say(f"pages at http://127.0.0.1:{port}")
        url = os.environ["PREFECT_API_URL"]
        say(f"verify one now: PREFECT_API_URL={url} prefect deployment run verify/served --param model=ORG/NAME")
        serve_deployments(
            *_deployments(cron, hours, release), limit=1, pause_on_shutdown=False, print_starting_message=False
        )


def _deployments(cron: str, hours: float | None, releases: tuple[str, ...]) -> list[RunnerDeployment]:
    from prefect.deployments.runner import RunnerDeployment
    from prefect.flows import EntrypointType
    from prefect.schedules import Cron

    from flows.deployments import deployed_verify, deployed_weekly

    asked: dict[str, object] = {"releases": list(releases), "queue": "verify/served"} | (
        {} if hours is None else {"hours": hours}
    )
    module = EntrypointType.MODULE_PATH
    when = Cron(cron, timezone="UTC")
    make = RunnerDeployment.from_flow
    return [
        make(deployed_weekly, name="served", schedule=when, parameters=asked, entrypoint_type=module),
        make(deployed_verify, name="served", entrypoint_type=module),
    ]
