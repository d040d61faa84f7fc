"""Small real weights: written by the `gguf` package, by hand for safetensors."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest


def write_gguf(
    path: Path,
    *,
    name: str = "tiny",
    tensors: int = 3,
    vocabulary: int = 300,
    architecture: str = "llama",
    kind: str = "model",
) -> Path:
    """A GGUF file with metadata, a vocabulary and Q8_0 tensors."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(kind)
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_context_length(512)
    writer.add_block_count(tensors)
    writer.add_token_list([f"t{number}" for number in range(vocabulary)])
    writer.add_token_scores([0.0] * vocabulary)
    for number in range(tensors):
        data = gguf.quants.quantize(np.ones((4, 64), dtype=np.float32), gguf.GGMLQuantizationType.Q8_0)
        writer.add_tensor(f"blk.{number}.ffn_up.weight", data, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_safetensors(path: Path, tensors: dict[str, tuple[str, list[int]]]) -> Path:
    """A safetensors file of zeros: name -> (dtype, shape)."""
    widths = {"BF16": 2, "F16": 2, "F32": 4, "U8": 1, "I32": 4, "F8_E4M3": 1}
    header, begin = {}, 0
    for name, (dtype, shape) in tensors.items():
        end = begin + int(np.prod(shape)) * widths[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
        begin = end
    raw = json.dumps(header).encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + bytes(begin))
    return path


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes and listings of each test apart from the user's."""
    monkeypatch.setenv("CLAIMCHECK_DATA", str(tmp_path / "data"))


@pytest.fixture
def release_folder(tmp_path: Path) -> Path:
    """A local release with safetensors, a GGUF file and one in two splits."""
    folder = tmp_path / "tiny-release"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "dtype": "bfloat16"}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "README.md").write_text("# tiny")
    write_safetensors(folder / "model.safetensors", {"a.weight": ("BF16", [8, 8])})
    write_gguf(folder / "tiny-Q8_0.gguf")
    for part in (1, 2):
        write_gguf(folder / f"tiny-Q4_K_M-0000{part}-of-00002.gguf", name=f"part {part}")
    return folder
