"""A tool call must come back as one before anything is paid for."""

from __future__ import annotations

import httpx

from evaluators.outside.harnesses.harness import Endpoint
from evaluators.outside.harnesses.idle_server import REFUSAL, idle_server
from evaluators.outside.harnesses.tool_preflight import tool_call_problem
from tests.demo_agents.scripted_model import scripted_model


def test_a_model_that_calls_tools_passes() -> None:
    with scripted_model(0, key="secret") as server:
        endpoint = Endpoint(f"{server.url}/v1", "scripted")
        assert tool_call_problem(endpoint, "secret") is None
        assert "401" in str(tool_call_problem(endpoint, "wrong"))


def test_a_server_that_gives_the_call_as_text_does_not() -> None:
    with idle_server() as endpoint:
        assert httpx.get(f"{endpoint.url}/models").json()["data"][0]["id"] == "idle"
        problem = str(tool_call_problem(endpoint, None))
    assert "--jinja" in problem
    assert REFUSAL in problem


def test_a_server_that_is_not_there_is_told() -> None:
    assert "did not answer" in str(tool_call_problem(Endpoint("http://127.0.0.1:9/v1", "m"), None))
