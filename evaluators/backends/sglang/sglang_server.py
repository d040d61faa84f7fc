"""A SGLang server on a folder of safetensors (https://docs.sglang.io/advanced_features/server_arguments.html)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

from evaluators.backends.command_line import describe_environment, describe_flags, flags_of_user, join_flags
from evaluators.backends.local import LocalServer
from evaluators.backends.placed_options import placement_of, with_placement
from evaluators.backends.process import free_port, new_key
from evaluators.backends.server import ServerOptions, beyond_training
from evaluators.backends.vllm.model_folder import Checkpoint, read_checkpoint
from evaluators.hardware import device_environment, read_hardware
from evaluators.records import Artifact, ServerDescription, UserError

OURS = {"--model-path", "--host", "--api-key", "--served-model-name", "--config"}
"""Flags that decide what is served and to whom; no one else may set them."""
PLACE = {"--model-path", "--host", "--port", "--served-model-name", "--config"}
"""Flags that determine no answer; they are left out of the description."""
LONG_NAMES = {
    "--tp": "--tp-size",
    "--tensor-parallel-size": "--tp-size",
    "--dp": "--dp-size",
    "--data-parallel-size": "--dp-size",
    "--model": "--model-path",
}
SLOTS = 64
ERROR = re.compile(r"^(?:\[[^\]]*\] )?(\w*(?:Error|Exception): .+|.*error: .+)$", re.MULTILINE)


class SglangServer(LocalServer):
    """A SGLang server that serves one folder to us alone."""

    backend = "sglang"
    program = "SGLang"

    def __init__(self, artifact: Artifact, options: ServerOptions, folder: Path) -> None:
        """Refuses at once what cannot work: bad weights, options that it has not, no SGLang. `folder` takes the log.

        Nothing is started yet. Raises UserError.
        """
        if artifact.format != "safetensors":
            raise UserError(f"SGLang serves safetensors, this artifact is {artifact.format}; choose llama.cpp for it")
        self.artifact = artifact.model_copy(update={"path": str(Path(artifact.path).absolute())})
        self.checkpoint = read_checkpoint(Path(self.artifact.path))
        placed = placement_of(self.checkpoint.size, self.checkpoint.architecture, read_hardware(), "copies", options)
        options = with_placement(options, placed)
        self.flags = sglang_flags(self.artifact, self.checkpoint, options)
        key = new_key()
        # SGLang takes its key on the command line, where everybody sees it, or in a file
        self._config = folder / f"sglang-{self.flags['--port']}.yaml"
        super().__init__(
            port=int(self.flags["--port"]),
            key=key,
            command=[*find_sglang(options.executable), *join_flags(self.flags), "--config", str(self._config)],
            environment={"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "DO_NOT_TRACK": "1"}
            | device_environment(options.devices),
            log=folder / "sglang.log",
        )
        self.start_timeout = options.start_timeout

    def start(self) -> None:
        """Start it with its key in a file that only we may read, and that is gone when it is up."""
        self._config.parent.mkdir(parents=True, exist_ok=True)
        self._config.touch(mode=0o600)
        self._config.write_text(yaml.safe_dump({"api-key": self.key}), encoding="utf-8")
        try:
            super().start()
        finally:
            self._config.unlink(missing_ok=True)

    def describe(self) -> ServerDescription:
        """Provenance, read from the server, its command line, the folder and the machine."""
        about, machine = self.get("/get_server_info"), read_hardware()
        slots, context = about.get("max_running_requests"), self.offered_model().get("max_model_len")
        used = int(self.flags.get("--tp-size", "1")) * int(self.flags.get("--dp-size", "1"))
        return ServerDescription(
            backend=self.backend,
            version=str(about.get("version") or "unknown"),
            flags=describe_flags(self.flags, PLACE) | describe_environment("SGLANG_"),
            model=self.artifact.release.model,
            artifact_key=self.artifact.key,
            context=context if isinstance(context, int) else None,
            # what it says is of one copy
            slots=(slots if isinstance(slots, int) and slots > 0 else int(self.flags["--max-running-requests"]))
            * int(self.flags.get("--dp-size", "1")),
            vocabulary=self.checkpoint.vocabulary,
            kv_type=self.flags["--kv-cache-dtype"],
            chat_template_sha256=None if "--chat-template" in self.flags else self.checkpoint.template_sha256,
            hardware=machine.model_copy(update={"gpus": min(used, machine.gpus)}),
        )

    def check(self) -> None:
        """Refuse a server that serves another folder or gives a request less room than asked for."""
        served = self.get("/get_model_info").get("model_path")
        if served != self.artifact.path:
            raise UserError(f"SGLang serves {served} instead of {self.artifact.path}; check the extra arguments")
        asked, got = self.flags.get("--context-length"), self.offered_model().get("max_model_len")
        if asked and isinstance(got, int) and got < int(asked):
            raise UserError(f"SGLang gives a request {got} tokens instead of {asked}; ask for a smaller context")

    def cause(self, output: str) -> str:
        """The last error in its log."""
        errors = ERROR.findall(output)
        return errors[-1].strip().rstrip(".") if errors else f"it said nothing that is known; see {self.log}"


def find_sglang(asked: str | None) -> list[str]:
    """The words that start SGLang's server. asked: path of `sglang` or of a Python that has it; None: the `sglang` on
    PATH. Raises UserError if there is none."""
    path = shutil.which(asked or "sglang")
    if not path:
        text = f"there is no executable {asked}; correct the path" if asked else "SGLang is not installed"
        raise UserError(f"{text}; `pip install sglang` in an environment of its own and set CLAIMCHECK_SGLANG")
    return [path, "-m", "sglang.launch_server"] if Path(path).name.startswith("python") else [path, "serve"]


def sglang_flags(artifact: Artifact, checkpoint: Checkpoint, options: ServerOptions) -> dict[str, str]:
    """All flags by long name, an empty string for a switch; `extra` overrides ours.

    Raises UserError for options that SGLang has not, and for a context that the model was not trained for.
    """
    extra = flags_of_user(options.extra, LONG_NAMES, OURS)
    if options.threads is not None or options.flash_attention is not None:
        raise UserError("SGLang takes no threads and chooses its attention itself; leave both unset")
    trained = checkpoint.context
    if options.context and trained and options.context > trained and "--json-model-override-args" not in extra:
        raise beyond_training(options.context, trained)
    flags = {
        "--model-path": artifact.path,
        "--served-model-name": artifact.release.model,
        "--host": "127.0.0.1",
        "--port": extra.get("--port") or str(free_port()),
        "--max-running-requests": str(options.slots or SLOTS),
        "--dtype": options.dtype or "auto",
        "--kv-cache-dtype": options.kv_type or "auto",
        # the sampling defaults are the neutral ones, not those of the release: a run states what it wants
        "--sampling-defaults": "openai",
    }
    named = {
        "--context-length": options.context,
        "--tp-size": options.tensor_parallel,
        "--dp-size": options.data_parallel if (options.data_parallel or 1) > 1 else None,
        "--quantization": options.quantization,
        "--reasoning-parser": options.reasoning_parser,
    }
    return {**flags, **{name: str(value) for name, value in named.items() if value}, **extra}
