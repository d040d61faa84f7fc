"""Headers of weight files: equal to what the `gguf` package reads; damage is a UserError of one line, never a crash."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluators.records import UserError
from evaluators.weights.gguf_header import Long, read_gguf_header
from evaluators.weights.safetensors_header import read_safetensors_header
from evaluators.weights.sources import LocalSource

from .conftest import write_gguf, write_safetensors


def read(path: Path):
    return read_gguf_header(LocalSource.of(path))


def test_header_says_what_the_gguf_package_says(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf")
    ours, theirs = read(path), gguf.GGUFReader(path)
    assert [(t.name, t.shape, t.type, t.begin, t.size) for t in ours.tensors] == [
        (t.name, tuple(map(int, t.shape)), t.tensor_type.name, t.data_offset, t.n_bytes) for t in theirs.tensors
    ]
    assert ours.metadata["general.name"] == "tiny"
    assert ours.get("context_length") == 512
    assert ours.metadata["tokenizer.ggml.tokens"] == Long(300)
    assert ours.quantization == "Q8_0"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda whole: whole[:-40], "is truncated: tensor blk.2.ffn_up.weight needs"),
        (lambda whole: whole[:700], "ends inside its header"),
        (lambda whole: b"", "is no GGUF file"),
        (lambda whole: b"<html>not found</html>", "is no GGUF file (it begins with b'<htm')"),
        (lambda whole: whole[:4] + b"\xff" * 4 + whole[8:], "is GGUF version 4294967295"),
        (lambda whole: whole[:8] + b"\xff" * 16 + whole[24:], "damaged GGUF header"),
    ],
)
def test_damaged_gguf_is_one_clear_line(tmp_path: Path, damage, words: str) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(damage(write_gguf(path).read_bytes()))
    with pytest.raises(UserError) as caught:
        read(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith("m.gguf") and "\n" not in str(caught.value)


def test_element_type_of_tomorrow_is_read_without_its_size(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf", tensors=1)
    raw = path.read_bytes()
    name = b"blk.0.ffn_up.weight"
    place = raw.index(name) + len(name) + 4 + 2 * 8
    path.write_bytes(raw[:place] + (200).to_bytes(4, "little") + raw[place + 4 :])
    assert [(tensor.type, tensor.size) for tensor in read(path).tensors] == [("type 200", 0)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 1500), byte=st.integers(0, 255))
def test_any_flipped_header_byte_is_read_or_refused(tmp_path: Path, place: int, byte: int) -> None:
    path = tmp_path / "whole.gguf"
    if not path.exists():
        write_gguf(path, vocabulary=20)
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] = byte
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(raw)
    try:
        header = read(broken)
    except UserError as problem:
        assert "\n" not in str(problem)
    else:
        assert all(tensor.begin + tensor.size <= len(raw) for tensor in header.tensors)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda whole: whole[:-1], "is truncated"),
        (lambda whole: whole + b"x", "belong to no tensor"),
        (lambda whole: whole[:20], "ends inside its header"),
        (lambda whole: b"\xff" * 100, "is no safetensors file"),
        (lambda whole: whole[:8] + b"[" + whole[9:], "damaged safetensors header"),
    ],
)
def test_damaged_safetensors_is_one_clear_line(tmp_path: Path, damage, words: str) -> None:
    path = write_safetensors(tmp_path / "m.safetensors", {"a": ("BF16", [4, 4]), "b": ("F32", [3])})
    assert [t.elements for t in read_safetensors_header(LocalSource.of(path)).tensors] == [16, 3]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=words):
        read_safetensors_header(LocalSource.of(path))
