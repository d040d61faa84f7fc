"""Keys: what determines an answer, and what determines a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from evaluators.records import Artifact, ServerDescription, Settings

SILENT_FLAGS = frozenset(
    {
        "alias",
        "api-key",
        "api_key",
        "cache-ram",
        "check-tensors",
        "ctx-size",
        "data-parallel-size",
        "disable-log-requests",
        "dp-size",
        "executable",
        "gpu-memory-utilization",
        "host",
        "kv-cache-memory-bytes",
        "log-colors",
        "log-disable",
        "log-file",
        "log-prefix",
        "log-timestamps",
        "max-model-len",
        "max-num-seqs",
        "metrics",
        "model",
        "no-ui",
        "no-webui",
        "parallel",
        "port",
        "props",
        "served-model-name",
        "servers",
        "slots",
        "threads",
        "threads-batch",
        "threads-http",
        "timeout",
        "uvicorn-log-level",
        "verbosity",
    }
)
"""Flags that say where and how fast a server answers, not what."""

SILENT_SETTINGS = frozenset({"hardware", "notes", "metric", "filter", "numerator", "denominator"})
"""Settings that do not change an answer: where it was made, and which of its scores is meant."""


CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
"""One spelling of every value. Kept, because `json.dumps` makes one for each call."""


def digest(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(CANONICAL.encode(value).encode("utf-8", "surrogatepass")).hexdigest()


def server_identity(artifact: Artifact, server: ServerDescription) -> dict[str, Any]:
    """What about weights and server determines an answer: artifact, backend, version, flags that matter, template."""
    flags = {name.lstrip("-"): value for name, value in server.flags.items()}
    return {
        "artifact": artifact.key,
        "served": server.artifact_key,
        "backend": server.backend,
        "version": server.version,
        "flags": {name: value for name, value in flags.items() if name not in SILENT_FLAGS},
        "context": server.context,
        "template": server.chat_template_sha256,
        "attached": server.model if server.backend in {"attached", "ollama"} else None,
    } | ({"fingerprint": server.fingerprint} if server.fingerprint else {})


def request_key(identity: str, protocol: str, kind: str, args: tuple[Any, ...], extra: Mapping[str, Any]) -> str:
    """Key of one answer. `identity`: digest of `server_identity`; `extra`: sampling fields, seed and repeat."""
    return digest([identity, protocol, kind, args, extra])


def run_id(
    benchmark: str,
    artifact: Artifact,
    server: ServerDescription,
    settings: Settings,
    *,
    task_version: str,
    order_seed: int,
    harness_version: str,
    may_stop: bool,
    limit: int | None,
    continues: str | None = None,
) -> str:
    """`<benchmark>-<16 hex digits>` over everything that determines the answers and how many of them are made.
    `continues`: id of the stopped run that this one goes on with."""
    stated = {name: value for name, value in settings.model_dump().items() if name not in SILENT_SETTINGS}
    if settings.sandbox is None:
        # runs made before there were sandboxes keep their ids
        del stated["sandbox"]
    whole = digest(
        [
            server_identity(artifact, server), benchmark, task_version, stated, order_seed, harness_version,
            "may stop" if may_stop else "whole", limit, *([continues] if continues else []),
        ]
    )  # fmt: skip
    return f"{benchmark}-{whole[:16]}"


def order_key(seed: int, task: str, doc_id: int) -> bytes:
    """Sort key of one item: SHA-256 of `seed|task|doc_id`. Sorting by it is a random permutation fixed by the seed."""
    return hashlib.sha256(f"{seed}|{task}|{doc_id}".encode()).digest()


def sampling_seed(task: str, doc_id: int, index: int, repeat: int) -> int:
    """Seed sent with a request, in [0, 2**31): differs between repeats, so that they are not copies."""
    digest = hashlib.sha256(f"{task}|{doc_id}|{index}|{repeat}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
