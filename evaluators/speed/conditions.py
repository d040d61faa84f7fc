"""The key of a speed number: everything that it depends on, filled in as far as it can be read."""

from __future__ import annotations

from importlib.metadata import version

from evaluators.backends.registry import backend
from evaluators.records import Artifact, Hardware, ServerDescription, Settings, UserError
from evaluators.speed.weight_traffic import weight_bytes

PROMPT, GENERATION, DEPTH, CONCURRENCY = 512, 128, 0, 1
"""What is measured where a claim does not say: llama-bench's pp512 and tg128, an empty context, one stream."""
SHORTEST = 16
"""Fewest tokens that a default is shortened to."""
GIB = 2**30


def client_name() -> str:
    """Which program measured."""
    return f"claimcheck stream client {version('claimcheck')}"


def complete_conditions(
    settings: Settings, artifact: Artifact, server: ServerDescription, *, client: str, generates: bool = True
) -> Settings:
    """The settings of a speed run: what the caller asks for, else the defaults, shortened to the server's context.
    `generates`: False where one token of answer is enough.

    Raises UserError for lengths that do not fit the context and for more streams than the server works on at a time.
    """
    depth = DEPTH if settings.depth is None else settings.depth
    prompt = PROMPT if settings.prompt_tokens is None else settings.prompt_tokens
    default = GENERATION if generates else 1
    generation = default if settings.generation_tokens is None else settings.generation_tokens
    if server.context is not None and depth + prompt + generation > server.context:
        if settings.generation_tokens is None:
            generation = min(default, max((server.context - depth) // 2, SHORTEST))
        if settings.prompt_tokens is None:
            prompt = max(server.context - depth - generation, SHORTEST)
        if depth + prompt + generation > server.context:
            raise UserError(
                f"a depth of {depth}, a prompt of {prompt} and an answer of {generation} tokens do not fit the "
                f"server's context of {server.context}; ask for fewer tokens or a larger context"
            )
    if min(prompt, generation) < 1 or depth < 0:
        raise UserError("prompt and answer need at least one token each, and a depth cannot be negative")
    concurrency = settings.concurrency or CONCURRENCY
    if concurrency > server.slots and server.backend != "attached":
        raise UserError(
            f"{concurrency} streams at a time need as many slots, the server has {server.slots}; "
            f"start it with {concurrency} slots"
        )
    return settings.model_copy(
        update={
            "prompt_tokens": prompt,
            "generation_tokens": generation,
            "depth": depth,
            "concurrency": concurrency,
            "quantization": artifact.quantization,
            "backend": server.backend,
            "backend_version": server.version,
            "hardware": hardware_name(server.hardware),
            "speculative": speculative(server),
            "harness": client,
            "notes": (),
        }
    )


def hardware_name(hardware: Hardware) -> str | None:
    """`NVIDIA GeForce RTX 4090`, `2x NVIDIA H100 80GB HBM3`, or the processor's name; None if nothing is known."""
    if hardware.gpu:
        return hardware.gpu if hardware.gpus <= 1 else f"{hardware.gpus}x {hardware.gpu}"
    return hardware.cpu


def speculative(server: ServerDescription) -> str | None:
    """`none`, or the flags of speculative decoding; None where we do not know how the server was started."""
    if not backend(server.backend).dialect.describes_speculation():
        return None
    words = ("draft", "spec-", "speculative", "lookup", "hf-repo-draft")
    flags = {name: value for name, value in server.flags.items() if any(word in name for word in words)}
    return " ".join(f"{name}={value}" for name, value in sorted(flags.items())) or "none"


def evidence(artifact: Artifact, server: ServerDescription) -> dict[str, str]:
    """The rest of the key, which no setting holds: files, flags, memory, driver, clock."""
    hardware, weights = server.hardware, weight_bytes(artifact)
    fields = {
        "artifact": artifact.key,
        "files": ", ".join(f"{file.name} {file.sha256[:16]}" for file in artifact.files if _is_weights(file.name)),
        "kv_type": server.kv_type,
        "flash_attention": server.flash_attention,
        "slots": str(server.slots),
        "context": str(server.context) if server.context else None,
        "flags": " ".join(f"{name}={value}" for name, value in sorted(server.flags.items())),
        "cpu": f"{hardware.cpu}, {hardware.cores} cores" if hardware.cpu else None,
        "memory": f"{hardware.memory / GIB:.1f} GiB" if hardware.memory else None,
        "gpu": f"{hardware.gpus}x {hardware.gpu}" if hardware.gpu else None,
        "gpu_memory": f"{hardware.gpu_memory / GIB:.1f} GiB" if hardware.gpu_memory else None,
        "driver": hardware.driver,
        "weight_bytes_per_token": str(weights.active) if weights else None,
        "weight_bytes_formula": weights.how if weights else None,
    }
    return {name: value for name, value in fields.items() if value}


def _is_weights(name: str) -> bool:
    return name.endswith((".gguf", ".safetensors"))
