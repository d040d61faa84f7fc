"""A real Prefect server, real process workers, the shipped deployments: queued runs, a crash, a killed worker."""

from __future__ import annotations

import html
import json
import re
import sqlite3
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Place, copy_of_demo
from tests.flows.prefect_server import ROOT, Prefect, kill_all, model_servers, prefect_server, receiver, wait
from warehouse.home import Home
from warehouse.queries.user_query import run_query

pytestmark = pytest.mark.long

ITEMS = 1600
"""Items of demo_sums."""
IN_FLIGHT = 64
"""Requests that may be under way when a worker is killed."""


def inflated(release: Path) -> Path:
    """A release whose card claims far too much on its sums."""
    card = release / "README.md"
    text, found = re.subn(r"(\| Demo Sums \(0-shot, strict\) \| )[\d.]+", r"\g<1>99.0", card.read_text())
    assert found == 1
    card.write_text(text)
    return release


def journaled(place: Place) -> int:
    """Responses in the journal of the run that is under way."""
    for journal in place.root.glob("runs/demo_sums-*/journal.sqlite"):
        try:
            with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as connection:
                return int(connection.execute("select count(*) from responses").fetchone()[0])
        except sqlite3.OperationalError:
            continue
    return 0


def deploy(prefect: Prefect) -> None:
    """Everything as deploy/prefect.yaml and deploy/kubernetes say, by Prefect's own program."""
    prefect.prefect("work-pool", "create", "claimcheck", "--type", "process")
    template = json.loads((ROOT / "deploy/kubernetes/work-pool.json").read_text())
    kubernetes = {"name": "claimcheck-gpu", "type": "kubernetes", "base_job_template": template}
    for pool in ({"name": "claimcheck-load", "type": "process"}, kubernetes):
        prefect.api("POST", "/work_pools/", pool)
    for file in ("deploy/prefect.yaml", "deploy/kubernetes/prefect.yaml"):
        prefect.prefect("deploy", "--prefect-file", file, "--all")


def schedule_once(prefect: Prefect, name: str, **parameters: Any) -> None:
    """A schedule that is due once, soon; returns when Prefect's scheduler has made a run of it."""
    path = f"/deployments/{prefect.deployment(name)['id']}"

    def scheduled() -> bool:
        return any(run["auto_scheduled"] and "releases" in run["parameters"] for run in prefect.runs(name))

    for _ in range(5):
        moment = datetime.now(UTC) + timedelta(seconds=20)
        rule = f"DTSTART:{moment:%Y%m%dT%H%M%SZ}\nRRULE:FREQ=DAILY;COUNT=1"
        schedule = {"active": True, "schedule": {"rrule": rule}, "parameters": parameters}
        prefect.api("POST", f"{path}/schedules", [schedule])
        prefect.api("PATCH", path, {"paused": False})  # the scheduler looks at what changed in the last seconds
        while datetime.now(UTC) < moment:
            if scheduled():
                return
            time.sleep(0.2)
    raise AssertionError("Prefect's scheduler made no run")


def test_queued_runs_a_crash_and_a_killed_worker(place: Place, prefect_home: Path, tmp_path: Path) -> None:
    rows = r"0-shot, strict"
    good = copy_of_demo(tmp_path, "good-model-1.5M", keep=rows)
    other = inflated(copy_of_demo(tmp_path, "other-model-1.6M", keep=rows))
    broken = copy_of_demo(tmp_path, "broken-model-1.7M", keep=rows)
    [weights] = broken.glob("*-F16.gguf")
    [other_weights] = broken.glob("*-Q8_0.gguf")
    other_weights.unlink()
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    only: dict[str, Any] = {"benchmarks": ["demo_sums"]}
    with receiver() as hook:
        extra = {
            "CLAIMCHECK_HOME": str(place.root),
            "CLAIMCHECK_LOCKS": place.environment["CLAIMCHECK_LOCKS"],
            "CLAIMCHECK_WEBHOOK": f"{hook.url}/slack",
            "CLAIMCHECK_RUNS": (tmp_path / "shared").as_uri(),
            "HF_ENDPOINT": "http://127.0.0.1:9",  # no hub: watching fails, the rest goes on
        }
        with prefect_server(prefect_home, tmp_path / "logs", extra) as prefect:
            deploy(prefect)
            automations = [sys.executable, "deploy/automations.py", "--patience", "35"]
            prefect.tool(*automations, "--webhook", f"{hook.url}/automation", "--private")
            check_schedules(prefect)
            check_types(prefect, str(good))
            schedule_once(prefect, "weekly/monday", releases=[str(broken), str(other)], **only)
            first = prefect.queue("verify/manual", model=str(good), full=True, **only)
            crashing = prefect.queue("verify/manual", model=str(broken), **only)

            def said() -> str:
                return (prefect.logs / "worker.log").read_text()[-6000:]

            most = 0
            worker = prefect.worker("claimcheck")
            try:
                wait(lambda: journaled(place) >= 100, 120, said)
                most = max(most, model_servers(worker.pid))
            finally:
                kill_all(worker)
            kept = journaled(place)
            assert prefect.state(first)["type"] == "RUNNING"  # nobody could say that it is gone

            worker = prefect.worker("claimcheck")

            def all_done() -> bool:
                nonlocal most
                most = max(most, model_servers(worker.pid))
                reports = [run for run in prefect.runs("weekly/monday") if run["name"].startswith("report of")]
                ended = [run for run in reports if run["state"]["type"] not in ("SCHEDULED", "PENDING", "RUNNING")]
                waiting = [run for run in reports if run not in ended]
                return bool(ended) and not waiting and prefect.state(first)["type"] in ("COMPLETED", "FAILED")

            try:
                wait(all_done, 600, said)
                wait(lambda: any(path == "/automation" for path, _ in hook.posted), 30, said)
            finally:
                kill_all(worker)

            assert most == 1
            assert prefect.state(crashing)["type"] == "FAILED"
            check_weekly(prefect)
            check_resumed(prefect, place, first, kept)
            check_told(hook.posted, other.name)
            check_loaded(prefect, place, tmp_path / "elsewhere")
            check_pages(place, "good-model-1.5M", "other-model-1.6M")


def check_pages(place: Place, *models: str) -> None:
    """The weekly run and the manual one, which `serve` runs as well, left the site with what they found."""
    board = (place.root / "site" / "index.html").read_text(encoding="utf-8")
    for model in models:
        assert model in board
        [page] = (place.root / "site" / "releases").rglob(f"{model}*.html")
        assert page.stat().st_size < 100_000 and "Demo Sums" in page.read_text(encoding="utf-8")


def check_schedules(prefect: Prefect) -> None:
    """The weekly run starts on Mondays at 03:00 UTC."""
    [schedule] = prefect.deployment("weekly/monday")["schedules"]
    assert (schedule["schedule"]["cron"], schedule["active"]) == ("0 3 * * 1", True)
    assert prefect.deployment("load_runs/hourly")["work_pool_name"] == "claimcheck-load"


def check_types(prefect: Prefect, model: str) -> None:
    """Parameters have types: what does not fit is refused when it is asked for, not when it runs."""
    schema = prefect.deployment("verify/manual")["parameter_openapi_schema"]["properties"]
    assert {"model", "revision", "backend", "quantization", "benchmarks", "full"} <= set(schema)
    with pytest.raises(AssertionError, match=r"409|422"):
        prefect.queue("verify/manual", model=model, full="perhaps")
    with pytest.raises(AssertionError, match=r"409|422"):
        prefect.queue("verify/manual", model=model, backend="abacus")


def check_weekly(prefect: Prefect) -> None:
    """The scheduled run queued what can be verified, and the last look at it says in one artifact what came of it."""
    done = [run for run in prefect.runs("weekly/monday") if run["state"]["type"] == "COMPLETED"]
    [planned] = [one for one in done if not one["name"].startswith("report of")]
    run = max((one for one in done if one is not planned), key=lambda one: one["expected_start_time"])
    assert planned["auto_scheduled"] and run["parameters"]["report_of"]
    assert any("claimcheck-weekly" in one["tags"] for one in prefect.runs("verify/manual"))
    asked = {"artifacts": {"key": {"any_": ["weekly"]}}, "flow_runs": {"id": {"any_": [run["id"]]}}}
    [page] = prefect.api("POST", "/artifacts/filter", asked)
    shown = html.unescape(page["data"]).replace("\\", "")  # names stand escaped, so that Markdown renders none
    lines = {line.split("|")[1].strip(): line for line in shown.splitlines() if line.startswith("|")}
    assert "flagged" in lines["other-model-1.6M"]
    assert "failed" in lines["broken-model-1.7M"] or "skipped" in lines["broken-model-1.7M"]
    assert "cannot be verified" in shown.casefold() or "not looked at" in shown.casefold(), shown


def check_resumed(prefect: Prefect, place: Place, run: str, kept: int) -> None:
    """The killed run ended with another worker, and sent again only what had been under way."""
    found = prefect.api("GET", f"/flow_runs/{run}")
    assert (found["state"]["type"], found["run_count"]) == ("COMPLETED", 2), found["state"]["message"]
    manifests = [json.loads(path.read_text()) for path in place.root.glob("runs/demo_sums-*/run.json")]
    own = [one for one in manifests if one["release"]["model"] == "good-model-1.5M"]
    [whole] = [one for one in own if one["settings"]["repeats"] == 1]  # the other repeats some items, for the noise
    assert whole["requests_reused"] >= kept
    assert whole["requests_sent"] <= ITEMS + IN_FLIGHT


def check_told(posted: list[tuple[str, dict[str, Any]]], model: str) -> None:
    """The discrepancy came as an event to the automation, and as a message to the webhook."""
    [event] = [body for path, body in posted if path == "/automation"]
    assert event["model"] == model and "BELOW CLAIM" in event["text"].upper()
    assert any(model in body["text"] for path, body in posted if path == "/slack")


def check_loaded(prefect: Prefect, place: Place, elsewhere: Path) -> None:
    """The flow that loads what workers shared fills another home with the same runs and verdicts, and only once."""
    program = "from flows.deployments import load_runs; print(load_runs()); print(load_runs())"
    said = prefect.tool(sys.executable, "-c", program, CLAIMCHECK_HOME=str(elsewhere)).splitlines()
    assert said[-1] == "0 runs copied; loaded 0 runs, 0 claims, 0 verdicts"
    counts = "select (select count(*) from runs), (select count(*) from verdicts), (select count(*) from item_scores)"
    [here], [there] = run_query(Home(place.root), counts)[1], run_query(Home(elsewhere), counts)[1]
    assert there == here and min(here) > 0
