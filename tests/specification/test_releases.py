"""Counts for real releases: by their tensors, by their config, by transformers, and as published."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from evaluators.specification import context_window, extended_context
from evaluators.specification.formula import parameters_of_config
from evaluators.specification.parameters import Parameters, count_parameters
from evaluators.weights.architecture import architecture_of_config
from evaluators.weights.memory import cache_bytes

RELEASES = yaml.safe_load(Path(__file__).with_name("releases.yaml").read_text(encoding="utf-8"))
BY_NAME = {release["model"].rpartition("/")[2]: release for release in RELEASES}
LISTED = [name for name, release in BY_NAME.items() if "tensors" in release]


@dataclass(frozen=True)
class Tensor:
    """What a header says."""

    name: str
    shape: tuple[int, ...]
    type: str = "BF16"


def tensors(release: dict[str, Any]) -> Iterator[Tensor]:
    """Every tensor of a release."""
    for pattern, shape, *kind in release["tensors"]:
        ranges = [range(int(low), int(high) + 1) for low, high in re.findall(r"\{(\d+)-(\d+)\}", pattern)]
        template = re.sub(r"\{\d+-\d+\}", "{}", pattern)
        for numbers in itertools.product(*ranges):
            yield Tensor(template.format(*numbers), tuple(shape), *kind)


def by_headers(release: dict[str, Any]) -> Parameters:
    """Count by the tensors."""
    config = release["config"]
    return count_parameters(tensors(release), architecture_of_config(config), config.get("quantization_config"))


def interval(text: str) -> tuple[float, float]:
    """What a rounded figure such as `3.3B` allows: digits cut or rounded, so a whole last digit on both sides."""
    number = float(text.removesuffix("B"))
    digit = 10.0 ** -len(text.removesuffix("B").partition(".")[2])
    return (number - 0.5 * digit) * 1e9, (number + digit) * 1e9


def active_as_published(release: dict[str, Any], counts: Parameters) -> int:
    """Active parameters in the vendor's way of counting."""
    without = release["published"].get("active_counts") == "without input embedding"
    return counts.active_without_lookups if without else counts.active


@pytest.mark.parametrize("name", BY_NAME)
def test_config_gives_the_published_figures(name: str) -> None:
    release = BY_NAME[name]
    counts = parameters_of_config(release["config"])
    assert counts is not None
    assert counts.total == pytest.approx(release["counted"], rel=2e-4)
    for figure, value in (("total", counts.total), ("active", active_as_published(release, counts))):
        low, high = interval(release["published"][figure])
        assert low <= value < high, f"{figure} {value:,} against {release['published'][figure]}"


@pytest.mark.parametrize("name", LISTED)
def test_headers_agree_with_config_transformers_and_vendor(name: str) -> None:
    release = BY_NAME[name]
    counts, formula = by_headers(release), parameters_of_config(release["config"])
    assert formula is not None
    assert counts.total == pytest.approx(release["counted"], rel=1e-6)
    assert counts.active == pytest.approx(formula.active, rel=1e-3)
    assert (counts.routed, counts.shared) == (formula.routed, formula.shared)
    low, high = interval(release["published"]["active"])
    assert low <= active_as_published(release, counts) < high


def test_prediction_heads_are_apart() -> None:
    counts = by_headers(BY_NAME["DeepSeek-V3"])
    assert round(counts.total / 1e9) == 671
    assert counts.total + counts.prediction == pytest.approx(684.5e9, rel=1e-4)  # the hub's badge: 685B


def test_nemotron_counts_both_of_its_active_figures() -> None:
    counts = parameters_of_config(BY_NAME["NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"]["config"])
    assert counts is not None
    assert f"{counts.active / 1e9:.1f}" == "3.6"
    assert f"{counts.active_without_lookups / 1e9:.1f}" == "3.2"


@pytest.mark.parametrize(
    ("name", "window", "extended"),
    [("Qwen3.5-35B-A3B", 262144, None), ("gpt-oss-20b", 131072, 131072), ("Qwen3-30B-A3B", 40960, None),
     ("DeepSeek-V2-Lite", 163840, 163840), ("Llama-3.1-8B", 131072, 131072)],
)  # fmt: skip
def test_context_window(name: str, window: int, extended: int | None) -> None:
    shape = architecture_of_config(BY_NAME[name]["config"])
    assert context_window(shape)[0] == window
    assert extended_context(shape)[0] == extended


@pytest.mark.parametrize(
    ("name", "per_token"),
    [
        ("Llama-3.1-8B", 2 * 32 * 8 * 128 * 2),
        ("Qwen3.5-35B-A3B", 2 * 10 * 2 * 256 * 2),  # 10 of 40 layers attend
        ("DeepSeek-V3", 61 * 576 * 2),  # latent attention: 512 + 64 elements
        ("NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", 2 * 6 * 2 * 128 * 2),  # 6 of 52 layers attend
    ],
)
def test_kv_cache_grows_by_its_architecture(name: str, per_token: int) -> None:
    shape = architecture_of_config(BY_NAME[name]["config"])
    small, _ = cache_bytes(shape, 1000)
    large, _ = cache_bytes(shape, 2000)
    assert small is not None and large is not None
    assert large - small == 1000 * per_token


def test_sliding_window_bounds_the_cache() -> None:
    release = BY_NAME["gpt-oss-20b"]
    layers = ["sliding_attention", "full_attention"] * 12
    shape = architecture_of_config({**release["config"], "layer_types": layers})
    size, text = cache_bytes(shape, 10_000)
    assert size == 12 * (10_000 + 128) * 2 * 8 * 64 * 2
    assert "(12 layers x 10000 + 12 x 128) tokens" in text
