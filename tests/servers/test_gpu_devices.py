"""Whether llama-server uses the GPU is read from what it says, so that no CPU run passes for one of a GPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.backends import ServerOptions
from evaluators.backends.llama_cpp import gpu_devices as module
from evaluators.backends.llama_cpp.gpu_devices import gpu_devices, gpu_failure, uses_gpus
from evaluators.backends.llama_cpp.llama_server import LlamaCppServer
from evaluators.hardware import read_hardware
from evaluators.records import Artifact
from flows.runtime import server_pool
from flows.runtime.server_pool import unused_gpus

ONE = "Available devices:\n  CUDA0: NVIDIA H200 (143155 MiB, 142629 MiB free)\n"
LISTS = {
    ONE: ("CUDA0",),
    "ggml_cuda_init: found 2 CUDA devices:\nAvailable devices:\n  CUDA0: a (1 MiB, 1 MiB free)\n  CUDA1: b\n": (
        "CUDA0",
        "CUDA1",
    ),
    "Available devices:\n  (none)\n": (),
    "Available devices:\n": (),
    "usage: llama-server [options]\n": None,
}
FAILURES = {
    "0.00.002 E ggml_cuda_init: failed to initialize CUDA: OS call failed or operation not supported on this OS\n": (
        "failed to initialize CUDA: OS call failed or operation not supported on this OS"
    ),
    "ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is detected\n": (
        "failed to initialize CUDA: no CUDA-capable device is detected"
    ),
    "ggml_vulkan_init: no Vulkan devices found\nggml_cuda_init: found 1 CUDA devices:\n": None,
    "ggml_cuda_init: found 1 CUDA devices:\nload_tensors: offloaded 31/31 layers to GPU\n": None,
}


def program(folder: Path, says: str, then: str = "exit 1") -> str:
    path = folder / "llama-server"
    path.write_text(f"#!/bin/sh\nif [ \"$1\" = --list-devices ]; then printf '{says}'; exit 0; fi\n{then}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(("says", "names"), LISTS.items())
def test_what_the_program_lists(says: str, names: tuple[str, ...] | None, tmp_path: Path) -> None:
    assert gpu_devices(program(tmp_path, says)) == names


@pytest.mark.parametrize(("log", "said"), FAILURES.items())
def test_what_a_log_says_of_a_gpu_that_failed(log: str, said: str | None) -> None:
    assert gpu_failure(log) == said


@pytest.mark.parametrize(
    ("says", "extra", "used"),
    [
        (ONE, {}, True),
        (ONE, {"--gpu-layers": "0"}, False),
        (ONE, {"--device": "none"}, False),
        ("Available devices:\n  (none)\n", {}, False),
        ("", {}, True),
    ],
)
def test_whether_the_model_lies_on_a_gpu(
    says: str, extra: dict[str, str], used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "gpus", lambda: [{"name": "NVIDIA H200"}])
    assert uses_gpus(program(tmp_path, says), extra) is used


def test_a_gpu_that_is_left_alone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "gpus", lambda: [{"name": "NVIDIA H200"}])
    monkeypatch.setattr(server_pool, "read_hardware", lambda: read_hardware().model_copy(update={"gpu": "NVIDIA H200"}))
    for says, told in ((ONE, False), ("Available devices:\n  (none)\n", True)):
        folder = tmp_path / str(told)
        folder.mkdir()
        notice = unused_gpus("llama.cpp", ServerOptions(executable=program(folder, says)))
        assert ("leaves the NVIDIA H200 alone" in (notice or "")) is told
    assert unused_gpus("attached", ServerOptions()) is None


def test_an_earlier_failure_in_the_same_log_refuses_no_start(tiny: Artifact, tmp_path: Path) -> None:
    said = next(iter(FAILURES))
    server = LlamaCppServer(tiny, ServerOptions(slots=1, threads=1, context=256), tmp_path)
    server.machine = server.machine.model_copy(update={"gpu": "NVIDIA H200"})
    server.log.write_text(said)
    with server:
        assert server.describe().slots == 1 and said in server.log.read_text()
