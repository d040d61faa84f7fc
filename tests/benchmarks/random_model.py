"""A release with random weights of about 150 million parameters, for speed only: it says nonsense.

    python -m tests.benchmarks.random_model FOLDER

Writes FOLDER with config.json, tokenizer, model.safetensors and a GGUF file, float16, the tokenizer being the demo's.
"""

from __future__ import annotations

import json
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np

from flows.demo import RELEASE

WIDTH, FEED_FORWARD, LAYERS, HEADS, KV_HEADS, HEAD = 1024, 2816, 12, 16, 8, 64
CONTEXT = 4096


def tensors(vocabulary: int) -> Iterator[tuple[str, str, np.ndarray]]:
    """Name in transformers' and in GGUF's words, and the numbers, float16, from a fixed seed."""
    random = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (random.standard_normal((rows, columns), dtype=np.float32) * 0.02).astype(np.float16)

    yield "model.embed_tokens.weight", "token_embd.weight", matrix(vocabulary, WIDTH)
    yield "lm_head.weight", "output.weight", matrix(vocabulary, WIDTH)
    yield "model.norm.weight", "output_norm.weight", np.ones(WIDTH, np.float16)
    for layer in range(LAYERS):
        theirs, ours = f"model.layers.{layer}.", f"blk.{layer}."
        yield theirs + "input_layernorm.weight", ours + "attn_norm.weight", np.ones(WIDTH, np.float16)
        yield theirs + "post_attention_layernorm.weight", ours + "ffn_norm.weight", np.ones(WIDTH, np.float16)
        for name, short, rows, columns in (
            ("self_attn.q_proj", "attn_q", HEADS * HEAD, WIDTH),
            ("self_attn.k_proj", "attn_k", KV_HEADS * HEAD, WIDTH),
            ("self_attn.v_proj", "attn_v", KV_HEADS * HEAD, WIDTH),
            ("self_attn.o_proj", "attn_output", WIDTH, HEADS * HEAD),
            ("mlp.gate_proj", "ffn_gate", FEED_FORWARD, WIDTH),
            ("mlp.up_proj", "ffn_up", FEED_FORWARD, WIDTH),
            ("mlp.down_proj", "ffn_down", WIDTH, FEED_FORWARD),
        ):
            yield f"{theirs}{name}.weight", f"{ours}{short}.weight", matrix(rows, columns)


def write_release(folder: Path) -> None:
    """Write the release."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(RELEASE / name, folder / name)
    config = json.loads((RELEASE / "config.json").read_text("utf-8"))
    config |= {
        "hidden_size": WIDTH, "intermediate_size": FEED_FORWARD, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD,
        "max_position_embeddings": CONTEXT, "tie_word_embeddings": False,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
    _write_safetensors(folder / "model.safetensors", config["vocab_size"])
    _write_gguf(folder / f"{folder.name}-F16.gguf", config)


def _write_safetensors(path: Path, vocabulary: int) -> None:
    header, place = {}, 0
    for name, _, numbers in tensors(vocabulary):
        end = place + numbers.nbytes
        header[name] = {"dtype": "F16", "shape": numbers.shape, "data_offsets": [place, end]}
        place = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, numbers in tensors(vocabulary):
            file.write(numbers.tobytes())


def _write_gguf(path: Path, config: dict) -> None:
    parts = json.loads((RELEASE / "tokenizer.json").read_text("utf-8"))
    special = {token["id"] for token in parts["added_tokens"]}
    words = sorted(parts["model"]["vocab"], key=parts["model"]["vocab"].get)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(HEAD)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(words)
    kinds = [gguf.TokenType.CONTROL if at in special else gguf.TokenType.NORMAL for at in range(len(words))]
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in parts["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token(True)
    for _, name, numbers in tensors(config["vocab_size"]):
        writer.add_tensor(name, numbers.astype(np.float32) if numbers.ndim == 1 else numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write_release(Path(sys.argv[1]))
