"""Specification from a GGUF header: the names of llama.cpp for experts, hybrid layers and latent attention."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from evaluators.specification import specification
from evaluators.weights import resolve
from evaluators.weights.architecture import architecture_of_gguf
from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.memory import cache_bytes
from evaluators.weights.sources import LocalSource


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes and listings of each test apart from the user's."""
    monkeypatch.setenv("CLAIMCHECK_DATA", str(tmp_path / "data"))


def write(path: Path, architecture: str, keys: dict, tensors: dict[str, tuple[int, ...]]) -> Path:
    """A GGUF file of zeros with these keys below its architecture's name."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for key, value in keys.items():
        name = f"{architecture}.{key}"
        if isinstance(value, list):
            writer.add_array(name, value)
        elif isinstance(value, float):
            writer.add_float32(name, value)
        else:
            writer.add_string(name, value) if isinstance(value, str) else writer.add_uint32(name, value)
    for name, shape in tensors.items():
        writer.add_tensor(name, np.zeros(shape, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_experts_and_shared_experts(tmp_path: Path) -> None:
    keys = {
        "block_count": 3, "nextn_predict_layers": 1, "embedding_length": 8, "attention.head_count": 2,
        "attention.head_count_kv": 1, "attention.key_length": 4, "expert_count": 4, "expert_used_count": 1,
        "expert_shared_count": 1, "context_length": 8192, "rope.scaling.type": "yarn", "rope.scaling.factor": 4.0,
        "rope.scaling.original_context_length": 2048,
    }  # fmt: skip
    tensors: dict[str, tuple[int, ...]] = {"token_embd.weight": (16, 8), "output.weight": (16, 8)}
    tensors["rope_freqs.weight"] = (4,)
    for layer in range(3):
        tensors[f"blk.{layer}.ffn_up_exps.weight"] = (4, 2, 8)
        tensors[f"blk.{layer}.ffn_up_shexp.weight"] = (2, 8)
        tensors[f"blk.{layer}.attn_q.weight"] = (8, 8)
    (tmp_path / "m").mkdir()
    write(tmp_path / "m" / "m.gguf", "qwen3moe", keys, tensors)
    found = {measurement.benchmark: measurement for measurement in specification(resolve(str(tmp_path / "m")))}
    language = 2 * 128 + 2 * (64 + 16 + 64)
    assert found["total_parameters"].score == language
    assert found["total_parameters"].high == language + 64 + 16 + 64
    assert found["active_parameters"].score == language - 2 * 48
    assert found["active_parameters"].low == language - 2 * 48 - 128
    assert found["context_window_extended"].score == 8192
    assert found["dtype"].evidence["value"] == "F32"
    assert "2 layers x 8192 tokens x 1 KV heads x (4 + 4)" in found["fits_memory"].evidence["formula"]


def cache(path: Path, context: int) -> int | None:
    """Bytes of the KV cache by a file's header."""
    return cache_bytes(architecture_of_gguf(read_gguf_header(LocalSource.of(path))), context)[0]


def test_hybrid_keeps_a_cache_for_attention_layers_only(tmp_path: Path) -> None:
    keys = {
        "block_count": 4, "embedding_length": 64, "attention.head_count": [0, 0, 4, 0],
        "attention.head_count_kv": [0, 0, 2, 0], "attention.key_length": 16, "ssm.inner_size": 128,
        "ssm.state_size": 16, "ssm.group_count": 1, "ssm.conv_kernel": 4,
    }  # fmt: skip
    path = write(tmp_path / "h.gguf", "nemotron_h_moe", keys, {"output.weight": (2, 2)})
    empty, full = cache(path, 0), cache(path, 1000)
    assert empty == 3 * (128 * 16 + (128 + 2 * 16) * 3) * 4
    assert full is not None and full - empty == 1000 * 2 * (16 + 16) * 2


def test_latent_attention_keeps_its_compressed_row(tmp_path: Path) -> None:
    keys = {
        "block_count": 61, "embedding_length": 7168, "attention.head_count": 128, "attention.head_count_kv": 1,
        "attention.kv_lora_rank": 512, "rope.dimension_count": 64,
    }  # fmt: skip
    path = write(tmp_path / "d.gguf", "deepseek2", keys, {"output.weight": (2, 2)})
    assert cache(path, 1000) == 61 * 576 * 2 * 1000
