"""A tiny random Llama as GGUF, made here; it says nonsense, but llama.cpp serves it like any other."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest

from evaluators.backends import ServerOptions
from evaluators.backends.llama_cpp.llama_server import EMBEDDED, LlamaCppServer
from evaluators.records import Artifact, Release, WeightFile

WIDTH, FEED_FORWARD, KV = 64, 128, 32
TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}\n{% endfor %}"


def byte_alphabet() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def write_gguf(path: Path, spoiled: bool = False) -> None:
    """One layer, random weights from a fixed seed; `spoiled` puts a NaN into one tensor."""
    tokens = [*byte_alphabet(), "th", "<s>", "</s>"]
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(1024)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(32)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)
    shapes = {
        "token_embd": (len(tokens), WIDTH),
        "output": (len(tokens), WIDTH),
        "output_norm": (WIDTH,),
        "blk.0.attn_norm": (WIDTH,),
        "blk.0.ffn_norm": (WIDTH,),
        "blk.0.attn_q": (WIDTH, WIDTH),
        "blk.0.attn_k": (KV, WIDTH),
        "blk.0.attn_v": (KV, WIDTH),
        "blk.0.attn_output": (WIDTH, WIDTH),
        "blk.0.ffn_gate": (FEED_FORWARD, WIDTH),
        "blk.0.ffn_up": (FEED_FORWARD, WIDTH),
        "blk.0.ffn_down": (WIDTH, FEED_FORWARD),
    }
    for name, shape in shapes.items():
        tensor = random.standard_normal(shape).astype(np.float32) * np.float32(0.1 if len(shape) > 1 else 1)
        if spoiled and name == "blk.0.attn_k":
            tensor[3, 3] = np.nan
        writer.add_tensor(f"{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound GGUF file."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_gguf(path)
    return path


def gguf_artifact(path: Path) -> Artifact:
    """The file as an artifact of a release that exists nowhere."""
    data = path.read_bytes() if path.exists() else b""
    return Artifact(
        release=Release(model="maker/tiny", commit="0", location=str(path.parent)),
        format="gguf",
        quantization="f32",
        path=str(path),
        files=(WeightFile(name=path.name, size=len(data), sha256=hashlib.sha256(data).hexdigest()),),
    )


@pytest.fixture(scope="session")
def tiny(tiny_gguf: Path) -> Artifact:
    """The sound file as an artifact."""
    return gguf_artifact(tiny_gguf)


@pytest.fixture(scope="module")
def server(tiny: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppServer]:
    """A running embedded llama-server with two slots of 300 tokens."""
    options = ServerOptions(context=300, slots=2, threads=1)
    with LlamaCppServer(tiny, options, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Make an executable `llama-server` from a shell script; {embedded} stands for the embedded server."""

    def make(script: str) -> str:
        path = tmp_path / "bin" / "llama-server"
        path.parent.mkdir()
        path.write_text(
            "#!/bin/sh\n" + script.format(python=sys.executable, embedded=f"{sys.executable} -P {EMBEDDED}")
        )
        path.chmod(0o755)
        return str(path)

    return make
