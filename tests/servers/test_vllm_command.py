"""What vLLM is told, what is refused before it starts, and what its log gives away; needs no vLLM."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.backends.vllm.model_folder import read_checkpoint
from evaluators.backends.vllm.start_errors import find_cause
from evaluators.backends.vllm.vllm_server import vllm_flags
from evaluators.records import Artifact, Release, UserError
from evaluators.weights.memory import cache_bytes

CONFIG = {
    "max_position_embeddings": 8192,
    "vocab_size": 32000,
    "num_hidden_layers": 10,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "hidden_size": 1024,
}


def safetensors(data: bytes) -> bytes:
    """A safetensors file with one tensor."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}).encode()
    return struct.pack("<Q", len(header)) + header + data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a checkpoint."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "model.safetensors").write_bytes(safetensors(b"12345678"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    return tmp_path


def artifact(folder: Path) -> Artifact:
    release = Release(model="maker/big", commit="0", location=str(folder))
    return Artifact(release=release, format="safetensors", quantization="bf16", path=str(folder), files=())


def test_command_line_for_gpus(folder: Path) -> None:
    options = ServerOptions(
        tensor_parallel=4,
        context=8000,
        dtype="bfloat16",
        quantization="fp8",
        reasoning_parser="qwen3",
        extra=("-pp", "2", "--max-num-seqs=64", "--enable-expert-parallel"),
    )
    flags = vllm_flags(artifact(folder), read_checkpoint(folder), options, cpu=False)
    expected = {
        "--served-model-name": "maker/big",
        "--host": "127.0.0.1",
        "--tensor-parallel-size": "4",
        "--pipeline-parallel-size": "2",
        "--max-model-len": "8000",
        "--max-num-seqs": "64",
        "--dtype": "bfloat16",
        "--quantization": "fp8",
        "--reasoning-parser": "qwen3",
        "--enable-expert-parallel": "",
        "--generation-config": "vllm",
    }
    assert expected.items() <= flags.items()
    assert not {"--enforce-eager", "--kv-cache-memory-bytes", "--gpu-memory-utilization"} & flags.keys()
    assert (
        vllm_flags(artifact(folder), read_checkpoint(folder), ServerOptions(), cpu=False)["--max-model-len"] == "auto"
    )


def test_the_cpu_is_given_the_cache_it_needs(folder: Path) -> None:
    checkpoint = read_checkpoint(folder)
    assert cache_bytes(checkpoint.architecture, 1, "f32")[0] == 4 * 2 * 10 * 4 * 64
    flags = vllm_flags(artifact(folder), checkpoint, ServerOptions(context=4096, slots=2), cpu=True)
    assert int(flags["--kv-cache-memory-bytes"]) >= cache_bytes(checkpoint.architecture, 4096 * 2, "f32")[0]
    assert "--enforce-eager" in flags


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ServerOptions(context=9000), "the model has 8192"),
        (ServerOptions(flash_attention="on"), "chooses its attention itself"),
        (ServerOptions(extra=("--trust-remote-code",)), "never run"),
        (ServerOptions(extra=("--api-key", "x")), "--api-key is set by claimcheck"),
        (ServerOptions(executable="/nowhere/vllm"), "no executable /nowhere/vllm"),
    ],
)
def test_refuses_before_it_starts(folder: Path, options: ServerOptions, words: str) -> None:
    given = options if options.executable else options.model_copy(update={"executable": "/bin/true"})
    with pytest.raises(UserError, match=words):
        open_server("vllm", artifact(folder), given, folder)


def test_refuses_unsound_weights(folder: Path) -> None:
    sound = (folder / "model.safetensors").read_bytes()
    for content in (b"", b"garbage" * 100, sound[:-1], sound + b"x", sound[:10]):
        (folder / "model.safetensors").write_bytes(content)
        with pytest.raises(UserError, match="pull the weights again"):
            read_checkpoint(folder)
    (folder / "model.safetensors").write_bytes(sound)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": "model-2.safetensors"}}))
    with pytest.raises(UserError, match=r"no file .*model-2"):
        read_checkpoint(folder)


AFTERMATH = """
(EngineCore pid=19244) ERROR 11-23 18:41:27 [core.py:1510] RuntimeError: Worker failed with error 'see above'
Traceback (most recent call last):
    raise RuntimeError(
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore': 1}
"""


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (
            "(APIServer pid=1) WARNING 11-23 18:41:05 [s.py:2] errors like `OSError: [Errno 24] Too many files`\n"
            "(Worker pid=9) ERROR 11-23 18:41:27 [multiproc_executor.py:953] RuntimeError: start (0) + length (1024) "
            "exceeds dimension size (512)." + AFTERMATH,
            "RuntimeError: start (0) + length (1024) exceeds dimension size (512).",
        ),
        (
            "(Worker pid=9) ERROR 11-23 18:42:24 [m.py:1] safetensors_rust.SafetensorError: Error while deserializing "
            "header: header too large" + AFTERMATH,
            "the weights are damaged (Error while deserializing header: header too large); pull them again",
        ),
        (
            "(Worker pid=9) ERROR 11-23 18:42:24 [m.py:1] ValueError: Available memory on node 0 (9.01/12.46 GiB) on "
            "kv cache allocation is less than requested memory for kv (186.26 GiB). Decrease it" + AFTERMATH,
            "Available memory on node 0 (9.01/12.46 GiB) on kv cache allocation is less than requested memory for "
            "kv; ask for a smaller context or fewer slots",
        ),
        (
            "(EngineCore pid=9) ERROR 11-23 18:42:24 [m.py:1] torch.OutOfMemoryError: CUDA out of memory. Tried to "
            "allocate 2.00 GiB." + AFTERMATH,
            "GPU memory ran out; ask for a smaller context, fewer slots, or more GPUs (tensor parallel)",
        ),
        (
            "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n"
            "  Value error, Something about the model [type=value_error, input_value=ArgsKwargs((), {})]",
            "Something about the model",
        ),
        ("vllm: error: unrecognized arguments: --frob 1", "it does not know the argument --frob 1; leave it out"),
        ("OSError: [Errno 98] Address already in use", "its port is in use"),
        ("", None),
    ],
)
def test_finds_the_root_cause_in_the_log(log: str, cause: str | None) -> None:
    found = find_cause(log)
    assert found is None if cause is None else found is not None and found.startswith(cause)
