"""Command line, deployments and the weekly flow take the same options."""

import inspect
from typing import Any

import pytest

from evaluators.user_error import UserError
from flows.cli.app import build_app
from flows.deployments import deployed_verify, deployed_weekly
from flows.options import ENVIRONMENT_ONLY, RunOptions, VerifyOptions, given


def fields(model: type[RunOptions]) -> set[str]:
    return set(model.model_fields) - set(ENVIRONMENT_ONLY)


def parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters)


def on_the_command_line(command: str) -> set[str]:
    found = build_app()[command].assemble_argument_collection()
    names = {str(argument.field_info.name) for argument in found if argument.show}
    return names | {argument.name.removeprefix("--").replace("-", "_") for argument in found if argument.show}


@pytest.mark.parametrize(
    ("command", "model"), [("verify", VerifyOptions), ("plan", VerifyOptions), ("weekly", RunOptions)]
)
def test_the_command_line_takes_every_option(command: str, model: type[RunOptions]) -> None:
    assert fields(model) <= on_the_command_line(command)


@pytest.mark.parametrize(("flow", "model"), [(deployed_verify, VerifyOptions), (deployed_weekly, RunOptions)])
def test_a_deployment_takes_every_option_and_explains_it(flow: Any, model: type[RunOptions]) -> None:
    assert fields(model) <= parameters(flow.fn)
    for name in fields(model):
        assert f"    {name}: " in flow.fn.__doc__, name
        assert name in flow.parameters.properties


def test_what_is_not_given_is_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMCHECK_BACKEND", "vllm")
    monkeypatch.setenv("CLAIMCHECK_ALPHA", "0.01")
    options = given(VerifyOptions, {"quantization": "Q8_0", "context": None, "slots": 3, "port": 9})
    assert (options.backend, options.alpha, options.quantization) == ("vllm", 0.01, "Q8_0")
    assert (options.server.slots, options.server.context, options.server.extra) == (3, None, ("--port", "9"))
    monkeypatch.setenv("CLAIMCHECK_ALPHA", "often")
    with pytest.raises(UserError, match="CLAIMCHECK_ALPHA"):
        VerifyOptions()


def test_an_address_alone_is_that_of_a_server_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "http://127.0.0.1:7"
    assert VerifyOptions(url=address).backend == "attached"
    assert given(RunOptions, {"url": address, "backend": None}).backend == "attached"
    assert VerifyOptions(url=address, backend="llama.cpp").backend == "llama.cpp"
    monkeypatch.setenv("CLAIMCHECK_BACKEND", "ollama")
    assert VerifyOptions(url=address).backend == "ollama"


def test_budgets_of_agents_must_leave_something_and_be_priced() -> None:
    with pytest.raises(UserError, match="leaves nothing to run"):
        VerifyOptions(token_budget=0)
    with pytest.raises(UserError, match="--read-price"):
        VerifyOptions(dollar_budget=5.0)
    assert VerifyOptions(dollar_budget=5.0, generated_price=1.2).dollar_budget == 5.0
