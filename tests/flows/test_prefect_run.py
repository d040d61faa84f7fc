"""A command needs no Prefect server; one that is lost on the way costs a line and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import tenacity.nap

from evaluators.user_error import UserError
from flows.runtime.prefect_run import NETWORK_WAITS, in_prefect_run, step, write_page
from tests.flows.prefect_server import ROOT, prefect_server


def test_outside_a_run_a_step_is_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", waited.append)
    calls: list[int] = []

    @step(network=True)
    def shaky(least: int) -> str:
        assert not in_prefect_run()
        calls.append(least)
        if len(calls) < least:
            raise ConnectionError("reset")
        return "done"

    assert shaky(3) == "done" and len(calls) == 3 and waited == list(NETWORK_WAITS[:2])

    @step(network=True)
    def wrong() -> None:
        calls.append(0)
        raise UserError("no such release")

    calls.clear()
    with pytest.raises(UserError):
        wrong()
    assert len(calls) == 1, "what cannot pass is not tried again"
    write_page("nowhere", markdown="no page is written, and no server asked for one")


PROGRAM = """
import os, signal
from flows.runtime.prefect_server import set_defaults
set_defaults()
from prefect import flow
from prefect.cache_policies import NO_CACHE
from flows.runtime.prefect_run import in_prefect_run, run_flow, step

@step(cache_policy=NO_CACHE)
def work(name):
    print(name, in_prefect_run(), flush=True)

@flow
def job():
    work("before")
    if in_prefect_run():
        os.killpg(int(os.environ["SERVER"]), signal.SIGKILL)
        work("lost")
    return "result"

print(run_flow(job))
"""


@pytest.mark.long
def test_a_server_that_dies_on_the_way_costs_a_line(prefect_home: Path, tmp_path: Path) -> None:
    with prefect_server(prefect_home, tmp_path / "logs", {}) as prefect:
        said = prefect.tool(
            sys.executable, "-c", PROGRAM, SERVER=str(prefect.pid), CLAIMCHECK_HOME=str(tmp_path), PYTHONPATH=str(ROOT)
        )
    ours = [line for line in said.splitlines() if line.split(" ")[0] in ("before", "lost", "result")]
    assert ours == ["before True", "lost True", "before False", "result"] or ours[1:] == ["before False", "result"], (
        said
    )
    assert said.count("PREFECT_API_URL is gone") == 1
    assert "Traceback" not in said


QUEUED = """
import os, signal, sys
from flows.runtime.prefect_server import set_defaults
set_defaults()
from prefect import flow
from prefect.cache_policies import NO_CACHE
from flows.runtime.prefect_run import in_prefect_run, outlast_server, step

def unguarded():  # what of Prefect asks its server with a client of its own
    from prefect.client.orchestration import get_client
    if in_prefect_run():
        with get_client(sync_client=True) as client:
            client.hello()

@step(cache_policy=NO_CACHE)
def work(name):
    print(name, in_prefect_run(), flush=True)

def body():
    work("before")
    unguarded()
    if in_prefect_run():
        os.killpg(int(os.environ["SERVER"]), signal.SIGKILL)
    unguarded()
    return "result"

@flow
def job():
    print(outlast_server(body), flush=True)
    os._exit(0)  # nobody is there to be told of the end

job()
"""


@pytest.mark.long
def test_a_queued_run_whose_server_dies_goes_on_without_its_pages(prefect_home: Path, tmp_path: Path) -> None:
    with prefect_server(prefect_home, tmp_path / "logs", {}) as prefect:
        said = prefect.tool(
            sys.executable, "-c", QUEUED, SERVER=str(prefect.pid), CLAIMCHECK_HOME=str(tmp_path), PYTHONPATH=str(ROOT)
        )
    ours = [line for line in said.splitlines() if line.split(" ")[0] in ("before", "result")]
    assert ours == ["before True", "before False", "result"], said
    assert said.count("PREFECT_API_URL is gone") == 1 and "Traceback" not in said
