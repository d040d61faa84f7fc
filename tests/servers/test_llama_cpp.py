"""A real llama.cpp server on a real file: what it says of itself, and how it comes back."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.backends.llama_cpp.flags import llama_server_flags
from evaluators.backends.llama_cpp.llama_server import LlamaCppServer
from evaluators.backends.llama_cpp.model_file import read_header
from evaluators.records import Artifact, UserError
from evaluators.weights.architecture import architecture_of_config
from evaluators.weights.memory import cache_bytes, cache_room
from tests.servers.conftest import TEMPLATE, gguf_artifact


def test_describes_itself(server: LlamaCppServer, tiny: Artifact) -> None:
    found = server.describe()
    assert found.version.startswith("b") and "xllamacpp" in found.version
    assert (found.model, found.artifact_key) == ("maker/tiny", tiny.key)
    assert (found.slots, found.context, found.vocabulary) == (2, 512, 259), "300 tokens a slot, rounded up by llama.cpp"
    assert (found.kv_type, found.flash_attention, found.adds_bos) == ("f16", "auto", True)
    assert found.chat_template_sha256 == hashlib.sha256(TEMPLATE.encode()).hexdigest()
    assert found.flags["ctx-size"] == "1024"
    assert not {"port", "model", "api-key"} & found.flags.keys(), "what determines no answer stays out"
    assert server.key and server.key not in found.model_dump_json()
    assert found.hardware.cores and found.hardware.memory


def test_answers_only_who_has_the_key_and_does_not_log_it(server: LlamaCppServer) -> None:
    body = {"prompt": "a", "n_predict": 2, "temperature": 0}
    assert httpx.post(f"{server.url}/completion", json=body).status_code == 401
    answer = httpx.post(f"{server.url}/completion", json=body, headers={"Authorization": f"Bearer {server.key}"})
    assert answer.json()["tokens_predicted"] <= 2
    assert (
        server.key and server.key not in server.log.read_text() and server.key not in " ".join(server.process.command)
    )


def test_comes_back_on_the_same_port_after_it_was_killed(tiny: Artifact, tmp_path: Path) -> None:
    with LlamaCppServer(tiny, ServerOptions(threads=1), tmp_path) as server:
        url, described = server.url, server.describe()
        assert server.process.pid
        os.kill(server.process.pid, signal.SIGKILL)
        while server.process.running():
            os.sched_yield()
        assert not server.alive()
        server.restart()
        assert server.alive() and server.url == url and server.describe() == described
        server.stop()
        server.stop()
        assert not server.alive()


def test_takes_the_llama_server_on_the_path(
    tiny: Artifact, tmp_path: Path, program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(program('exec {embedded} "$@"')).parent
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    with open_server(
        "llama.cpp", tiny, ServerOptions(threads=1, kv_type="f32", flash_attention="off"), tmp_path
    ) as server:
        found = server.describe()
    assert found.version == "b0-unknown", "the server's own words, not the package's"
    assert (found.kv_type, found.flash_attention) == ("f32", "off")


def test_context_is_per_request_and_extra_arguments_win(tiny: Artifact, tiny_gguf: Path) -> None:
    header = read_header(tiny_gguf)
    assert cache_bytes(header.architecture, 1)[0] == 2 * 64 and header.context == 1024 and header.chat_template
    flags = llama_server_flags(tiny, header, ServerOptions(context=512, slots=3), 1)
    assert (flags["--ctx-size"], flags["--parallel"]) == ("1536", "3")
    flags = llama_server_flags(tiny, header, ServerOptions(slots=3, extra=("-np", "2", "-ngl", "99", "--no-mmap")), 1)
    assert (flags["--ctx-size"], flags["--parallel"]) == ("2048", "2"), "no context asked for: the model's own"
    assert (flags["--gpu-layers"], flags["--no-mmap"]) == ("99", "")


def test_context_fits_the_memory_where_none_is_asked_for(tiny: Artifact, tiny_gguf: Path) -> None:
    heads = replace(architecture_of_config({}), layers=10, kv_heads=(10,) * 10, key_length=500, value_length=500)
    header = replace(read_header(tiny_gguf), context=1_000_000, architecture=heads, size=10 * 2**30)
    flags = llama_server_flags(tiny, header, ServerOptions(), 1, gpu_memory=80 * 2**30)
    slots, total = int(flags["--parallel"]), int(flags["--ctx-size"])
    assert slots == 16 and total % (16 * 256) == 0
    left = cache_room(header.size, 80 * 2**30)
    assert 0.95 * left < total * 100_000 * 2 <= left, "what the weights and buffers leave"
    assert (
        int(llama_server_flags(tiny, header, ServerOptions(kv_type="q8_0"), 1, 80 * 2**30)["--ctx-size"]) > 1.8 * total
    )


def test_records_what_the_environment_sets(
    server: LlamaCppServer, tiny: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_ARG_BATCH", "64")
    monkeypatch.setenv("LLAMA_ARG_HF_TOKEN", "hidden")
    added = LlamaCppServer._describe(server).flags.items() - server.describe().flags.items()
    assert added == {("env LLAMA_ARG_BATCH", "64")}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ServerOptions(context=2000), "the model has 1024"),
        (ServerOptions(slots=10**9), "does not fit the .* GiB of this machine"),
        (ServerOptions(kv_type="f12"), "no KV cache type f12"),
        (ServerOptions(executable="/nowhere/llama-server"), "no executable /nowhere/llama-server"),
        (ServerOptions(extra=("--model", "other.gguf")), "--model is set by claimcheck"),
        (ServerOptions(extra=("--port", "x")), "not 'x'"),
    ],
)
def test_refuses_before_it_starts(tiny: Artifact, tmp_path: Path, options: ServerOptions, words: str) -> None:
    with pytest.raises(UserError, match=words):
        open_server("llama.cpp", tiny, options, tmp_path)


def test_refuses_files_that_are_no_sound_gguf(tiny_gguf: Path, tmp_path: Path) -> None:
    data = tiny_gguf.read_bytes()
    cases = {
        "missing.gguf": (None, "no file"),
        "empty.gguf": (b"", "no GGUF"),
        "garbage.gguf": (b"not a model" * 1000, "no GGUF"),
        "version.gguf": (data[:4] + b"\xff" * 4 + data[8:], "version 4294967295"),
        "header.gguf": (data[:2000], "truncated"),
        "count.gguf": (data[:16] + b"\xff" * 8 + data[24:], "damaged"),
        "part-00001-of-00002.gguf": (data, "no file .*part-00002-of-00002.gguf"),
    }
    for name, (content, words) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=words):
            LlamaCppServer(gguf_artifact(tmp_path / name), ServerOptions(), tmp_path)
