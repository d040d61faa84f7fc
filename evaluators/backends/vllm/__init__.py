"""vLLM: `vllm serve` on a folder of safetensors.

vllm_server, start_errors    the server process, and why it did not start
program, model_folder        which vLLM there is, and what the folder says
dialect_vllm                 how it is asked
vllm_loglikelihood           log-likelihoods by the log-probabilities of the prompt
"""

from __future__ import annotations

from pathlib import Path

from evaluators.backends.backend import Backend, Installed
from evaluators.backends.server import ModelServer, ServerOptions
from evaluators.backends.vllm.dialect_vllm import DIALECT
from evaluators.records import Artifact, UserError
from evaluators.weights.parallelism import Spread


def _open(artifact: Artifact | None, options: ServerOptions, folder: Path) -> ModelServer:
    from evaluators.backends.vllm.vllm_server import VllmServer

    assert artifact is not None
    return VllmServer(artifact, options, folder)


def _version(options: ServerOptions) -> str | None:
    from evaluators.backends.vllm.program import built_for_cpu, find_program, package_version

    program = find_program(options.executable)[0]
    number = package_version(program, "vllm")
    return number and number + "+cpu" * (built_for_cpu(program) and "+cpu" not in number)


def _installed(executable: str | None) -> Installed:
    from evaluators.backends.vllm.program import find_program

    try:
        return Installed(find_program(executable)[0], "")
    except UserError as error:
        return Installed(None, str(error) if executable else "`pip install vllm` in an environment of its own")


def _spread(options: ServerOptions) -> Spread | None:
    from evaluators.backends.vllm.program import built_for_cpu, find_program

    try:
        return None if built_for_cpu(find_program(options.executable)[0]) else "copies"
    except UserError:  # told when it is to be started
        return "copies"


BACKEND = Backend(
    name="vllm",
    format="safetensors",
    ours=True,
    open=_open,
    version=_version,
    installed=_installed,
    dialect=DIALECT,
    spread=_spread,
    spellings=("vllm",),
    # vLLM takes most of a GPU unless told otherwise; the other server needs its part
    half_a_device=("--gpu-memory-utilization", "0.45"),
)
