"""A server that reads strangers' weights has none of our secrets and gains no rights."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.backends.server_environment import server_environment
from tests.harness.conftest import RELEASE, artifact_of

SECRET = "c0ffee-c0ffee"
NAMES = ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "CLAIMCHECK_WEBHOOK", "PREFECT_API_KEY", "LLAMA_API_KEY", "CUDA_TOKEN")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_server_has_no_secret_and_no_new_rights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, SECRET)
    artifact = artifact_of(next(RELEASE.glob("*F16.gguf")), "F16")
    with open_server("llama.cpp", artifact, ServerOptions(slots=1, threads=1, context=512), tmp_path) as server:
        pid = server.process.pid  # type: ignore[attr-defined]
        assert SECRET.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
        assert "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()


def test_what_a_server_needs_is_kept() -> None:
    ours = dict.fromkeys(
        ("PATH", "HOME", "CUDA_VISIBLE_DEVICES", "LLAMA_ARG_N_GPU_LAYERS", "TOKENIZERS_PARALLELISM"), "x"
    )
    assert server_environment(ours | dict.fromkeys(NAMES, SECRET), {"VLLM_API_KEY": "made"}) == ours | {
        "VLLM_API_KEY": "made"
    }
