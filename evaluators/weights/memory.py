"""How much memory an artifact takes with its KV cache, with the arithmetic shown."""

from __future__ import annotations

from dataclasses import dataclass

from evaluators.weights.shape import Shape
from evaluators.weights.sizes import size_text

OVERHEAD = 0.05
"""Share of the weights added for compute buffers: an assumption, engines differ; it is shown in the arithmetic."""
FIXED = 500_000_000
"""Bytes added for the engine itself (CUDA context, graphs): an assumption, shown in the arithmetic."""
KV_BYTES = {"f32": 4.0, "f16": 2.0, "bf16": 2.0, "fp8": 1.0, "q8_0": 34 / 32, "q5_1": 24 / 32, "q4_0": 18 / 32}
"""Bytes of one element of the KV cache by its type (ggml block sizes)."""


@dataclass(frozen=True)
class Memory:
    """Memory that serving needs, in bytes, by what it is for."""

    weights: int
    cache: int | None
    """KV cache and recurrent state of all sequences; None if the architecture does not say."""
    overhead: int
    context: int
    """Tokens one sequence may have."""
    sequences: int
    arithmetic: str
    """The sum in words and numbers."""

    @property
    def total(self) -> int:
        """All of it; without the cache where that is unknown."""
        return self.weights + (self.cache or 0) + self.overhead


def cache_bytes(shape: Shape, context: int, kv_type: str = "f16", sequences: int = 1) -> tuple[int | None, str]:
    """Bytes of the KV cache and recurrent state for `sequences` of `context` tokens, and how they come about.

    Each layer with attention keeps kv_heads x (key + value length) elements a token; with latent attention (MLA) its
    compressed row; with a sliding window only the window's tokens. Mamba and linear attention keep a state of fixed
    size in f32. None if the shape does not say.
    """
    width = KV_BYTES[kv_type]
    state = shape.state * 4 * sequences
    tail = f" + {size_text(state)} recurrent state" if state else ""
    if shape.latent and shape.layers:
        size = round(shape.layers * shape.latent * width * context * sequences)
        text = f"{shape.layers} layers x {shape.latent} latent x {width:g} B x {context} tokens x {sequences}"
        return size + state, f"KV {text} = {size_text(size)}{tail}"
    if not shape.kv_heads or not shape.key_length or not shape.value_length:
        return (state, f"recurrent state {size_text(state)}") if state else (None, "KV cache unknown")
    per_head = shape.key_length + shape.value_length
    heads = sum(shape.kv_heads) / len(shape.kv_heads)
    whole = len(shape.kv_heads) - shape.windowed
    seen = min(context, shape.window) if shape.window and shape.windowed else 0
    tokens = whole * context + shape.windowed * seen
    size = round(heads * per_head * width * tokens * sequences)
    layers = f"{whole} layers x {context}"
    if seen:
        layers = f"({layers} + {shape.windowed} x {seen})"
    elements = f"{heads:g} KV heads x ({shape.key_length} + {shape.value_length})"
    text = f"{layers} tokens x {elements} x {width:g} B x {sequences}"
    return size + state, f"KV {text} = {size_text(size)}{tail}"


def memory_needed(weights: int, shape: Shape, context: int = 8192, kv_type: str = "f16", sequences: int = 1) -> Memory:
    """Memory for weights of so many bytes with a KV cache for `sequences` of `context` tokens each.

    An estimate: weights as large as their files, compute buffers by `OVERHEAD` and `FIXED`.
    """
    cache, text = cache_bytes(shape, context, kv_type, sequences)
    overhead = round(weights * OVERHEAD) + FIXED
    total = weights + (cache or 0) + overhead
    arithmetic = (
        f"weights {size_text(weights)} + {text} + buffers {OVERHEAD:.0%} of the weights and {size_text(FIXED)} "
        f"= {size_text(total)} for {sequences} x {context} tokens, KV {kv_type}"
    )
    return Memory(weights, cache, overhead, context, sequences, arithmetic)
