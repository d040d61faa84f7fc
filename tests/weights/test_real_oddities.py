"""What releases of well-known families write in their own files: read, and read right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators.backends.vllm.model_folder import read_checkpoint
from evaluators.protocols.release_kind import read_release_kind
from evaluators.records import Release
from evaluators.specification import specification
from evaluators.specification.licence import licence
from evaluators.user_error import UserError
from evaluators.weights.architecture import architecture_of_config
from evaluators.weights.memory import fits
from evaluators.weights.pull import check_no_remote_code
from evaluators.weights.weights_options import choose_weights, quantizations

from .conftest import write_gguf, write_safetensors

PLAIN: dict[str, Any] = {
    "model_type": "llama", "num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 8, "vocab_size": 32,
    "num_key_value_heads": 2, "max_position_embeddings": 4096, "intermediate_size": 128, "dtype": "bfloat16",
}  # fmt: skip
MLA = {"kv_lora_rank": 8, "qk_rope_head_dim": 4, "first_k_dense_replace": 1, "n_routed_experts": 8}
BARE = {key: value for key, value in PLAIN.items() if key in ("dtype", "vocab_size", "hidden_size")}

CONFIGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "mistral without a window": ({**PLAIN, "model_type": "mistral", "sliding_window": None}, {"windowed": 0}),
    "qwen2 with its window off": ({**PLAIN, "sliding_window": 512, "use_sliding_window": False}, {"windowed": 0}),
    "phi with no window": ({**PLAIN, "sliding_window": False}, {"windowed": 0}),
    "head_dim null": ({**PLAIN, "head_dim": None}, {"key_length": 8}),
    "torch_dtype auto": ({**PLAIN, "dtype": None, "torch_dtype": "auto"}, {"kv_heads": (2,) * 4}),
    "qwen omni": (
        {"model_type": "qwen3_omni", "thinker_config": {"text_config": PLAIN, "audio_config": {"d_model": 4}}},
        {"kv_heads": (2,) * 4, "context": 4096},
    ),
    "internvl": ({"llm_config": PLAIN, "vision_config": {"hidden_size": 5}}, {"context": 4096, "vocabulary": 32}),
    "deepseek vl": ({"language_config": PLAIN}, {"context": 4096}),
    "gemma 3 with defaults unstated": (
        {"text_config": {"model_type": "gemma3_text", "hidden_size": 64, "num_hidden_layers": 4, "sliding_window": 8}},
        {"kv_heads": (), "context": None},
    ),
    "gemma 2": ({**PLAIN, "model_type": "gemma2", "sliding_window": 512}, {"windowed": 2}),
    "exaone 4": ({**PLAIN, "sliding_window": 512, "sliding_window_pattern": "LLLG"}, {"windowed": 3}),
    "lfm2": ({**PLAIN, "layer_types": ["conv", "conv", "full_attention", "conv"]}, {"kv_heads": (2,)}),
    "jamba": ({**PLAIN, "attn_layer_period": 4, "attn_layer_offset": 2}, {"kv_heads": (2,)}),
    "nemotron 49b": (
        {**PLAIN, "num_key_value_heads": None, "block_configs": [
            {"attention": {"n_heads_in_group": 4, "no_op": False}}, {"attention": {"n_heads_in_group": None}},
            {"attention": None}, {"attention": {"n_heads_in_group": 8}}]},
        {"kv_heads": (2, 1)},
    ),
    "decilm 7b": (
        {**PLAIN, "num_key_value_heads": None, "num_key_value_heads_per_layer": [4, 2, 1, 1]},
        {"kv_heads": (4, 2, 1, 1)},
    ),
    "kv heads by layer, some none": ({**PLAIN, "num_key_value_heads": [2, 0, None, 2]}, {"kv_heads": (2, 2)}),
    "heads by layer": ({**PLAIN, "num_attention_heads": [8, 8, 8, 4]}, {"heads": 8, "kv_heads": (2,) * 4}),
    "falcon 7b": (
        {**PLAIN, "num_key_value_heads": None, "num_kv_heads": 8,
         "multi_query": True, "new_decoder_architecture": False},
        {"kv_heads": (1,) * 4},
    ),
    "falcon 40b": (
        {**PLAIN, "num_key_value_heads": None, "num_kv_heads": 4,
         "multi_query": True, "new_decoder_architecture": True},
        {"kv_heads": (4,) * 4},
    ),
    "starcoder": (
        {**BARE, "n_layer": 4, "n_head": 8, "n_embd": 64, "n_positions": 8192, "multi_query": True},
        {"kv_heads": (1,) * 4, "context": 8192},
    ),
    "dbrx": (
        {"d_model": 64, "n_heads": 8, "n_layers": 4, "max_seq_len": 4096, "vocab_size": 32,
         "attn_config": {"kv_n_heads": 2}, "ffn_config": {"moe_num_experts": 16, "moe_top_k": 4}},
        {"kv_heads": (2,) * 4, "context": 4096, "experts": 16, "experts_per_token": 4},
    ),
    "chatglm": (
        {"num_layers": 4, "hidden_size": 64, "num_attention_heads": 8, "multi_query_group_num": 2, "kv_channels": 16,
         "padded_vocab_size": 32, "seq_length": 8192},
        {"kv_heads": (2,) * 4, "vocabulary": 32, "key_length": 16, "context": 8192},
    ),
    "mistral params": (
        {"dim": 64, "n_layers": 4, "n_heads": 8, "n_kv_heads": 2, "vocab_size": 32, "max_seq_len": 4096},
        {"hidden": 64, "kv_heads": (2,) * 4, "context": 4096},
    ),
    "ernie 4.5": (
        {**PLAIN, "moe_num_experts": 64, "moe_k": 6, "moe_num_shared_experts": 2},
        {"experts": 64, "experts_per_token": 6, "shared_experts": 2},
    ),
    "hunyuan": (
        {**PLAIN, "num_experts": 64, "moe_topk": [8] * 4, "num_shared_expert": [1] * 4},
        {"experts_per_token": 8, "shared_experts": 1},
    ),
    "kimi linear": ({**PLAIN, "num_experts": 64, "num_experts_per_token": 8}, {"experts_per_token": 8}),
    "ernie vl": ({**PLAIN, "moe_num_experts": [64, 32], "moe_k": 6}, {"experts": None}),
    "deepseek": ({**PLAIN, **MLA, "num_experts_per_tok": 2}, {"latent": 12, "experts_per_token": 2}),
    "mrope": ({**PLAIN, "rope_scaling": {"type": "mrope", "mrope_section": [1, 2]}}, {"context": 4096}),
    "yarn as text": (
        {**PLAIN, "rope_scaling": {"type": "yarn", "factor": "4.0", "original_max_position_embeddings": None}},
        {"rope": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": None}},
    ),
    "longrope": (
        {**PLAIN, "rope_scaling": {"type": "longrope", "long_factor": [1.0], "short_factor": [1.0]}}, {"context": 4096}
    ),
    "rope by layer type": (
        {**PLAIN, "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8.0},
                                        "sliding_attention": {}}},
        {"rope": {"rope_type": "linear", "factor": 8.0}},
    ),
    "fp8": ({**PLAIN, "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}, {"layers": 4}),
    "compressed tensors": (
        {**PLAIN, "quantization_config": {"quant_method": "compressed-tensors", "config_groups": {
            "group_0": {"weights": {"num_bits": 4}, "input_activations": None}}}},
        {"layers": 4},
    ),
    "bitsandbytes": (
        {**PLAIN, "quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, {"layers": 4}
    ),
    "mamba": ({**PLAIN, "time_step_limit": [0.0, float("inf")]}, {"layers": 4}),
    "auto_map that names nothing": ({**PLAIN, "auto_map": {}}, {"layers": 4}),
    "code of a kind that transformers has": (
        {**PLAIN, "model_type": "deepseek_v3", "auto_map": {"AutoConfig": "configuration_deepseek.DeepseekV3Config"}},
        {"layers": 4},
    ),
}  # fmt: skip
TOKENIZER = {
    "model_max_length": int(1e30), "eos_token": {"content": "</s>", "lstrip": False, "__type": "AddedToken"},
    "added_tokens_decoder": {"0": {"content": "<s>", "special": True}}, "auto_map": None,
    "chat_template": [{"name": "tool_use", "template": "{{ tools }}"},
                      {"name": "default", "template": "{{ messages }}"}],
}  # fmt: skip
GENERATION = {"eos_token_id": [1, 2], "temperature": None, "top_p": "0.9", "top_k": -1, "max_new_tokens": "512"}


def write(folder: Path, config: Any = PLAIN, card: bytes = b"") -> Release:
    """A release with these files and one small tensor."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8-sig")
    (folder / "tokenizer_config.json").write_text(json.dumps(TOKENIZER), encoding="utf-8-sig")
    (folder / "generation_config.json").write_text(json.dumps(GENERATION), encoding="utf-8-sig")
    (folder / "README.md").write_bytes(card)
    write_safetensors(folder / "model.safetensors", {"model.embed_tokens.weight": ("BF16", [32, 8])})
    return Release(model="maker/model", commit="0" * 40, location=str(folder))


@pytest.mark.parametrize("family", CONFIGS)
def test_config_of_a_family(family: str, tmp_path: Path) -> None:
    config, expected = CONFIGS[family]
    release = write(tmp_path / "m", config)
    shape = read_checkpoint(tmp_path / "m").architecture
    assert {name: getattr(shape, name) for name in expected} == expected
    checkpoint = read_checkpoint(tmp_path / "m")
    assert (checkpoint.context, checkpoint.vocabulary) == (shape.context, shape.vocabulary)
    assert checkpoint.template_sha256
    check_no_remote_code(release, choose_weights(release, None, None))
    assert fits(release, 10**12).fits
    assert specification(release)
    kind = read_release_kind(release)
    assert kind.has_template and "files" not in kind.evidence
    assert kind.sampling.temperature is None and kind.sampling.top_k is None


@pytest.mark.parametrize(
    "card",
    [
        b"\xef\xbb\xbf---\nlicense: mit\n---\n", b"---\r\nlicense: mit\r\ntags: chat\r\n---\r\n",
        b"---  \nlicense: mit\nlanguage: no\n---\n", b"---\nlicense: [mit]\ntags: 5\n---\n",
        b"---\nlicense: mit\ntags:\n- no\n- yes\n- 2024-01-01\nbase_model: [a/b, c/d]\n---\n",
        b"---\nlicense: mit\nbase_model: {name: a/b}\nmodel-index: {name: x}\n---\n",
        b"---\nlicense: mit\nlicense: mit\nauthor: Andr\xe9\n---\n", b"---\nlicense: mit\ntags: null\n---",
    ],
)  # fmt: skip
def test_front_matter(card: bytes, tmp_path: Path) -> None:
    release = write(tmp_path / "m", card=card)
    assert licence(release)[0] == "MIT"
    assert "files" not in read_release_kind(release).evidence


def test_weights_that_are_there_twice_count_once(tmp_path: Path) -> None:
    release = write(tmp_path / "m")
    folder = tmp_path / "m"
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    write_safetensors(folder / "consolidated.safetensors", {"tok_embeddings.weight": ("BF16", [32, 8])})
    (option,) = quantizations(release)
    assert [entry.name for entry in option.weights] == ["model-00001-of-00001.safetensors"]
    assert read_checkpoint(folder).size == option.size
    (folder / "model-00001-of-00001.safetensors").unlink()
    assert read_checkpoint(folder).size == quantizations(release)[0].size


def test_a_projector_says_nothing_about_the_template(tmp_path: Path) -> None:
    write_gguf(tmp_path / "mmproj-F16.gguf").write_bytes(b"garbage")
    write_gguf(tmp_path / "model-Q8_0.gguf")
    release = Release(model="maker/model", commit="0" * 40, location=str(tmp_path))
    assert "files" not in read_release_kind(release).evidence


def test_active_parameters_are_left_out_where_the_experts_of_a_token_are_unknown(tmp_path: Path) -> None:
    config = {**PLAIN, "num_experts": 4}
    assert architecture_of_config(config).experts_per_token is None
    release = write(tmp_path / "m", config)
    tensors = {"model.embed_tokens.weight": ("BF16", [32, 8])}
    tensors |= {f"model.layers.0.mlp.experts.{number}.up_proj.weight": ("BF16", [8, 8]) for number in range(4)}
    write_safetensors(tmp_path / "m" / "model.safetensors", tensors)
    assert "active_parameters" not in {measured.benchmark for measured in specification(release)}
    (tmp_path / "m" / "config.json").write_text(json.dumps({**config, "moe_k": 1}))
    scores = {measured.benchmark: measured.score for measured in specification(release)}
    assert scores["total_parameters"] == 512 and scores["active_parameters"] == 320


def test_code_that_a_release_needs_is_refused(tmp_path: Path) -> None:
    code = {"auto_map": {"AutoConfig": "configuration_x.XConfig"}}
    release = write(tmp_path / "m", {**PLAIN, "model_type": "x", **code})
    with pytest.raises(UserError, match="brings its own code"):
        check_no_remote_code(release, choose_weights(release, None, None))
    release = write(tmp_path / "n", {**PLAIN, "model_type": "deepseek_v3", **code})
    tokenizer = {"auto_map": {"AutoTokenizer": ["tokenization_x.XTokenizer", None]}}
    (tmp_path / "n" / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    with pytest.raises(UserError, match="brings its own code"):
        check_no_remote_code(release, choose_weights(release, None, None))
