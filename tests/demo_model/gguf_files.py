"""Write the release's GGUF files from its safetensors: `python -m tests.demo_model.gguf_files [FOLDER]`.

F16 holds the same numbers as the safetensors, Q8_0 the matrices in blocks of 32. Needs the packages gguf and
safetensors only.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

from flows.demo import RELEASE

NAME = "demo-model-1.5M"


def interleave(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key matrix from transformers' order (half rotary) to GGUF's (pairs); [rows, columns]."""
    rows = weight.shape[0]
    return weight.reshape(heads, 2, rows // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


def tensors(release: Path) -> dict[str, np.ndarray]:
    """The release's tensors under their GGUF names, float16, query and key rows in GGUF's order."""
    config = json.loads((release / "config.json").read_text("utf-8"))
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    found = {}
    for key, weight in load_file(release / "model.safetensors").items():
        if key.endswith("q_proj.weight"):
            weight = interleave(weight, config["num_attention_heads"])
        if key.endswith("k_proj.weight"):
            weight = interleave(weight, config["num_key_value_heads"])
        found[names.get_name(key, try_suffixes=(".weight",))] = np.ascontiguousarray(weight)
    return found


def _describe(writer: gguf.GGUFWriter, config: dict, generation: dict) -> None:
    writer.add_name(NAME)
    writer.add_license("apache-2.0")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    # As convert_hf_to_gguf.py writes it: what a llama.cpp server takes for a request that states no sampling.
    writer.add_sampling_temp(generation["temperature"])
    writer.add_sampling_top_p(generation["top_p"])


def _tokenizer(writer: gguf.GGUFWriter, release: Path, config: dict) -> None:
    parts = json.loads((release / "tokenizer.json").read_text("utf-8"))
    special = {token["id"]: token["special"] for token in parts["added_tokens"]}
    ids = parts["model"]["vocab"] | {token["content"]: token["id"] for token in parts["added_tokens"]}
    tokens = sorted(ids, key=ids.__getitem__)
    # A control token is not part of the returned text; the think tags are, as text that is one token.
    added = {True: gguf.TokenType.CONTROL, False: gguf.TokenType.USER_DEFINED}
    kinds = [added[special[at]] if at in special else gguf.TokenType.NORMAL for at in range(len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in parts["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_eot_token_id(tokens.index("<|eot_id|>"))
    writer.add_add_bos_token(True)
    writer.add_chat_template((release / "chat_template.jinja").read_text("utf-8"))


def write(release: Path, path: Path, quantized: bool) -> None:
    """Write one GGUF file: Q8_0 matrices if `quantized`, else F16; vectors (norms) are F32 in both."""
    config = json.loads((release / "config.json").read_text("utf-8"))
    writer = gguf.GGUFWriter(path, "llama")
    kind = gguf.LlamaFileType.MOSTLY_Q8_0 if quantized else gguf.LlamaFileType.MOSTLY_F16
    writer.add_file_type(kind)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _describe(writer, config, json.loads((release / "generation_config.json").read_text("utf-8")))
    _tokenizer(writer, release, config)
    block = gguf.GGMLQuantizationType.Q8_0
    for name, weight in tensors(release).items():
        if weight.ndim == 1:
            writer.add_tensor(name, weight.astype(np.float32))
        elif quantized:
            writer.add_tensor(name, gguf.quants.quantize(weight.astype(np.float32), block), raw_dtype=block)
        else:
            writer.add_tensor(name, weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    """Write both files into the release's folder."""
    release = Path(sys.argv[1]) if len(sys.argv) > 1 else RELEASE
    for kind in ("F16", "Q8_0"):
        path = release / f"{NAME}-{kind}.gguf"
        write(release, path, quantized=kind == "Q8_0")
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
