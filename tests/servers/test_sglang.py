"""The SGLang backend against a program that speaks its protocol: started, attached, log-likelihoods, failures."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.backends.client import Client
from evaluators.backends.protocol import Request
from evaluators.backends.registry import backend, engine_version, named
from evaluators.backends.retry import RetryLimits
from evaluators.backends.select import choose_protocols, speaks
from evaluators.backends.server import ModelServer
from evaluators.records import (
    Artifact,
    Release,
    RequestKind,
    Response,
    ResponseStatus,
    Settings,
    UserError,
    WeightFile,
)
from flows.demo import RELEASE
from tests.servers.sglang_stand_in import logprob

STAND_IN = Path(__file__).with_name("sglang_stand_in.py")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What CLAIMCHECK_SGLANG names: a Python whose `-m sglang.launch_server` is the stand-in."""
    path = tmp_path_factory.mktemp("sglang") / "python3"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("weights") / "release"
    shutil.copytree(RELEASE, folder, ignore=shutil.ignore_patterns("*.gguf"))
    files = tuple(
        WeightFile(name=path.name, size=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.iterdir())
    )
    release = Release(model="maker/demo", commit="0", location=str(folder))
    return Artifact(release=release, format="safetensors", quantization="f16", path=str(folder), files=files)


@pytest.fixture(scope="module")
def server(program: Path, artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    options = ServerOptions(executable=str(program), context=1000, slots=3)
    with open_server("sglang", artifact, options, tmp_path_factory.mktemp("logs")) as running:
        yield running


def ask(server: ModelServer, *requests: Request) -> list[Response]:
    async def answers() -> list[Response]:
        client = Client(server, RetryLimits(attempts=1))
        protocol = choose_protocols(
            server.describe(), {request.kind for request in requests}, Settings(), speaks(server)
        )
        try:
            await protocol.prepare(client)
            return [answer for job in protocol.jobs(requests) async for answer in protocol.answer(client, job, 0)]
        finally:
            await client.close()

    return asyncio.run(answers())


def choice(index: int, context: str, continuation: str) -> Request:
    kind = RequestKind.loglikelihood
    return Request("t", 0, index, 0, kind, (context, continuation), seed=1, key=str(index))


def test_it_describes_itself_and_keeps_its_key_to_itself(server: ModelServer, artifact: Artifact) -> None:
    about = server.describe()
    assert (about.backend, about.version, about.slots, about.context) == ("sglang", "0.5.9", 3, 1000)
    assert about.artifact_key == artifact.key and about.flags["sampling-defaults"] == "openai"
    words = [word for child in psutil.Process().children(recursive=True) for word in child.cmdline()]
    assert server.key and not any(server.key in word for word in words)
    configs = [Path(word) for word in words if word.endswith(".yaml")]
    assert configs and not any(path.exists() for path in configs)


def test_log_likelihoods_are_those_of_the_continuation(server: ModelServer) -> None:
    context, choices = "2 + 2 =", (" 4", " five")
    found = ask(server, *(choice(index, context, text) for index, text in enumerate(choices)))
    for answer, text in zip(found, choices, strict=True):
        ids = list((context + text).encode())
        values = [logprob(ids[at], ids[at - 1]) for at in range(len(context), len(ids))]
        assert answer.status is ResponseStatus.ok and answer.logprob == pytest.approx(sum(values))
        assert answer.greedy == all(value == -1 / 8 for value in values)


def test_what_is_no_number_fails_its_request_alone(server: ModelServer) -> None:
    broken, sound = ask(server, choice(0, "NaN", " x"), choice(1, "sound", " x"))
    assert (broken.status, broken.logprob) == (ResponseStatus.failed, None)
    assert sound.status is ResponseStatus.ok and sound.logprob is not None


def test_answers_are_generated(server: ModelServer) -> None:
    request = Request("t", 0, 0, 0, RequestKind.generate, ("3 + 4 =", {"until": ["\n"], "max_gen_toks": 8}), 1, "k")
    [answer] = ask(server, request)
    assert (answer.text, answer.finish_reason) == (" 7", "stop")


def test_an_attached_one_is_recognised(server: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEY_OF_SGLANG", str(server.key))
    options = ServerOptions(url=server.url, key_variable="KEY_OF_SGLANG")
    with open_server("attached", None, options, tmp_path) as attached:
        assert speaks(attached) == "sglang" and attached.describe().version == "sglang 0.5.9"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"context": 4096}, "the model has 2048"),
        ({"threads": 4}, "SGLang takes no threads"),
        ({"extra": ("--trust-remote-code",)}, "never run"),
        ({"extra": ("--api-key", "x")}, "set by claimcheck"),
        ({"executable": "/nowhere/python3"}, "no executable /nowhere/python3"),
    ],
)
def test_what_cannot_work_is_refused_before_a_start(
    program: Path, artifact: Artifact, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    options = ServerOptions.model_validate({"executable": str(program), **changes})
    with pytest.raises(UserError, match=message):
        open_server("sglang", artifact, options, tmp_path)


def test_a_failed_start_names_its_cause_and_leaves_no_key(program: Path, artifact: Artifact, tmp_path: Path) -> None:
    options = ServerOptions(executable=str(program), extra=("--no-such-flag", "1"))
    with (
        pytest.raises(UserError, match=r"SGLang did not start: .*unrecognized arguments"),
        open_server("sglang", artifact, options, tmp_path),
    ):
        pass
    assert not list(tmp_path.glob("*.yaml"))


def test_the_registry_is_all_there_is_to_it() -> None:
    assert backend("sglang").format == "safetensors" and named("SGLang") == "sglang"
    assert engine_version("sglang", ServerOptions(executable="/nowhere/python3")) is None
