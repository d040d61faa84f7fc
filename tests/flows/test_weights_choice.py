"""Which weights are run where the user did not say, and that nothing is taken in silence."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.records import Hardware, Release, UserError
from evaluators.weights import WeightsOption, resolve
from evaluators.weights.architecture import architecture_of_config
from evaluators.weights.file_entries import FileEntry
from evaluators.weights.memory import Memory, cache_bytes, memory_needed, tokens_that_fit, usable_memory
from flows.demo import RELEASE
from flows.options import VerifyOptions
from flows.verification.weights_choice import choose_artifact, choose_option, most_exact
from warehouse.home import Home
from warehouse.hub_scans import HubScan, SeenModel, save_hub_scan

MODEL = Release(model="maker/large", commit="0" * 40, location="hub")
UNKNOWN = architecture_of_config({})
SHAPE = replace(UNKNOWN, layers=48, kv_heads=(4,) * 48, key_length=128, value_length=128, context=262_144)
CARD = Hardware(gpu="RTX 4090", gpus=1, gpu_memory=24 * 2**30)


def offer(name: str, size: float) -> tuple[WeightsOption, Memory]:
    option = WeightsOption("gguf", name, (FileEntry(f"{name}.gguf", int(size * 1e9), None),))
    return option, memory_needed(option.size, SHAPE)


def test_a_file_of_20_9_gb_is_taken_on_a_card_of_24_gib_and_the_rest_is_named() -> None:
    needs = [offer("Q3_K_M", 16.6), offer("Q4_K_M", 20.9), offer("Q5_K_M", 24.8), offer("Q8_0", 36.9)]
    choice = most_exact(MODEL, needs, usable_memory(CARD))
    assert choice.option.quantization == "Q4_K_M"
    assert "Q5_K_M would take" in str(choice) and "Q8_0 would take" in str(choice) and "8,192 tokens" in str(choice)


def test_none_that_fits_is_refused_with_the_arithmetic() -> None:
    with pytest.raises(UserError, match=r"the smallest, Q8_0 .*weights 36\.9 GB \+ KV"):
        most_exact(MODEL, [offer("Q8_0", 36.9)], usable_memory(CARD))


@given(st.integers(0, 10**12), st.integers(1, 8), st.integers(0, 4096), st.sampled_from([0, 512]))
def test_the_context_that_fits_is_the_largest(room: int, sequences: int, most: int, window: int) -> None:
    shape = replace(UNKNOWN, layers=4, kv_heads=(2,) * 4, key_length=64, value_length=64, window=window, windowed=3)
    found = tokens_that_fit(shape, room, "f16", sequences, most)
    size, _ = cache_bytes(shape, found, "f16", sequences)
    assert found == 0 or (size or 0) <= room
    if found < most:
        assert (cache_bytes(shape, found + 1, "f16", sequences)[0] or 0) > room


def test_a_release_without_gguf_takes_the_repository_that_a_scan_has_seen(tmp_path: Path) -> None:
    own, packed = tmp_path / "own", tmp_path / "packed"
    shutil.copytree(RELEASE, own, ignore=shutil.ignore_patterns("*.gguf"))
    packed.mkdir()
    for file in RELEASE.glob("*.gguf"):
        shutil.copy(file, packed)
    home, release = Home(tmp_path / "home"), resolve(str(own))
    options = VerifyOptions(backend="llama.cpp")
    with pytest.raises(UserError, match="no scan has seen a quantized repository of it; name one with --weights"):
        choose_artifact(release, options, home)
    now = datetime.now(UTC)
    seen = SeenModel(
        model="packer/demo-GGUF", commit="1" * 40, kind="quantized", base=release.model, modified=now, created=now
    )
    save_hub_scan(home, HubScan(source="packer:packer", scanned_at=now, cursor=now, pages=1, found=(seen,)))
    asked: list[tuple[str, str | None]] = []

    def find(model: str, revision: str | None) -> Release:
        asked.append((model, revision))
        return resolve(str(packed))

    choice = choose_artifact(release, options, home, find)
    assert asked == [("packer/demo-GGUF", "1" * 40)] and choice.option.quantization == "f16"
    assert choose_artifact(release, VerifyOptions(backend="vllm"), home, find).source == release


def test_what_was_asked_for_is_taken_and_said() -> None:
    choice = choose_option(resolve(str(RELEASE)), "gguf", "Q8_0", CARD)
    assert choice.name.endswith("Q8_0.gguf") and str(choice).endswith("as asked for")
