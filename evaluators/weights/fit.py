"""Whether an artifact fits a memory, and the largest quantization that does."""

from __future__ import annotations

from dataclasses import dataclass

from evaluators.records import Release
from evaluators.weights.choose import Offer, choose, quantizations
from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.memory import Memory, memory_needed
from evaluators.weights.shape import Shape, shape_of_config, shape_of_gguf
from evaluators.weights.sizes import size_text
from evaluators.weights.small import json_file, source


@dataclass(frozen=True)
class Fit:
    """Whether an artifact with its KV cache fits a memory."""

    offer: Offer
    """The artifact."""
    memory: int
    """Bytes there are."""
    needed: Memory
    """Bytes it takes, by what for."""
    suggestion: Offer | None
    """The largest offer that fits; None if none does."""

    @property
    def fits(self) -> bool:
        """Whether it fits."""
        return self.needed.total <= self.memory

    def __str__(self) -> str:
        verdict = "fits" if self.fits else "does not fit"
        line = f"{self.offer} {verdict} {size_text(self.memory)}: {self.needed.arithmetic}"
        if self.fits:
            return line
        return line + (f"; the largest that fits is {self.suggestion}" if self.suggestion else "; no quantization fits")


def fits(
    release: Release,
    memory: int,
    format: str | None = None,
    quantization: str | None = None,
    *,
    context: int = 8192,
    kv_type: str = "f16",
    sequences: int = 1,
) -> Fit:
    """Whether an artifact of a release fits `memory` bytes, with a KV cache for `sequences` of `context` tokens.

    format, quantization: as for `pull`. Nothing is pulled: sizes from the listing, the shape from config.json or a GGUF
    header. Raises Problem if there is no such artifact or if the hub cannot be reached.
    """
    offer = choose(release, format, quantization)
    shape = read_shape(release, offer)
    context = min(context, shape.context or context)
    needs = {other: memory_needed(other.size, shape, context, kv_type, sequences) for other in quantizations(release)}
    fitting = [other for other, need in needs.items() if need.total <= memory and not other.lacks]
    return Fit(offer, memory, needs[offer], max(fitting, key=lambda other: other.size, default=None))


def read_shape(release: Release, offer: Offer) -> Shape:
    """Shape of an artifact's architecture. Raises Problem if its header is damaged."""
    if offer.format == "gguf":
        entry = offer.weights[0]
        return shape_of_gguf(read_gguf_header(source(release, entry.name, entry.size)))
    return shape_of_config(json_file(release, "config.json"))
