"""A server that cannot start is not started again for every benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.backends import ServerOptions
from evaluators.records import Artifact, UserError
from flows.runtime.server_pool import MOST_STARTS, ServerPool


def test_a_server_that_never_starts_is_tried_twice(
    tiny: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIMCHECK_LOCKS", str(tmp_path / "locks"))
    program = tmp_path / "llama-server"
    program.write_text(f"#!/bin/sh\necho started >> {tmp_path / 'starts'}\necho 'error: out of memory' >&2\nexit 1\n")
    program.chmod(0o755)
    with ServerPool("llama.cpp", ServerOptions(executable=str(program)), tmp_path / "logs") as pool:
        for _ in range(4):
            with pytest.raises(UserError):
                pool.server(tiny)
    assert (tmp_path / "starts").read_text().count("started") == MOST_STARTS
