"""The version of a serving engine as a run would record it, without starting a server."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from evaluators.backends import ServerOptions
from evaluators.records import UserError

BACKENDS = ("llama.cpp", "vllm", "ollama", "attached")
"""Names of the backends."""
TIMEOUT = 30
"""Seconds a program may take to say its version."""


def engine_version(backend: str, options: ServerOptions) -> str | None:
    """The engine's version now, to be compared with `ServerDescription.version`; None if it cannot be told."""
    try:
        if backend == "llama.cpp":
            return _llama(options.executable)
        if backend == "vllm":
            return _vllm(options.executable)
        if backend == "ollama":
            return _ollama(options)
    except (UserError, OSError, subprocess.SubprocessError):
        return None
    return None


def _llama(executable: str | None) -> str | None:
    from evaluators.backends.llama_cpp.llama_server import find_executable

    path = find_executable(executable)
    if path is None:
        from importlib.metadata import version

        package = version("xllamacpp")
        return f"b{package.rpartition('.')[2]}-xllamacpp-{package}"
    done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    found = re.search(r"version: (\d+) \((\w+)\)", done.stderr + done.stdout)
    return f"b{found[1]}-{found[2]}" if found else None


def _vllm(executable: str | None) -> str | None:
    from evaluators.backends.vllm.program import built_for_cpu, find_program

    program = find_program(executable)[0]
    for packages in Path(program).absolute().parent.parent.glob("lib/python3*/site-packages"):
        for folder in packages.glob("vllm*.dist-info"):
            number = folder.name.removesuffix(".dist-info").partition("-")[2]
            return number + "+cpu" * (built_for_cpu(program) and "+cpu" not in number)
    return None


def _ollama(options: ServerOptions) -> str | None:
    import httpx

    from evaluators.backends.ollama import ollama_url

    try:
        answer = httpx.get(f"{options.url or ollama_url()}/api/version", timeout=TIMEOUT)
        return str(answer.raise_for_status().json()["version"])
    except (httpx.HTTPError, KeyError, ValueError):
        return None
