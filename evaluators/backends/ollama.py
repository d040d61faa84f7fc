"""Ollama: its own API to put the weights in and to see what it serves, its OpenAI-compatible one for the requests.

API: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from evaluators.backends.backend import Backend, Installed
from evaluators.backends.llama_cpp.model_file import read_header
from evaluators.backends.openai_api.dialect import Dialect, Event, Prompt
from evaluators.backends.remote import RemoteServer
from evaluators.backends.server import ServerOptions, beyond_training
from evaluators.hardware import read_hardware
from evaluators.records import Artifact, Hardware, ServerDescription, UserError, WeightFile

DEFAULT_URL = "http://127.0.0.1:11434"
NEUTRAL = {"top_k": 0, "min_p": 0.0, "top_p": 1.0, "repeat_penalty": 1.0}
"""Samplers of the model that is made, because its OpenAI route takes no top_k, min_p or repeat_penalty, and a Modelfile
may set them."""
DEFAULT_CONTEXT = 8192
"""Most tokens where nothing is asked for; Ollama's own default is shorter and cuts prompts without a word."""
PIECE = 4 * 2**20
"""Bytes of weights sent at a time."""
BLOB = re.compile(r"^FROM .*sha256[-:]([0-9a-f]{64})\s*$", re.MULTILINE)


class OllamaServer(RemoteServer):
    """An Ollama that the user runs. A model of ours, `claimcheck-...`, is made in it and kept for the next time.

    The context of a request cannot be set over the OpenAI-compatible interface, so it is set in that model.
    """

    backend = "ollama"
    health_paths = ("/api/version",)

    def __init__(self, artifact: Artifact | None, options: ServerOptions) -> None:
        """artifact: a GGUF file to put in, or None to take `options.model` as it is there. Raises UserError."""
        if artifact and artifact.format != "gguf":
            raise UserError(f"Ollama serves GGUF files here, this artifact is {artifact.format}; choose a GGUF file")
        if not artifact and not options.model:
            raise UserError("Ollama needs a GGUF file or the name of a model that it has; give one")
        ours = ("threads", "kv_type", "flash_attention", "dtype", "tensor_parallel", "data_parallel")
        for name in (*ours, "reasoning_parser", "extra"):
            if getattr(options, name):
                raise UserError(f"{name} cannot be set for Ollama over its API; leave it out")
        if options.further_urls:
            raise UserError("several Ollama servers cannot share a run; give one --url, or --backend attached")
        super().__init__(options.url or ollama_url(), options.key_variable, options.start_timeout)
        self.artifact = artifact
        self._options = options
        self._header = read_header(Path(artifact.path)) if artifact else None
        self._name = options.model or ""
        self._context = options.context or DEFAULT_CONTEXT

    def attach(self) -> None:
        """Put the weights in unless they are there, and make a model of them with the context that was asked for.

        Raises UserError if Ollama refuses them or if what it then serves is something else.
        """
        trained = self._header.context if self._header else _trained(self._show(self._name))
        if trained:
            if self._options.context and self._options.context > trained:
                raise beyond_training(self._options.context, trained)
            self._context = min(self._context, trained)
        body: dict[str, object] = {"parameters": {"num_ctx": self._context} | NEUTRAL, "stream": False}
        if self.artifact and not self._options.model:
            weights = self._weights(self.artifact)
            self._push(Path(self.artifact.path), weights.sha256)
            body["files"] = {Path(self.artifact.path).name: f"sha256:{weights.sha256}"}
            source = weights.sha256[:12]
        else:
            body["from"] = self._options.model
            source = hashlib.sha256(str(self._options.model).encode()).hexdigest()[:12]
        self._name = f"claimcheck-{source}-{self._context}"
        answer = self._post("/api/create", {"model": self._name, **body})
        if answer.get("status") != "success":
            raise UserError(f"Ollama does not take the model: {answer.get('error') or answer}; update Ollama")
        self._check()

    def describe(self) -> ServerDescription:
        """Provenance by /api/version and /api/show. The template is Ollama's own (Go), not the release's."""
        shown = self._show(self._name)
        version = self.ask("GET", "/api/version") or {}
        information = shown.get("model_info")
        information = information if isinstance(information, dict) else {}
        vocabulary = information.get(f"{information.get('general.architecture')}.vocab_size")
        template = shown.get("template")
        details = shown.get("details")
        details = details if isinstance(details, dict) else {}
        served = self.artifact.key if self.artifact and self._same_weights(shown) else None
        return ServerDescription(
            backend=self.backend,
            version=str(version.get("version") or "unknown"),
            flags={"num_ctx": str(self._context), "quantization": str(details.get("quantization_level") or "unknown")},
            model=self._name,
            sampling_defaults=" ".join(str(shown.get("parameters") or "none").split()),
            artifact_key=served,
            context=self._context,
            slots=self._options.slots or 1,
            vocabulary=self._header.vocabulary if self._header else vocabulary if isinstance(vocabulary, int) else None,
            chat_template_sha256=hashlib.sha256(str(template).encode()).hexdigest() if template else None,
            hardware=read_hardware() if re.match(r"http://(127\.|localhost)", self.url) else Hardware(),
        )

    def _check(self) -> None:
        shown = self._show(self._name)
        if self.artifact and not self._same_weights(shown):
            raise UserError(
                f"the model {self._options.model or self._name} in Ollama holds other weights than "
                f"{self.artifact.path}; leave the model's name out to have these put in"
            )

    def _same_weights(self, shown: dict[str, object]) -> bool:
        assert self.artifact
        blobs = BLOB.findall(str(shown.get("modelfile")))
        return self._weights(self.artifact).sha256 in blobs

    def _weights(self, artifact: Artifact) -> WeightFile:
        files = [file for file in artifact.files if file.name.endswith(".gguf")]
        if len(files) != 1:
            raise UserError(f"Ollama takes one GGUF file, this artifact has {len(files)}; choose llama.cpp for it")
        return files[0]

    def _push(self, path: Path, sha256: str) -> None:
        """Send the file unless Ollama has it; Ollama checks the hash."""
        blob = f"/api/blobs/sha256:{sha256}"
        try:
            if self._client.head(blob).status_code == 200:
                return
            length = {"Content-Length": str(path.stat().st_size)}
            patience = httpx.Timeout(60, read=3600, write=600)
            answer = self._client.post(blob, content=_pieces(path), headers=length, timeout=patience)
        except httpx.HTTPError as error:
            raise UserError(f"Ollama did not take {path.name} ({type(error).__name__}); check its disk space") from None
        if answer.status_code not in (200, 201):
            raise UserError(f"Ollama did not take {path.name} ({answer.text.strip()[:200]}); check its disk space")

    def _show(self, name: str) -> dict[str, object]:
        model = self.ask("POST", "/api/show", {"model": name})
        if model is None:
            listed = (self.ask("GET", "/api/tags") or {}).get("models")
            names = (
                [str(row.get("name")) for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
            )
            there = f"it has {', '.join(sorted(names)[:5])}" if names else "it has none yet"
            raise UserError(f"Ollama has no model {name}; {there}")
        return model

    def _post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        """The answer, errors included."""
        try:
            content = self._client.post(path, json=body, timeout=httpx.Timeout(60, read=3600)).json()
        except (httpx.HTTPError, ValueError) as error:
            raise UserError(f"Ollama does not answer {path} ({type(error).__name__}); check its log") from None
        return content if isinstance(content, dict) else {}


def ollama_url() -> str:
    """Where Ollama's own programs would look: OLLAMA_HOST, else its default port on loopback."""
    host = os.environ.get("OLLAMA_HOST", "").strip().rstrip("/")
    if not host:
        return DEFAULT_URL
    url = host if "://" in host else f"http://{host}"
    url = url.replace("//0.0.0.0", "//127.0.0.1")
    return url if re.search(r":\d+$", url) or url.startswith("https://") else f"{url}:11434"


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _trained(shown: dict[str, object]) -> int | None:
    information = shown.get("model_info")
    if not isinstance(information, dict):
        return None
    value = information.get(f"{information.get('general.architecture')}.context_length")
    return value if isinstance(value, int) else None


class OllamaDialect(Dialect):
    """Ollama's own streaming route; everything else in OpenAI's way."""

    name = "ollama"
    stream_path = "/api/generate"

    def stream_body(self, model: str, prompt: Prompt, tokens: int, reuse: bool) -> dict[str, Any]:
        """Raw: no template."""
        options = {"num_predict": tokens, "temperature": 0}
        text = prompt if isinstance(prompt, str) else list(prompt)
        return {"model": model, "prompt": text, "raw": True, "stream": True, "options": options}

    def read_event(self, data: dict[str, Any], before: int) -> Event:
        """It counts at the end."""
        if data.get("done"):
            return Event(int(data.get("eval_count", before)), data.get("prompt_eval_count"))
        return Event(before + bool(data.get("response")))


def _version(options: ServerOptions) -> str | None:
    answer = httpx.get(f"{options.url or ollama_url()}/api/version", timeout=30)
    return str(answer.raise_for_status().json()["version"])


def _installed(executable: str | None) -> Installed:
    return Installed(shutil.which("ollama"), "optional")


BACKEND = Backend(
    name="ollama",
    format="gguf",
    ours=True,  # its server is somebody else's, but it runs on our device
    open=lambda artifact, options, folder: OllamaServer(artifact, options),
    version=_version,
    installed=_installed,
    dialect=OllamaDialect(),
    spread=lambda options: "layers",
    spellings=("ollama",),
    needs_artifact=False,
    gives_logprobs=False,
)
