"""The chat protocol: thinking is set apart, every ending has its name, and the request says what is meant."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from evaluators.backends.client import Client
from evaluators.backends.openai_api.chat import EFFORTS, Chat, as_json
from evaluators.backends.openai_api.replies import read_chat
from evaluators.backends.openai_api.thinking import set_apart
from evaluators.backends.protocol import Request
from evaluators.harness import RetryLimits
from evaluators.records import RequestKind, Response, ServerDescription, Settings
from tests.harness.fakes import Reachable

SERVER = ServerDescription(backend="vllm", version="0", model="m", context=4096)


def ask(
    message: dict[str, Any],
    finish: str = "stop",
    arguments: dict[str, Any] | None = None,
    settings: Settings | None = None,
    dialect: str = "vllm",
) -> tuple[Response, dict[str, Any]]:
    """The Response to one chat request that the server answers with `message`, and the request's body."""
    seen: list[dict[str, Any]] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(await request.json())
        usage = {"prompt_tokens": 7, "completion_tokens": 3}
        return web.json_response({"choices": [{"message": message, "finish_reason": finish}], "usage": usage})

    async def go() -> Response:
        application = web.Application()
        application.router.add_post("/v1/chat/completions", handle)
        async with TestServer(application) as server:
            client = Client(Reachable(server.port or 0, 1), RetryLimits())
            history = as_json([{"role": "user", "content": "2+2?"}])
            request = Request("t", 0, 0, 0, RequestKind.generate, (history, arguments or {}), 99, "k")
            chat = Chat(SERVER, settings or Settings(), dialect)
            try:
                return await anext(chat.answer(client, [request], 0))
            finally:
                await client.close()

    return asyncio.run(go()), seen[0]


@pytest.mark.parametrize(
    ("message", "finish", "status", "text", "reasoning"),
    [
        ({"content": "4"}, "stop", "ok", "4", None),
        ({"content": "4", "reasoning_content": "2+2 is 4"}, "stop", "ok", "4", "2+2 is 4"),
        ({"content": "4", "reasoning": "sum"}, "stop", "ok", "4", "sum"),
        ({"content": "<think>2+2</think>\n\n4"}, "stop", "ok", "4", "2+2"),
        ({"content": "2+2</think>4"}, "stop", "ok", "4", "2+2"),
        ({"content": "<think>2+2 and so on"}, "length", "truncated", "", "2+2 and so on"),
        ({"content": None, "reasoning_content": "2+2"}, "stop", "empty", "", "2+2"),
        ({"content": "  "}, "stop", "empty", "  ", None),
        ({"content": "", "refusal": "I will not"}, "stop", "refused", "", None),
        ({"content": ""}, "content_filter", "refused", "", None),
        ({"content": "4 and then"}, "length", "truncated", "4 and then", None),
    ],
)
def test_endings(message: dict[str, Any], finish: str, status: str, text: str, reasoning: str | None) -> None:
    """Each way to end has its status, and reasoning is never part of the answer."""
    response, _ = ask(message, finish)
    assert (response.status.value, response.text, response.reasoning) == (status, text, reasoning)
    assert (response.prompt_tokens, response.generated_tokens, response.seed) == (7, 3, 99)


def test_text_where_a_stream_or_the_other_route_has_it() -> None:
    for choice in ({"text": "4"}, {"delta": {"content": "4"}}, {"text": "4", "message": {"content": ""}}):
        assert read_chat({"choices": [choice | {"finish_reason": "stop"}]}).content == "4"


def test_a_gateway_that_hides_how_the_answer_ended() -> None:
    choice = {"message": {"content": "4 and"}, "finish_reason": "stop", "native_finish_reason": "MAX_TOKENS"}
    assert read_chat({"choices": [choice]}).finish == "max_tokens"
    assert read_chat({"choices": [choice | {"native_finish_reason": "STOP"}]}).finish == "stop"


def test_request_says_what_is_meant() -> None:
    """All stop strings, the model's own limit where none is stated, neutral sampling, thinking and effort."""
    arguments = {"until": list("abcdef"), "do_sample": True, "temperature": 0.6, "top_p": 0.9}
    _, body = ask({"content": "4"}, arguments=arguments, settings=Settings(thinking="off", effort="high"))
    assert body["stop"] == list("abcdef")
    assert body["max_tokens"] == 4096 and body["seed"] == 99
    assert (body["temperature"], body["top_p"], body["top_k"], body["min_p"]) == (0.6, 0.9, -1, 0.0)
    assert body["chat_template_kwargs"] == {"enable_thinking": False, "thinking": False} | dict.fromkeys(
        EFFORTS, "high"
    )
    assert "do_sample" not in body and "until" not in body


def test_hosted_api_gets_only_what_it_knows() -> None:
    """No template arguments and no limit of ours for a server that is not ours."""
    _, body = ask({"content": "4"}, settings=Settings(thinking="on"), dialect="openai")
    assert not {"chat_template_kwargs", "max_tokens", "top_k", "min_p"} & body.keys()


def test_hosted_api_takes_four_stop_strings() -> None:
    """The others are applied to its answer."""
    response, body = ask({"content": "4 f e"}, arguments={"until": list("abcdef")}, dialect="openai")
    assert body["stop"] == list("abcd") and response.text == "4 "


@given(reasoning=st.text(alphabet="ab \n", max_size=20), answer=st.text(alphabet="cd \n4", max_size=20))
def test_think_tags_split_exactly(reasoning: str, answer: str) -> None:
    """Nothing of the reasoning leaks into the answer and nothing of the answer is lost."""
    for opening in ("<think>", ""):
        found, text = set_apart(f"{opening}{reasoning}</think>{answer}")
        assert found == reasoning.strip()
        assert text == answer.lstrip()
    assert set_apart(answer) == (None, answer)
