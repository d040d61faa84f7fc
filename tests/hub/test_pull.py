"""Pulling from a hub, through the real client: pinned, checked, resumed, refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluators.records import UserError
from evaluators.specification import specification
from evaluators.weights import pull, quantizations, resolve
from tests.weights.conftest import write_gguf, write_safetensors

from .server import Hub

There = Callable[..., Any]
CHUNK = 10 << 20
"""Bytes that the client hands on at a time."""


def safetensors(tmp_path: Path, elements: int = 64, seed: str = "w") -> bytes:
    """Content of a safetensors file."""
    return write_safetensors(tmp_path / "x.safetensors", {f"{seed}.weight": ("BF16", [elements])}).read_bytes()


def model(tmp_path: Path, **files: bytes) -> dict[str, bytes]:
    """Files of a small release, with some that no artifact needs."""
    return {
        "config.json": json.dumps({"model_type": "llama", "torch_dtype": "bfloat16"}).encode(),
        "tokenizer.json": b"{}",
        "README.md": b"---\nlicense: mit\n---\n",
        "model.safetensors": safetensors(tmp_path),
        "tiny-Q8_0.gguf": write_gguf(tmp_path / "x.gguf").read_bytes(),
        "pytorch_model.bin": b"\x80\x04.",
        "modeling_tiny.py": b"raise SystemExit",
        **files,
    }


def test_only_what_is_needed_is_fetched_and_nothing_twice(hub: Hub, there: There, tmp_path: Path) -> None:
    files = model(tmp_path)
    commit = hub.commit("acme/tiny", files)
    release = there(resolve, "acme/tiny")
    assert (release.commit, release.location) == (commit, "hub")
    artifact = there(pull, release, "safetensors")
    assert {file.name: file.sha256 for file in artifact.files} == {
        name: hashlib.sha256(files[name]).hexdigest() for name in ("model.safetensors", "config.json", "tokenizer.json")
    }
    assert (Path(artifact.path) / "model.safetensors").read_bytes() == files["model.safetensors"]
    assert not {"README.md", "pytorch_model.bin", "modeling_tiny.py", "tiny-Q8_0.gguf"} & {
        request.path.rpartition("/")[2] for request in hub.requests
    }
    hub.requests.clear()
    assert there(pull, there(resolve, "acme/tiny", commit), "safetensors") == artifact
    assert hub.requests == []


def test_moved_branch_does_not_change_a_pinned_run(hub: Hub, there: There, tmp_path: Path) -> None:
    before = hub.commit("acme/moving", model(tmp_path))
    release = there(resolve, "acme/moving")
    after = hub.commit("acme/moving", {"model.safetensors": safetensors(tmp_path, seed="v")})
    artifact = there(pull, release, "safetensors")
    assert artifact.release.commit == before != after
    assert b"w.weight" in (Path(artifact.path) / "model.safetensors").read_bytes()
    newer = there(pull, there(resolve, "acme/moving", "main"), "safetensors")
    assert newer.release.commit == after and newer.key != artifact.key


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_flipped_byte_is_refused(hub: Hub, there: There, tmp_path: Path, name: str) -> None:
    hub.commit(f"acme/flip-{name}", model(tmp_path, **{"tokenizer.json": b'{"flip": "%s"}' % name.encode()}))
    release = there(resolve, f"acme/flip-{name}")
    hub.flipped.add(name)
    with pytest.raises(UserError, match=f"{name} of acme/flip-{name} came with hash .* refused and deleted"):
        there(pull, release, "safetensors")
    hub.flipped.clear()
    artifact = there(pull, release, "safetensors")
    blob = (Path(artifact.path) / name).resolve()
    blob.chmod(0o644)
    content = blob.read_bytes()
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UserError, match=rf"{name} .*delete .*/blobs/"):
        there(pull, release, "safetensors")


def test_killed_pull_goes_on_where_it_stopped(
    hub: Hub, environment: dict[str, str], there: There, tmp_path: Path
) -> None:
    big = safetensors(tmp_path, elements=13 << 20)
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = {"weight_map": {"a": names[0], "w.weight": names[1]}}
    first = safetensors(tmp_path, elements=90_000, seed="a")
    hub.commit("acme/big", {"config.json": b'{"dtype": "bfloat16"}', names[0]: first, names[1]: big,
                            "model.safetensors.index.json": json.dumps(index).encode()})  # fmt: skip
    hub.held[names[1]] = 2 * CHUNK
    script = (
        "from evaluators.weights import pull, resolve\n"
        "pull(resolve('acme/big'), progress=lambda name, done, total: print(name, done, total, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        for line in child.stdout:
            if line.startswith(f"{names[1]} {CHUNK} "):
                child.kill()
                break
    hub.release.set()
    hub.requests.clear()
    artifact = there(pull, there(resolve, "acme/big"))
    assert {request.range for request in hub.sent(names[1])} == {f"bytes={CHUNK}-"}
    assert sum(request.sent for request in hub.sent(names[1])) == len(big) - CHUNK
    assert hub.sent(names[0]) == []
    assert {file.name: file.sha256 for file in artifact.files}[names[1]] == hashlib.sha256(big).hexdigest()


def test_gated_private_unknown_and_busy(hub: Hub, there: There, tmp_path: Path) -> None:
    hub.commit("acme/gated", model(tmp_path))
    hub.repositories["acme/gated"].gated = True
    with pytest.raises(UserError, match=r"acme/gated is gated: accept its terms at http.*/acme/gated and set HF_TOKEN"):
        there(pull, there(resolve, "acme/gated"), "gguf")
    with pytest.raises(UserError, match="no release acme/nothing on the hub, or it is private"):
        there(resolve, "acme/nothing")
    with pytest.raises(UserError, match="acme/gated has no revision v9"):
        there(resolve, "acme/gated@v9")
    hub.commit("acme/busy", model(tmp_path))
    hub.busy = 2
    assert there(resolve, "acme/busy").model == "acme/busy"
    assert [request.status for request in hub.requests[-3:]] == [429, 429, 200]
    hub.busy = 99
    with pytest.raises(UserError, match="the hub asks to come back later about acme/busy"):
        there(resolve, "acme/busy")


def test_token_opens_a_gated_release(hub: Hub, environment: dict[str, str], tmp_path: Path) -> None:
    hub.commit("acme/members", model(tmp_path))
    hub.repositories["acme/members"].gated = True
    hub.repositories["acme/members"].readers.add("hf_open")
    script = "from evaluators.weights import pull, resolve; print(pull(resolve('acme/members'), 'gguf').quantization)"
    for token, words in (("hf_shut", "is gated"), ("hf_open", "Q8_0")):
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment | {"HF_TOKEN": token}, capture_output=True, text=True
        )
        assert words in done.stdout + done.stderr


def test_truncated_gguf_on_the_hub_is_refused(hub: Hub, there: There, tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "m.gguf").read_bytes()
    hub.commit("acme/short", {"m-Q8_0.gguf": whole[:-50]})
    with pytest.raises(UserError, match=r"m-Q8_0\.gguf is truncated: tensor blk"):
        there(pull, there(resolve, "acme/short"))


def test_specification_pulls_no_weights(hub: Hub, there: There, tmp_path: Path) -> None:
    large = write_gguf(tmp_path / "m.gguf", vocabulary=200_000, tensors=4000).read_bytes()
    weights = safetensors(tmp_path, elements=4 << 20)
    config = {"model_type": "llama", "max_position_embeddings": 4096, "torch_dtype": "bfloat16"}
    files = {
        "config.json": json.dumps(config).encode(),
        "LICENSE": b"Permission is hereby granted",
        "tiny-Q8_0.gguf": large,
    }
    hub.commit("acme/spec", model(tmp_path, **files, **{"model.safetensors": weights}))
    release = there(resolve, "acme/spec")
    plain = {found.benchmark: found for found in there(specification, release)}
    assert plain["total_parameters"].score == 4 << 20
    assert plain["context_window"].score == 4096
    assert plain["license"].evidence["value"] == "MIT"
    assert sum(request.sent for request in hub.sent("model.safetensors")) < 300_000
    packed = {found.benchmark: found for found in there(specification, release, quantization="Q8_0")}
    assert packed["total_parameters"].score == 4000 * 256
    assert packed["file_size"].score == len(large)
    assert {offer.quantization for offer in there(quantizations, release)} == {"bf16", "Q8_0"}


def without_network(endpoint: str, environment: dict[str, str], script: str) -> str:
    """Last line of a command that cannot reach the hub; it has to end within 10 s."""
    done = subprocess.run(
        [sys.executable, "-c", f"from evaluators.weights import pull, resolve\n{script}"],
        env=environment | {"HF_ENDPOINT": endpoint}, capture_output=True, text=True, timeout=10,
    )  # fmt: skip
    return done.stderr.strip().splitlines()[-1]


def test_no_network_is_one_line_within_ten_seconds(
    hub: Hub, environment: dict[str, str], there: There, tmp_path: Path
) -> None:
    line = without_network("http://hub.invalid", environment, "resolve('acme/tiny')")
    assert "UserError: cannot reach the hub at http://hub.invalid for acme/tiny" in line
    commit = hub.commit("acme/known", model(tmp_path))
    there(resolve, "acme/known")
    line = without_network("http://127.0.0.1:9", environment, f"pull(resolve('acme/known@{commit}'), 'gguf')")
    assert "UserError: cannot" in line and "acme/known" in line


@pytest.mark.slow
def test_silent_network_is_one_line_within_ten_seconds(environment: dict[str, str]) -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        line = without_network(f"http://127.0.0.1:{silent.getsockname()[1]}", environment, "resolve('acme/tiny')")
    assert "UserError: cannot reach the hub" in line and "Timeout" in line
