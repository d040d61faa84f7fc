"""Releases in a local folder: offers, choice, hashes, refusals."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from evaluators.records import UserError
from evaluators.weights import pull, quantizations, resolve
from evaluators.weights.hashes import SMALL, sha256
from evaluators.weights.naming import is_weights_gguf, quantization_of, split_of

from .conftest import write_gguf, write_safetensors


def test_folder_is_resolved_offered_and_pulled(release_folder: Path) -> None:
    release = resolve(str(release_folder))
    assert (release.model, release.location) == ("tiny-release", str(release_folder))
    assert {(offer.format, offer.quantization, len(offer.weights)) for offer in quantizations(release)} == {
        ("safetensors", "bf16", 1),
        ("gguf", "Q8_0", 1),
        ("gguf", "Q4_K_M", 2),
    }
    plain = pull(release)
    assert plain.format == "safetensors" and plain.path == str(release_folder)
    assert {file.name for file in plain.files} == {"model.safetensors", "config.json", "tokenizer.json"}
    split = pull(release, quantization="q4-k-m")
    assert split.path.endswith("tiny-Q4_K_M-00001-of-00002.gguf")
    for file in split.files:
        assert file.sha256 == hashlib.sha256((release_folder / file.name).read_bytes()).hexdigest()


def test_commit_follows_the_content(release_folder: Path) -> None:
    before = resolve(str(release_folder)).commit
    assert resolve(str(release_folder), before[:12]).commit == before
    (release_folder / "tokenizer.json").write_text('{"a": 1}')
    assert resolve(str(release_folder)).commit != before
    with pytest.raises(UserError, match="its files have changed"):
        resolve(str(release_folder), before)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"quantization": "Q2_K"}, "has no Q2_K; it offers bf16 (safetensors, 210 B)"),
        ({"format": "gguf"}, "offers more than gguf"),
        ({"quantization": "nothing.gguf"}, "has no nothing.gguf"),
    ],
)
def test_wish_that_does_not_fit_names_the_offers(release_folder: Path, wish: dict[str, str], words: str) -> None:
    with pytest.raises(UserError) as caught:
        pull(resolve(str(release_folder)), **wish)
    assert words in str(caught.value) and "Q8_0" in str(caught.value)


def test_missing_split_truncation_pickles_and_code_are_refused(release_folder: Path) -> None:
    (release_folder / "tiny-Q4_K_M-00002-of-00002.gguf").unlink()
    with pytest.raises(UserError, match="lacks part 2 of 2"):
        pull(resolve(str(release_folder)), quantization="Q4_K_M")
    whole = release_folder / "tiny-Q8_0.gguf"
    whole.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"tiny-Q8_0\.gguf is truncated"):
        pull(resolve(str(release_folder)), quantization="Q8_0")
    (release_folder / "config.json").write_text(
        json.dumps({"auto_map": {"AutoModel": "modeling_x.X"}, "dtype": "bfloat16"})
    )
    with pytest.raises(UserError, match=r"brings its own code \(auto_map in config.json\)"):
        pull(resolve(str(release_folder)))


def test_folder_of_pickles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(UserError, match=r"pickle weights only \(pytorch_model.bin\)"):
        pull(resolve(str(tmp_path / "m")))


def test_split_safetensors_follow_their_index(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for number, name in enumerate(names):
        write_safetensors(folder / name, {f"{number}.weight": ("F32", [4])})
    write_safetensors(folder / "consolidated.safetensors", {"all": ("F32", [8])})
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {f"{number}.weight": name for number, name in enumerate(names)}})
    )
    artifact = pull(resolve(str(folder)))
    assert [file.name for file in artifact.files if file.name.endswith(".safetensors")] == names
    assert artifact.quantization == "f32"
    (folder / names[1]).unlink()
    with pytest.raises(UserError, match=f"lacks {names[1]}"):
        pull(resolve(str(folder)))


def test_large_file_is_hashed_once_and_again_after_any_change(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(2 * SMALL))
    first = sha256(path)
    stat = path.stat()
    with path.open("r+b") as file:
        file.seek(SMALL)
        file.write(b"\x01")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.stat().st_mtime_ns == stat.st_mtime_ns
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest() != first


@pytest.mark.parametrize(
    ("name", "quantization"),
    [
        ("Qwen3.6-35B-A3B-Q4_K_M.gguf", "Q4_K_M"),
        ("Qwen3.6-35B-A3B-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("BF16/m-BF16-00001-of-00003.gguf", "bf16"),
        ("llama-2-7b.Q5_0.gguf", "Q5_0"),
        ("m-IQ2_XXS.gguf", "IQ2_XXS"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("m.fp16.gguf", "f16"),
        ("Phi-3-mini-4k-instruct-q4.gguf", "Q4"),
        ("qwen3.gguf", None),
        ("model-f16-v2.gguf", None),
    ],
)
def test_quantization_by_file_name(name: str, quantization: str | None) -> None:
    assert quantization_of(name) == quantization


def test_side_files_are_no_weights() -> None:
    assert split_of("a/m-00002-of-00003.gguf") == ("a/m.gguf", 2, 3)
    assert not is_weights_gguf("mmproj-model-f16.gguf")
    assert not is_weights_gguf("m-imatrix.gguf")
    assert is_weights_gguf("sub/m-Q4_K_M.gguf")


@pytest.mark.parametrize(
    "helper",
    [
        "MTP/m-F16-MTP.gguf", "mtp-m.gguf", "m-draft-Q8_0.gguf", "m-eagle3-f16.gguf", "lora/m-f16.gguf",
        "m-lora-f16.gguf", "m-control-vector.gguf", "m.cvector.gguf", "speculator/m-Q8_0.gguf",
    ],
)  # fmt: skip
def test_drafters_and_adapters_are_not_offered(helper: str, tmp_path: Path) -> None:
    path = tmp_path / helper
    path.parent.mkdir(exist_ok=True)
    for target in (path, tmp_path / "m-F16.gguf", tmp_path / "m-Q8_0.gguf"):
        write_gguf(target)
    release = resolve(str(tmp_path))
    assert [offer.weights[0].name for offer in quantizations(release)] == ["m-F16.gguf", "m-Q8_0.gguf"]
    assert pull(release, quantization="Q8_0").path.endswith("/m-Q8_0.gguf")


def test_a_release_called_like_a_drafter_is_offered(tmp_path: Path) -> None:
    for name in ("m-mtp-F16.gguf", "m-mtp-Q8_0.gguf"):
        write_gguf(tmp_path / name)
    assert len(quantizations(resolve(str(tmp_path)))) == 2


@pytest.mark.parametrize(("key", "value"), [("kind", "adapter"), ("architecture", "eagle3")])
def test_a_header_tells_helper_from_model_where_names_do_not(key: str, value: str, tmp_path: Path) -> None:
    write_gguf(tmp_path / "a-F16.gguf")
    write_gguf(tmp_path / "b-F16.gguf", **{key: value})
    assert [offer.weights[0].name for offer in quantizations(resolve(str(tmp_path)))] == ["a-F16.gguf"]


def test_garbage_gguf_is_listed_but_not_pulled(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "m.gguf").write_bytes(b"not a model at all")
    write_gguf(folder / "m-Q8_0.gguf")
    release = resolve(str(folder))
    assert pull(release, quantization="Q8_0").quantization == "Q8_0"
    with pytest.raises(UserError, match=r"m\.gguf is no GGUF file"):
        pull(release, quantization="m.gguf")
