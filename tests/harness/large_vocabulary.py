"""A random one-layer Llama with 151,936 tokens as GGUF: slow only where a large vocabulary makes it slow."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.harness.tiny_model import vocabulary

VOCABULARY, HIDDEN, HEADS, FEED_FORWARD = 151_936, 64, 4, 128


def write(path: Path, seed: int = 0) -> Path:
    """Write the model as F16 GGUF to `path` and return it."""
    import gguf

    tokens, merges = vocabulary()
    kinds = [gguf.TokenType.CONTROL if at < 5 else gguf.TokenType.NORMAL for at in range(len(tokens))]
    tokens += [f"Ġfiller{at}" for at in range(VOCABULARY - len(tokens))]
    kinds += [gguf.TokenType.NORMAL] * (VOCABULARY - len(kinds))
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(2048)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(True)
    shapes = {"token_embd.weight": (VOCABULARY, HIDDEN), "output.weight": (VOCABULARY, HIDDEN)}
    shapes |= {f"blk.0.attn_{part}.weight": (HIDDEN, HIDDEN) for part in ("q", "k", "v", "output")}
    shapes |= {f"blk.0.ffn_{part}.weight": (FEED_FORWARD, HIDDEN) for part in ("gate", "up")}
    shapes |= {"blk.0.ffn_down.weight": (HIDDEN, FEED_FORWARD)}
    for name, shape in shapes.items():
        writer.add_tensor(name, (random.standard_normal(shape) * 0.3).astype(np.float16))
    for name in ("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"):
        writer.add_tensor(name, np.ones(HIDDEN, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
