"""Parameters by config.json alone: the cross-check of what the headers say, and the only answer where there are none.

Counts the matrices of attention (grouped, latent, linear, Mamba-2), of dense and expert layers, of routers and
embeddings; norms and biases, below 0.1 % together, only where they are cheap to know. Formulas from the modelling
code of Hugging Face transformers 5.19 for the families in tests/specification/releases.yaml.
"""

from __future__ import annotations

from typing import Any

from evaluators.specification.parameters import Parameters
from evaluators.weights.architecture import architecture_of_config, first, layer_kinds, text_config


def parameters_of_config(whole: dict[str, Any]) -> Parameters | None:
    """Parameters of the language model by config.json; None if it lacks a size that is needed.

    Prediction heads and parts for images and sound are not counted.
    """
    config, shape = text_config(whole), architecture_of_config(whole)
    if not (shape.layers and shape.hidden and shape.vocabulary):
        return None
    layers, hidden = shape.layers, shape.hidden
    kinds = layer_kinds(config, layers)
    sparse = [layer for layer in range(layers) if _is_sparse(config, layer)] if shape.experts else []
    routed = set(sparse)
    dense = [layer for layer in range(layers) if _has_mlp(config, layer) and layer not in routed]
    gates = 2 if _is_ungated(config) else 3
    expert = first(config, "moe_intermediate_size", "intermediate_size")
    inner = first(config, "intermediate_size_mlp", "intermediate_size", "ffn_dim")
    if expert is None or (dense and inner is None):
        return None
    bias = bool(config.get("attention_bias")) and config.get("model_type") == "gpt_oss"
    one_expert = gates * hidden * expert + ((gates - 1) * expert + hidden if bias else 0)
    mixers = {
        "full": _attention(config, hidden),
        "window": _attention(config, hidden),
        "mamba": _mamba(config, hidden),
        "linear": _linear_attention(config, hidden),
        "none": 0,
    }
    rest = sum(mixers[kind] for kind in kinds) + len(dense) * gates * hidden * (inner or 0)
    rest += len(sparse) * hidden * (shape.experts or 0)
    rest += (2 * layers + 1) * hidden if "none" not in kinds else (layers + 1) * hidden
    return Parameters(
        routed=len(sparse) * (shape.experts or 0) * one_expert,
        shared=len(sparse) * gates * hidden * _shared_size(config, expert),
        embedding=shape.vocabulary * hidden,
        lookup=0,
        head=0 if shape.tied else shape.vocabulary * hidden,
        rest=rest,
        side=0,
        prediction=0,
        tied=shape.tied,
        experts=shape.experts,
        per_token=shape.experts_per_token,
    )


def _is_ungated(config: dict[str, Any]) -> bool:
    """Whether an MLP has two matrices, without a gate."""
    return first(config, "mlp_hidden_act", "hidden_act", "activation_function") in ("relu2", "relu", "gelu_new")


def _is_sparse(config: dict[str, Any], layer: int) -> bool:
    pattern = config.get("hybrid_override_pattern")
    if pattern:
        return bool(pattern[layer] == "E")
    if config.get("mlp_layer_types"):
        return bool(config["mlp_layer_types"][layer] == "sparse")
    if layer < config.get("first_k_dense_replace", 0) or layer in (config.get("mlp_only_layers") or ()):
        return False
    every = first(config, "decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq") or 1
    return (layer + 1) % every == 0 if isinstance(every, int) else bool(every[layer])


def _has_mlp(config: dict[str, Any], layer: int) -> bool:
    pattern = config.get("hybrid_override_pattern")
    return bool(pattern[layer] == "-") if pattern else True


def _shared_size(config: dict[str, Any], expert: int) -> int:
    stated = first(
        config, "moe_shared_expert_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size"
    )
    if stated is not None:
        return int(stated)
    if config.get("model_type") == "llama4_text":
        return expert
    return int(expert * (first(config, "n_shared_experts", "num_shared_experts") or 0))


def _attention(config: dict[str, Any], hidden: int) -> int:
    heads = first(config, "num_attention_heads", "n_head") or 0
    rank = config.get("kv_lora_rank")
    if rank:
        nope, rope = config.get("qk_nope_head_dim", 0), config.get("qk_rope_head_dim", 0)
        value, query = config.get("v_head_dim", 0), config.get("q_lora_rank")
        queries = query * (hidden + 1 + heads * (nope + rope)) if query else hidden * heads * (nope + rope)
        return queries + hidden * (rank + rope) + rank * (1 + heads * (nope + value)) + heads * value * hidden
    size = config.get("head_dim") or (hidden // heads if heads else 0)
    kv = first(config, "num_key_value_heads", "num_kv_heads") or heads
    biased = config.get("attention_bias") or config.get("qkv_bias") or config.get("model_type") == "qwen2"
    bias = (heads + 2 * kv) * size if biased else 0
    gate = heads * size * hidden if config.get("attn_output_gate") else 0
    return hidden * size * (2 * heads + 2 * kv) + bias + gate


def _mamba(config: dict[str, Any], hidden: int) -> int:
    heads = first(config, "mamba_num_heads", "mamba_n_heads") or 0
    inner = heads * (first(config, "mamba_head_dim", "mamba_d_head") or 0)
    state = (first(config, "n_groups", "mamba_n_groups") or 1) * (first(config, "ssm_state_size", "mamba_d_state") or 0)
    kernel = first(config, "conv_kernel", "mamba_d_conv") or 4
    channels = inner + 2 * state
    return hidden * (inner + channels + heads) + channels * (kernel + 1) + 3 * heads + inner + inner * hidden


def _linear_attention(config: dict[str, Any], hidden: int) -> int:
    key = config.get("linear_num_key_heads", 0) * config.get("linear_key_head_dim", 0)
    heads = config.get("linear_num_value_heads", 0)
    value = heads * config.get("linear_value_head_dim", 0)
    kernel = config.get("linear_conv_kernel_dim", 4)
    return hidden * (2 * key + 2 * value + 2 * heads) + (2 * key + value) * kernel + 2 * heads + value * hidden
