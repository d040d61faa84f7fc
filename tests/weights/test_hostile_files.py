"""Damaged and hostile files of a release: read, or refused in one line that names the file, in bounded time."""

from __future__ import annotations

import json
import resource
import struct
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from evaluators.backends.llama_cpp.model_file import read_header
from evaluators.backends.vllm.model_folder import read_checkpoint
from evaluators.records import Release, UserError
from evaluators.specification import specification
from evaluators.weights.memory import read_architecture
from evaluators.weights.weights_options import quantizations

LONGEST = 10.0
"""Seconds that one file may take."""
MOST_MEMORY = 2**30
"""Bytes that all files of a test may add to the process."""

CONFIG: dict[str, Any] = {
    "model_type": "qwen3", "num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 1,
    "intermediate_size": 16, "vocab_size": 32, "max_position_embeddings": 4096, "torch_dtype": "bfloat16",
    "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 1024},
    "sliding_window": 128, "layer_types": ["full_attention", "sliding_attention"], "tie_word_embeddings": False,
    "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 8, "head_dim": 4, "kv_lora_rank": None,
    "quantization_config": {"quant_method": "gptq", "bits": 4}, "text_config": {"num_hidden_layers": 2},
}  # fmt: skip
TENSORS = {
    "__metadata__": {"format": "pt"},
    "model.embed_tokens.weight": {"dtype": "BF16", "shape": [32, 8], "data_offsets": [0, 512]},
    "model.layers.0.mlp.gate.weight": {"dtype": "BF16", "shape": [8, 8], "data_offsets": [512, 640]},
}
INDEX = {
    "metadata": {"total_size": 640},
    "weight_map": {name: "model.safetensors" for name in TENSORS if name[0] == "m"},
}
CARD = "---\nlicense: mit\nmodel-index:\n- name: x\n---\n# A model\n"
KEYS: dict[str, Any] = {
    "general.architecture": "llama", "general.alignment": 32, "general.file_type": 1, "llama.block_count": 2,
    "llama.embedding_length": 8, "llama.attention.head_count": 2, "llama.attention.head_count_kv": [1, 1],
    "llama.context_length": 2048, "llama.vocab_size": 32, "llama.rope.scaling.type": "yarn",
    "llama.rope.scaling.factor": 4.0, "tokenizer.ggml.tokens": ["a", "b"], "llama.expert_count": 4,
}  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 1025, 10**9, 10**30, 10**400, 1e308, float("nan"), float("inf"), "", "4096", "\ud800", [], {},
    [None], [[]], {"a": {}}, "x" * 5000, [1] * 2000,
)  # fmt: skip


def gguf_value(value: Any, random: Random) -> bytes:
    """A value with its type, as GGUF writes it; what it cannot write becomes something it can."""
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
        return struct.pack("<IQ", 8, len(data)) + data
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<Iq", 11, max(-(2**63), min(value, 2**63 - 1)))
    if isinstance(value, float):
        return struct.pack("<Id", 12, value)
    if isinstance(value, list) and value:
        kind = gguf_value(value[0], random)[:4]
        return (
            struct.pack("<I", 9)
            + kind
            + struct.pack("<Q", len(value))
            + b"".join(gguf_value(entry, random)[4:] for entry in value)
        )
    depth = random.choice([1, 3, 2000])
    return (struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ", 9, 1) * depth)[: random.choice([16, 10**6])]


def gguf(keys: dict[str, Any], random: Random) -> bytes:
    """A GGUF file with one small tensor."""
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(keys))
    for key, value in keys.items():
        head += struct.pack("<Q", len(key)) + key.encode() + gguf_value(value, random)
    name = b"token_embd.weight"
    head += struct.pack("<Q", len(name)) + name + struct.pack("<IQQIQ", 2, 8, 32, 0, 0)
    return head + b"\0" * (-len(head) % 32) + b"\0" * 1024


def safetensors(header: Any) -> bytes:
    data = json.dumps(header).encode()
    return struct.pack("<Q", len(data)) + data + b"\0" * 640


def mutate(value: Any, random: Random) -> Any:
    """The value with one place of it replaced, dropped or put into a list."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        name = random.choice(list(value))
        if random.random() < 0.1:
            return {key: entry for key, entry in value.items() if key != name}
        return value | {name: mutate(value[name], random)}
    if isinstance(value, list) and value and random.random() < 0.6:
        return [mutate(value[0], random), *value[1:]]
    return random.choice([*ODD, [value], {"x": value}])


def spoil(data: bytes, random: Random) -> bytes:
    """The bytes, in half of the cases cut, with flipped bits, or with large numbers put in."""
    if random.random() < 0.5 or not data:
        return data
    changed = bytearray(data)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(changed))
        match random.randrange(4):
            case 0:
                changed[place] ^= 1 << random.randrange(8)
            case 1:
                changed[place : place + 8] = struct.pack("<Q", random.choice([0, 2**31, 2**62, 2**64 - 1, 60_000_000]))
            case 2:
                changed = changed[: place + 1]
            case _:
                changed[place:place] = random.choice([b"[" * 5000, b"\xff\xfe", b"9" * 5000, b'{"a":' * 3000])
    return bytes(changed)


def write_release(folder: Path, random: Random) -> None:
    """A release with one to three of its files mutated."""
    files: dict[str, Any] = {
        "config.json": CONFIG, "model.safetensors": TENSORS, "model.safetensors.index.json": INDEX, "README.md": CARD,
        "tokenizer_config.json": {"chat_template": "{{ messages }}"}, "model-F16.gguf": KEYS,
    }  # fmt: skip
    chosen = random.sample(sorted(files), random.randint(1, 3))
    for name, content in files.items():
        for _ in range(random.randint(1, 3) if name in chosen else 0):
            content = mutate(content, random) if not isinstance(content, str) else content
        if name.endswith(".gguf"):
            data = gguf(content if isinstance(content, dict) else {}, random)
        elif name.endswith(".safetensors"):
            data = safetensors(content)
        else:
            data = content.encode() if name == "README.md" else json.dumps(content).encode()
        (folder / name).write_bytes(spoil(data, random) if name in chosen else data)


READERS = {
    "quantizations": lambda release, folder: quantizations(release),
    "architecture": lambda release, folder: [read_architecture(release, o) for o in quantizations(release)],
    "specification": lambda release, folder: specification(release, quantization=None),
    "gguf": lambda release, folder: read_header(folder / "model-F16.gguf"),
    "checkpoint": lambda release, folder: read_checkpoint(folder),
}


@pytest.mark.parametrize("files", [120, pytest.param(10_000, marks=pytest.mark.long)])
def test_fuzzed_releases(files: int, tmp_path: Path) -> None:
    """Every reader of a release ends with a value or with one line that names a file or the release."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = read = 0
    for seed in range(files):
        folder = tmp_path / str(seed % 8)
        folder.mkdir(exist_ok=True)
        write_release(folder, Random(seed))
        release = Release(model="fuzz/release", commit="0" * 40, location=str(folder))
        for name, reader in READERS.items():
            begun = time.monotonic()
            try:
                reader(release, folder)
                read += 1
            except UserError as error:
                refused += 1
                said = str(error)
                assert "\n" not in said and any(word in said for word in ("json", "gguf", "safetensors", "fuzz/release",
                                                                         str(folder))), (seed, name, said)  # fmt: skip
            except Exception as error:
                raise AssertionError(f"seed {seed}, {name}: {error!r}") from error
            assert time.monotonic() - begun < LONGEST, (seed, name)
    assert read and refused
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MOST_MEMORY


@pytest.mark.parametrize("hostile", ["tensors", "texts", "arrays", "header"])
def test_headers_made_to_cost_time(hostile: str, tmp_path: Path) -> None:
    """Millions of tensors or texts, arrays in arrays, a header of 60 MB: refused soon."""
    path = tmp_path / "model-F16.gguf"
    if hostile == "tensors":
        path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1_000_000, 0) + b"\0" * 40_000_000)
    elif hostile == "texts":
        head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k"
        path.write_bytes(head + struct.pack("<IIQ", 9, 8, 8_000_000) + b"\0" * 64_000_000)
    elif hostile == "arrays":
        head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k"
        path.write_bytes(head + struct.pack("<IIQ", 9, 9, 5_000_000) + b"\0" * 60_000_000)
    else:
        path = tmp_path / "model.safetensors"
        path.write_bytes(struct.pack("<Q", 60_000_000) + b" " * 60_000_000)
    begun = time.monotonic()
    release = Release(model="fuzz/release", commit="0" * 40, location=str(tmp_path))
    with pytest.raises(UserError, match=path.name):
        read_header(path) if path.suffix == ".gguf" else read_checkpoint_of(tmp_path)
    assert quantizations(release) or True
    assert time.monotonic() - begun < LONGEST


def read_checkpoint_of(folder: Path) -> object:
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return read_checkpoint(folder)
