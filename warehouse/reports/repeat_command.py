"""The command that repeats a run."""

from __future__ import annotations

import shlex
from typing import Any


def repeat_command(run: dict[str, Any] | None) -> str | None:
    """The command line that makes a run again; None where there is none or somebody else ran it.

    run: a Run record as stored. Words from a card or a file name are quoted for a POSIX shell.
    """
    if not run or run.get("ran_by", "us") != "us":
        return None
    release, artifact, server = run["release"], run.get("artifact"), run.get("server")
    on_hub = release["location"] == "hub"
    words = ["claimcheck", "verify", release["model"] if on_hub else release["location"]]
    if on_hub:
        words += ["--revision", release["commit"]]
    if server:
        words += ["--backend", server["backend"]]
    if artifact and artifact["release"]["model"] != release["model"]:
        words += ["--weights", artifact["release"]["model"]]
    if artifact and artifact["format"] == "gguf":
        words += ["--quantization", artifact["quantization"]]
    return shlex.join([*words, "--benchmark", run["benchmark"], "--again"])
