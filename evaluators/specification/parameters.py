"""Total and active parameters, counted from the headers of the weights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

from evaluators.weights.architecture import Architecture

SIDE = re.compile(
    r"(^|\.)(visual|vision_tower|vision_model|vision_encoder|vision_embed\w*|multi_modal_projector|mm_projector|"
    r"mlp1|embed_vision|audio_tower|audio_model|embed_audio|sound_\w+|image_newline)\."
)
"""Parts for images and sound, which no text token passes through."""
PREDICTION = re.compile(r"(^|\.)(mtp|nextn)\.|(^|\.)mtp_")
"""Multi-token prediction heads, which vendors leave out of their totals."""
LAYER = re.compile(r"(?:^|\.)(?:layers|blk|h)\.(\d+)\.")
ROUTED = re.compile(r"\.experts\.|_exps\.|block_sparse_moe\.(input|output)_linear\.")
SHARED = re.compile(r"shared_expert|_shexp\.")
EMBEDDING = re.compile(
    r"(^|\.)(embed_tokens|token_embd|wte|tok_embeddings|word_embeddings|embeddings|embedding)\.weight$"
)
LOOKUP = re.compile(r"(embed_tokens_per_layer|per_layer_token_embd)\.weight$")
HEAD = re.compile(r"(^|\.)(lm_head|output|embed_out)\.(weight|qweight|weight_packed)$")
NO_PARAMETER = re.compile(
    r"(_scale|_scales|_scale_inv|_scale_2|\.scale|\.scales|_absmax|\.absmax|\.qzeros|\.g_idx|weight_shape|"
    r"zero_point|\.quant_map|quant_state\.\S+|inv_freq|rope_freqs\.weight|_global_scale|masked_bias|attn\.bias|"
    r"rope_factors_(long|short)\.weight)$"
)
"""Scales of quantized weights and tables that no training made."""


class Tensor(Protocol):
    """What both formats say about a tensor."""

    @property
    def name(self) -> str:
        """Name in the file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Dimensions as stored."""

    @property
    def type(self) -> str:
        """Element type."""


@dataclass(frozen=True)
class Parameters:
    """Parameters by the part of the model they belong to."""

    routed: int
    """In routed experts, all of them."""
    shared: int
    """In shared experts."""
    embedding: int
    """In the input embedding."""
    lookup: int
    """In further tables of which a token reads one row (per-layer embeddings)."""
    head: int
    """In the output head; 0 where it is the input embedding."""
    rest: int
    """In attention, dense layers, routers and norms."""
    side: int
    """In parts for images and sound."""
    prediction: int
    """In multi-token prediction heads."""
    tied: bool
    """Whether the input embedding is the output head too."""
    experts: int | None
    """Routed experts of a layer."""
    per_token: int | None
    """Routed experts that one token uses."""

    @property
    def language(self) -> int:
        """The language model."""
        return self.routed + self.shared + self.embedding + self.lookup + self.head + self.rest

    @property
    def total(self) -> int:
        """The language model and its parts for images and sound, without prediction heads."""
        return self.language + self.side

    @property
    def idle(self) -> int:
        """In the routed experts that a token does not use."""
        if not self.experts or not self.per_token:
            return 0
        return self.routed * (self.experts - self.per_token) // self.experts

    @property
    def says_active(self) -> bool:
        """Whether it is known which experts a token uses: without that, `active` counts all of them."""
        return not self.routed or bool(self.experts and self.per_token)

    @property
    def active(self) -> int:
        """The language model without the experts that a token does not use."""
        return self.language - self.idle

    @property
    def active_without_lookups(self) -> int:
        """Active, without tables of which a token reads one row (the input embedding unless it is the head too)."""
        return self.active - self.lookup - (0 if self.tied else self.embedding)


def count_parameters(
    tensors: Iterable[Tensor], architecture: Architecture, quantization: dict[str, Any] | None = None
) -> Parameters:
    """Count the parameters of a model by the headers of all its files.

    tensors: of all files. shape: of its config or GGUF header. quantization: `quantization_config` of config.json, for
    weights that are packed several to an element. Quantization scales are not parameters.
    """
    counts = dict.fromkeys(("routed", "shared", "embedding", "lookup", "head", "rest", "side", "prediction"), 0)
    for tensor in tensors:
        if NO_PARAMETER.search(tensor.name):
            continue
        counts[_part(tensor.name, architecture)] += prod(tensor.shape) * packed(tensor, quantization or {})
    tied = architecture.tied or not counts["head"]
    if tied and counts["head"] == counts["embedding"]:
        counts["head"] = 0
    return Parameters(**counts, tied=tied, experts=architecture.experts, per_token=architecture.experts_per_token)


def packed(tensor: Tensor, quantization: dict[str, Any]) -> int:
    """How many weights one stored element holds."""
    if tensor.type == "U8" and tensor.name.endswith(("_blocks", "weight", "weight_packed", "_proj", "_packed")):
        return 2
    if tensor.type == "U32" and tensor.name.endswith(".weight") and quantization.get("bits"):  # MLX
        return 32 // int(_bits(quantization))
    if tensor.type == "I32" and tensor.name.endswith(("qweight", "weight_packed")):
        return 32 // int(_bits(quantization))
    return 1


def _bits(quantization: dict[str, Any]) -> int:
    if quantization.get("bits"):
        return int(quantization["bits"])
    for group in (quantization.get("config_groups") or {}).values():
        bits = (group.get("weights") or {}).get("num_bits")
        if bits:
            return int(bits)
    return 4


def _part(name: str, architecture: Architecture) -> str:
    layer = LAYER.search(name)
    if SIDE.search(name):
        return "side"
    if PREDICTION.search(name) or (layer and architecture.layers and int(layer[1]) >= architecture.layers):
        return "prediction"
    if SHARED.search(name):
        return "shared"
    if ROUTED.search(name):
        return "routed"
    if LOOKUP.search(name):
        return "lookup"
    if EMBEDDING.search(name):
        return "embedding"
    return "head" if HEAD.search(name) else "rest"
