"""SGLang: `sglang.launch_server` on a folder of safetensors.

sglang_server          the server process
dialect_sglang         how it is asked
sglang_loglikelihood   log-likelihoods by the log-probabilities of the prompt
"""

from __future__ import annotations

from pathlib import Path

from evaluators.backends.backend import Backend, Installed
from evaluators.backends.server import ModelServer, ServerOptions
from evaluators.backends.sglang.dialect_sglang import DIALECT
from evaluators.backends.vllm.program import package_version
from evaluators.records import Artifact, UserError


def _open(artifact: Artifact | None, options: ServerOptions, folder: Path) -> ModelServer:
    from evaluators.backends.sglang.sglang_server import SglangServer

    assert artifact is not None
    return SglangServer(artifact, options, folder)


def _version(options: ServerOptions) -> str | None:
    from evaluators.backends.sglang.sglang_server import find_sglang

    return package_version(find_sglang(options.executable)[0], "sglang")


def _installed(executable: str | None) -> Installed:
    from evaluators.backends.sglang.sglang_server import find_sglang

    try:
        return Installed(find_sglang(executable)[0], "")
    except UserError as error:
        return Installed(None, str(error) if executable else "optional; set CLAIMCHECK_SGLANG to a Python that has it")


BACKEND = Backend(
    name="sglang",
    format="safetensors",
    ours=True,
    open=_open,
    version=_version,
    installed=_installed,
    dialect=DIALECT,
    spread=lambda options: "copies",
    spellings=("sglang", "sgl"),
    half_a_device=("--mem-fraction-static", "0.4"),
)
