"""Tool calls come back as calls, or what is missing is named: by real requests to servers of every kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.outside.tool_calls import check_tool_calls
from evaluators.outside.tool_cases import CASES
from flows.cli.doctor import doctor, examine_server
from tests.harness.conftest import RELEASE, artifact_of
from tests.harness.scripted_server import ScriptedServer, messaged

RIGHT = {
    "get_weather": {"city": "Paris", "unit": "celsius"},
    "add_numbers": {"first": 391, "second": 284},
    "book_table": {"restaurant": "Chez Nous", "guests": ["Ann", "Bob", "Carl"], "outside": False},
}


def call(name: str, arguments: Any) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": text}}


def wanted(body: dict[str, Any]) -> str:
    return next(case.wanted for case in CASES if case.question == body["messages"][0]["content"])


def able(body: dict[str, Any]) -> Any:
    if body["messages"][-1]["role"] == "tool":
        return messaged("Done.")
    name = wanted(body)
    return messaged(None, tool_calls=[call(name, RIGHT[name])])


def clumsy(body: dict[str, Any]) -> Any:
    if body["messages"][-1]["role"] == "tool":
        return messaged("Done.")
    given = {"get_weather": call("get_weather", {"city": "Paris", "unit": "kelvin"}),
             "add_numbers": call("add_numbers", "{first: 391"), "book_table": call("reserve", {})}  # fmt: skip
    return messaged(None, tool_calls=[given[wanted(body)]])


def unparsed(body: dict[str, Any]) -> Any:
    return messaged('<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>')


def untold(body: dict[str, Any]) -> Any:
    return messaged("It is sunny in Paris.")  # the prompt has 20 tokens, with and without tools


def talker(body: dict[str, Any]) -> Any:
    answer = messaged("It is sunny in Paris.")
    answer["usage"]["prompt_tokens"] = 300 if "tools" in body else 20
    return answer


def refuses(body: dict[str, Any]) -> Any:
    if "tools" not in body:
        return messaged("Hello.")
    return 400, {"error": {"message": '"auto" tool choice requires --enable-auto-tool-choice'}}, {}


def forgets(body: dict[str, Any]) -> Any:
    if body["messages"][-1]["role"] == "tool":
        return 500, {"error": {"message": "Unknown role: tool"}}, {}
    return able(body)


@pytest.mark.parametrize(
    ("server", "state", "valid", "said"),
    [
        (able, "parsed", 3, "3 of 3"),
        (clumsy, "parsed", 0, "no JSON"),
        (unparsed, "as_text", 0, "--tool-call-parser"),
        (untold, "not_told", 0, "the chat template leaves them out"),
        (talker, "no_call", 0, "without one"),
        (refuses, "refused", 0, "--enable-auto-tool-choice"),
        (forgets, "no_results", 3, "Unknown role"),
        (lambda body: {"choices": []}, "no_call", 0, "without one"),
        (lambda body: b"<html>", "no_call", 0, "without one"),
    ],
)
def test_each_fault_is_told_apart(server: Callable[[Any], Any], state: str, valid: int, said: str) -> None:
    with ScriptedServer({"/v1/chat/completions": server}) as running:
        found = check_tool_calls(running.url, "fake", dialect="vllm")
    assert (found.state, found.valid, found.usable) == (state, valid, state == "parsed")
    assert said in found.text
    assert "\n" not in found.text


def test_no_server_is_no_model() -> None:
    assert check_tool_calls("http://127.0.0.1:9", "fake").state == "silent"


def test_a_real_llama_server_whose_template_has_no_tools(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The demo model's template drops them without a word: the server says 200, and every agent would score 0."""
    artifact = artifact_of(next(RELEASE.glob("*F16.gguf")))
    options = ServerOptions(slots=1, threads=1, context=512)
    with open_server("llama.cpp", artifact, options, tmp_path_factory.mktemp("tools")) as server:
        found = check_tool_calls(server.url, server.describe().model, key=server.key, dialect="llama.cpp")
    assert found.state == "not_told"
    assert "--jinja" in found.text


def test_doctor_examines_a_running_server(capsys: pytest.CaptureFixture[str]) -> None:
    with ScriptedServer({"/v1/chat/completions": able, "/health": lambda _: {}}) as running:
        findings = {finding.what: finding for finding in examine_server(running.url, None, None)}
        assert doctor(url=running.url, json=True) == 0
    assert findings["server"].state == findings["tool calls"].state == "ok"
    assert "3 of 3" in capsys.readouterr().out
