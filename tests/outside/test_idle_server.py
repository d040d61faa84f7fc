"""The model that does nothing, as controls of agents use it."""

import httpx

from evaluators.outside.harnesses.idle_server import REFUSAL, idle_server
from evaluators.outside.tool_calls import check_tool_calls
from tests.demo_agents.scripted_model import scripted_model


def test_it_refuses_and_calls_no_tool() -> None:
    with idle_server() as endpoint:
        assert httpx.get(f"{endpoint.url}/models").json()["data"][0]["id"] == endpoint.model
        assert not check_tool_calls(endpoint.url.removesuffix("/v1"), endpoint.model).usable
        reply = httpx.post(f"{endpoint.url}/chat/completions", json={}).json()
    assert reply["choices"][0]["message"]["content"] == REFUSAL


def test_the_scripted_model_of_the_demo_calls_tools() -> None:
    with scripted_model(0, key="secret") as server:
        assert check_tool_calls(server.url, "scripted", key="secret").usable
        assert check_tool_calls(server.url, "scripted", key="wrong").state == "refused"
