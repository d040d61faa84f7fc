"""The numbers of an architecture that specification claims hang on, from config.json or from a GGUF header.

Both formats name the same things differently, and nested configs (vision models) hide them one level down: this is the
one place that knows the names. Unknown is None, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from evaluators.weights.gguf_header import GgufHeader
from evaluators.weights.stranger_files import LARGEST_NUMBER, stranger_file

MOST_LAYERS = 4000
CONTEXT_NAMES = (
    "max_position_embeddings", "n_positions", "max_sequence_length", "seq_length", "max_seq_len", "n_ctx",
    "model_max_length",
)  # fmt: skip
NESTED = ("thinker_config", "text_config", "llm_config", "language_config")


@dataclass(frozen=True)
class Architecture:
    """Sizes of one architecture."""

    family: str
    """`model_type` of config.json or `general.architecture` of a GGUF."""
    layers: int | None
    """Layers of the main model; multi-token prediction heads are not counted."""
    hidden: int | None
    """Width of the residual stream."""
    vocabulary: int | None
    """Token ids."""
    tied: bool
    """Whether input embedding and output head are one tensor."""
    experts: int | None
    """Routed experts of a layer; None for a dense model."""
    experts_per_token: int | None
    """Routed experts that one token uses."""
    shared_experts: int
    """Shared experts of a layer."""
    kv_heads: tuple[int, ...]
    """Key-value heads of each layer that keeps a KV cache; empty if unknown."""
    key_length: int | None
    """Key elements of one head."""
    value_length: int | None
    """Value elements of one head."""
    latent: int | None
    """Elements a layer keeps per token with latent attention (MLA): compressed KV and rotary part; else None."""
    window: int | None
    """Sliding window in tokens."""
    windowed: int
    """How many of the layers with a KV cache see only the window."""
    state: int
    """Elements of recurrent state of one sequence (Mamba, linear attention): they do not grow with the context."""
    context: int | None
    """Tokens the model is configured for."""
    rope: dict[str, Any]
    """Rotary scaling as stated; empty if none."""
    heads: int | None = None
    """Query heads of a layer, the most where layers differ; None if unknown."""


def _layers(stated: Any) -> int | None:
    """A number of layers, before anything is made as long as it."""
    if stated is None:
        return None
    if not isinstance(stated, int) or not 0 <= stated <= MOST_LAYERS:
        raise ValueError(f"{str(stated)[:30]} layers")
    return stated


def _checked(architecture: Architecture) -> Architecture:
    """The architecture, if all of its numbers are whole and within bounds. Raises ValueError."""
    numbers = {field.name: getattr(architecture, field.name) for field in fields(architecture)}
    sizes = {name: value for name, value in numbers.items() if name not in ("family", "tied", "kv_heads", "rope")}
    sizes |= {f"kv_heads[{layer}]": heads for layer, heads in enumerate(architecture.kv_heads)}
    for name, value in sizes.items():
        if value is not None and (not isinstance(value, int) or not 0 <= value <= LARGEST_NUMBER):
            raise ValueError(f"{name} is {str(value)[:30]!r}")
    for name in ("factor", "original_max_position_embeddings"):
        value = architecture.rope.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= LARGEST_NUMBER:
            raise ValueError(f"the rotary {name} is {str(value)[:30]!r}")
    return architecture


def text_config(config: dict[str, Any]) -> dict[str, Any]:
    """The language model's part of a config.json, with the outer keys where the inner part does not state them."""
    for name in NESTED:
        if isinstance(config.get(name), dict):
            config = {**config, **config[name]}
    return config


def first(config: dict[str, Any], *names: str) -> Any:
    """Value of the first of these keys that is stated."""
    return next((config[name] for name in names if config.get(name) is not None), None)


def same_in_all_layers(stated: Any) -> Any:
    """A number that may be stated once for each layer; None where layers differ."""
    if isinstance(stated, list):
        return stated[0] if stated and all(number == stated[0] for number in stated) else None
    return stated


def _kv_heads(config: dict[str, Any], heads: Any, attending: int) -> tuple[int, ...]:
    """Key-value heads of each layer that keeps a cache."""
    blocks = config.get("block_configs")
    if isinstance(blocks, list) and heads:  # layers that a search changed one by one: Nemotron's DeciLM
        groups = [(block.get("attention") or {}).get("n_heads_in_group") for block in blocks]
        return tuple(heads // group for group in groups if group)
    stated = first(config, "num_key_value_heads_per_layer", "num_key_value_heads", "num_kv_heads", "n_head_kv")
    stated = stated or first(config, "n_kv_heads", "multi_query_group_num")
    if isinstance(config.get("attn_config"), dict):  # DBRX
        stated = stated or config["attn_config"].get("kv_n_heads")
    if config.get("multi_query") and not config.get("new_decoder_architecture"):  # Falcon 7B, StarCoder
        stated = 1
    if isinstance(stated, list):
        return tuple(int(number) for number in stated if number)
    return tuple([int(stated or heads)] * attending) if stated or heads else ()


def architecture_of_config(whole: dict[str, Any], name: str = "config.json") -> Architecture:
    """Shape by config.json. `name`: of the file, for messages. Raises UserError for values that no model has."""
    with stranger_file(name):
        return _checked(_of_config(whole))
    raise AssertionError


def _of_config(whole: dict[str, Any]) -> Architecture:
    config = text_config(whole)
    layers = _layers(first(config, "num_hidden_layers", "n_layer", "n_layers", "num_layers"))
    kinds = layer_kinds(config, layers or 0)
    stated_heads = first(config, "num_attention_heads", "n_head", "n_heads")
    heads = max(stated_heads, default=None) if isinstance(stated_heads, list) else stated_heads
    hidden = first(config, "hidden_size", "n_embd", "d_model", "dim")
    key = first(config, "head_dim", "attention_head_dim", "kv_channels") or (
        hidden // heads if hidden and heads else None
    )
    rank = config.get("kv_lora_rank")
    window = config.get("sliding_window") if config.get("use_sliding_window", True) else None
    attending = [kind for kind in kinds if kind in ("full", "window")]
    moe = {**config, **config["ffn_config"]} if isinstance(config.get("ffn_config"), dict) else config
    experts = same_in_all_layers(first(moe, "num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts"))
    per_token = first(moe, "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts")
    if per_token is None:
        per_token = first(moe, "moe_topk", "moe_top_k", "moe_k")
    return Architecture(
        family=str(config.get("model_type", "")),
        layers=layers,
        hidden=hidden,
        vocabulary=first(config, "vocab_size", "padded_vocab_size"),
        tied=bool(first(whole, "tie_word_embeddings") or config.get("tie_word_embeddings", False)),
        experts=experts if isinstance(experts, int) and experts > 1 else None,
        experts_per_token=same_in_all_layers(per_token),
        shared_experts=shared_experts(config),
        kv_heads=_kv_heads(config, heads, len(attending)),
        key_length=key,
        value_length=config.get("v_head_dim") if not rank and config.get("v_head_dim") else key,
        latent=rank + config.get("qk_rope_head_dim", 0) if rank else None,
        window=window,
        windowed=kinds.count("window") if window else 0,
        state=recurrent_state(config, kinds),
        context=first(config, *CONTEXT_NAMES),
        rope=rope_scaling(config),
        heads=heads if isinstance(heads, int) else None,
    )


def layer_kinds(config: dict[str, Any], layers: int) -> list[str]:
    """Kind of each layer: `full` or `window` attention, `mamba`, `linear`, or `none` (experts or MLP alone)."""
    pattern = config.get("hybrid_override_pattern")
    if pattern:
        letters = {"*": "full", "M": "mamba"}
        return [letters.get(letter, "none") for letter in pattern]
    types = config.get("layer_types") or config.get("layers_block_type")
    if types:
        words = {"full_attention": "full", "attention": "full", "sliding_attention": "window", "mamba": "mamba"}
        words |= {"chunked_attention": "window", "linear_attention": "linear", "moe": "none", "mlp": "none"}
        words |= {"conv": "none"}
        return [words.get(kind, "full") for kind in types]
    every = config.get("attn_layer_period")  # Jamba
    if every:
        offset = config.get("attn_layer_offset") or 0
        return ["full" if layer % every == offset else "mamba" for layer in range(layers)]
    every = config.get("full_attention_interval")
    if every:
        return ["full" if (layer + 1) % every == 0 else "linear" for layer in range(layers)]
    pattern = config.get("sliding_window_pattern")
    if pattern is None and config.get("model_type") == "gemma2":
        pattern = 2
    if isinstance(pattern, str) and pattern and config.get("sliding_window"):  # EXAONE: LLLG
        return ["full" if pattern[layer % len(pattern)] == "G" else "window" for layer in range(layers)]
    if pattern and config.get("sliding_window"):
        return ["full" if (layer + 1) % pattern == 0 else "window" for layer in range(layers)]
    if config.get("sliding_window") and config.get("model_type") in ("mistral", "mixtral", "phi3", "starcoder2"):
        return ["window"] * layers
    return ["full"] * layers


def shared_experts(config: dict[str, Any]) -> int:
    """Shared experts of a layer: counted where stated, one where only their size is stated."""
    stated = first(config, "n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert")
    stated = max(stated, default=0) if isinstance(stated, list) else stated
    if stated is not None:
        return int(stated)
    return 1 if config.get("shared_expert_intermediate_size") or config.get("shared_intermediate_size") else 0


def recurrent_state(config: dict[str, Any], kinds: list[str]) -> int:
    """Elements of Mamba-2 or gated-delta state of one sequence over all layers."""
    elements = 0
    if "mamba" in kinds:
        heads = first(config, "mamba_num_heads", "mamba_n_heads") or 0
        size = first(config, "mamba_head_dim", "mamba_d_head") or 0
        state = first(config, "ssm_state_size", "mamba_d_state") or 0
        groups = first(config, "n_groups", "mamba_n_groups") or 1
        kernel = first(config, "conv_kernel", "mamba_d_conv") or 4
        channels = heads * size + 2 * groups * state
        elements += kinds.count("mamba") * (heads * size * state + channels * (kernel - 1))
    if "linear" in kinds:
        key = config.get("linear_num_key_heads", 0) * config.get("linear_key_head_dim", 0)
        heads, size = config.get("linear_num_value_heads", 0), config.get("linear_value_head_dim", 0)
        kernel = config.get("linear_conv_kernel_dim", 4)
        per_layer = heads * config.get("linear_key_head_dim", 0) * size + (2 * key + heads * size) * (kernel - 1)
        elements += kinds.count("linear") * per_layer
    return elements


def rope_scaling(config: dict[str, Any]) -> dict[str, Any]:
    """Rotary scaling of config.json under either of its names; empty where none scales anything."""
    for name in ("rope_scaling", "rope_parameters"):
        stated = config.get(name)
        if isinstance(stated, dict):
            inner = stated.get("full_attention")
            stated = inner if isinstance(inner, dict) else stated
            if first(stated, "rope_type", "type") not in (None, "default"):
                return {key: _number_of_text(value) for key, value in stated.items()}
    return {}


def _number_of_text(stated: Any) -> Any:
    """The number that a text holds, as hand-written scaling has it (`"factor": "4.0"`); anything else as it is."""
    is_number = isinstance(stated, str) and re.fullmatch(r"\d{1,15}(\.\d{1,9})?", stated)
    return float(stated) if is_number else stated


def architecture_of_parts(headers: Sequence[GgufHeader]) -> Architecture:
    """Shape by the headers of all parts of a GGUF: the first says everything but whether an output head follows."""
    tied = not any(tensor.name == "output.weight" for header in headers for tensor in header.tensors)
    return replace(architecture_of_gguf(headers[0]), tied=tied)


def architecture_of_gguf(header: GgufHeader) -> Architecture:
    """Shape by the header of the (first) GGUF file. Raises UserError for values that no model has."""
    with stranger_file(header.name or "the GGUF file"):
        return _checked(_of_gguf(header))
    raise AssertionError


def _of_gguf(header: GgufHeader) -> Architecture:
    layers, heads = _layers(header.get("block_count")), header.get("attention.head_count")
    predicted = int(header.get("nextn_predict_layers", 0))
    layers = layers - predicted if layers else layers
    head = max(heads) if isinstance(heads, list) else heads
    hidden = header.get("embedding_length")
    key = header.get("attention.key_length") or (hidden // head if hidden and head else None)
    kv = header.get("attention.head_count_kv", head)
    every = header.get("full_attention_interval")
    if isinstance(kv, list):
        per_layer = [int(number) for number in kv]
    elif every and kv:
        per_layer = [int(kv) if (layer + 1) % every == 0 else 0 for layer in range(layers or 0)]
    else:
        per_layer = [] if kv is None else [int(kv)] * (layers or 0)
    window = header.get("attention.sliding_window")
    pattern = header.get("attention.sliding_window_pattern")
    if isinstance(pattern, list):
        windowed = sum(bool(flag) for flag in pattern)
    elif pattern:
        windowed = sum((layer + 1) % int(pattern) != 0 for layer in range(layers or 0))
    else:
        windowed = len(per_layer) // 2 if window and header.architecture == "gpt-oss" else 0
    rank = header.get("attention.kv_lora_rank")
    inner, state = header.get("ssm.inner_size", 0), header.get("ssm.state_size", 0)
    channels = inner + 2 * header.get("ssm.group_count", 0) * state
    recurrent = sum(not number for number in per_layer) if inner else 0
    scaling = {
        "rope_type": header.get("rope.scaling.type"),
        "factor": header.get("rope.scaling.factor"),
        "original_max_position_embeddings": header.get("rope.scaling.original_context_length"),
    }
    experts = same_in_all_layers(header.get("expert_count"))
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return Architecture(
        family=header.architecture,
        layers=layers,
        hidden=hidden,
        vocabulary=header.get("vocab_size") or getattr(tokens, "length", None),
        tied=not any(tensor.name == "output.weight" for tensor in header.tensors),
        experts=experts if experts and experts > 1 else None,
        experts_per_token=same_in_all_layers(header.get("expert_used_count")),
        shared_experts=int(header.get("expert_shared_count", 0)),
        kv_heads=tuple(number for number in per_layer if number),
        key_length=key,
        value_length=header.get("attention.value_length") or key,
        latent=rank + header.get("rope.dimension_count", 0) if rank else None,
        window=window,
        windowed=windowed if window else 0,
        state=recurrent * (inner * state + channels * (header.get("ssm.conv_kernel", 4) - 1)),
        context=header.get("context_length"),
        rope=scaling if scaling["rope_type"] not in (None, "none") else {},
        heads=head,
    )
