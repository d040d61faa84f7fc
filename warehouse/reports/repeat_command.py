"""The command that repeats a run."""

from __future__ import annotations

import shlex
from typing import Any

SIZED = ("llama.cpp", "vllm", "sglang")
"""Engines that are started with so much context and so many slots."""


def repeat_command(run: dict[str, Any] | None, model: str) -> str | None:
    """The command line that makes a run again; None where there is none or somebody else ran it.

    run: a Run record as stored, which knows the repository of its weights. model: what the claim is about: weights of a
    quantizer stand beside it as `--weights`. Words from a card or a file name are quoted for a POSIX shell.
    """
    if not run or run.get("ran_by", "us") != "us":
        return None
    release, artifact, server = run["release"], run.get("artifact"), run.get("server")
    on_hub = release["location"] == "hub"
    if release["model"] != model:
        at = f"{release['model']}@{release['commit']}" if on_hub else release["location"]
        words = ["claimcheck", "verify", model, "--weights", at]
    elif on_hub:
        words = ["claimcheck", "verify", model, "--revision", release["commit"]]
    else:
        words = ["claimcheck", "verify", release["location"]]
    if server:
        words += ["--backend", server["backend"]]
    if artifact and artifact["format"] == "gguf":
        words += ["--quantization", artifact["quantization"]]
    if server and server["backend"] in SIZED:
        words += [
            word for name in ("context", "slots") if server.get(name) for word in (f"--{name}", str(server[name]))
        ]
    settings, origins = run.get("settings") or {}, run.get("origins") or {}
    for name in (name for name, origin in origins.items() if origin == "user" and settings.get(name) is not None):
        words += [f"--{name.replace('_', '-')}", str(settings[name])]
    name = run["benchmark"]
    if run["benchmark"] == "pairs":
        name = run["measurements"][0]["benchmark"] if run.get("measurements") else name
    return shlex.join([*words, "--benchmark", name, "--again"])
