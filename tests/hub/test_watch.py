"""Watching a hub: exactly what is new, each look as cheap as it can be, everything else with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evaluators.records import UserError
from flows.scheduling.watch import WatchList, scan_source
from tests.weights.conftest import write_gguf, write_safetensors
from warehouse.home import Home

from .server import Hub

There = Callable[..., Any]
NOW = datetime(2026, 4, 20, tzinfo=UTC)
WATCH = WatchList(organisations=("acme",), packers=("packer",), searches=(), first_days=60)


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, bytes]:
    """A small release."""
    return {
        "config.json": json.dumps({"torch_dtype": "bfloat16"}).encode(),
        "model.safetensors": write_safetensors(tmp_path / "w", {"a": ("BF16", [2])}).read_bytes(),
    }


@pytest.fixture(autouse=True)
def empty(hub: Hub) -> None:
    """No models from the test before."""
    hub.repositories.clear()


def names(found: Any) -> list[tuple[str, str]]:
    """Model and kind of each."""
    return [(one.model, one.kind) for one in found]


def listing_requests(hub: Hub) -> int:
    """Pages of the list that were asked for since the log was emptied."""
    return sum(request.path == "/api/models" for request in hub.requests)


def test_exactly_the_new_ones_and_one_page_without_news(
    hub: Hub, there: There, tmp_path: Path, weights: dict[str, bytes]
) -> None:
    home = Home(tmp_path / "home")
    text = {"pipeline_tag": "text-generation"}
    for number in range(5):
        hub.commit(f"acme/old-{number}", weights, date=f"2026-03-{10 + number}", **text)
    hub.commit("acme/ancient", weights, date="2025-01-01", **text)
    hub.commit("other/model", weights, date="2026-04-10", **text)
    first = there(scan_source, home, WATCH, now=NOW)
    assert names(first.models) == [(f"acme/old-{number}", "release") for number in (4, 3, 2, 1, 0)]
    hub.requests.clear()
    again = there(scan_source, home, WATCH, now=NOW)
    assert (again.models, again.excluded, again.failed) == ((), (), {})
    assert again.pages == listing_requests(hub) == len(hub.requests) == 2

    hub.commit("acme/new", weights, date="2026-04-18", **text)
    hub.commit("acme/old-0", {"README.md": b"# words"}, date="2026-04-17")
    head = hub.commit("acme/old-1", {"model.safetensors": weights["model.safetensors"] + b""}, date="2026-04-16")
    fresh = write_safetensors(tmp_path / "v", {"b": ("BF16", [3])}).read_bytes()
    hub.commit("acme/old-2", {"model.safetensors": fresh}, date="2026-04-15")
    third = there(scan_source, home, WATCH, now=NOW)
    assert names(third.models) == [
        ("acme/new", "release"), ("acme/old-0", "card"), ("acme/old-1", "card"), ("acme/old-2", "commit"),
    ]  # fmt: skip
    assert third.models[2].commit == head
    assert there(scan_source, home, WATCH, now=NOW).models == ()


def test_quantized_repositories_are_linked_and_the_rest_sorted_out(
    hub: Hub, there: There, tmp_path: Path, weights: dict[str, bytes]
) -> None:
    gguf = {"m-Q4_K_M.gguf": write_gguf(tmp_path / "g").read_bytes()}
    text = {"pipeline_tag": "text-generation", "date": "2026-04-10"}
    hub.commit("acme/base", weights, **text)
    hub.commit("packer/base-GGUF", gguf, tags=["base_model:quantized:acme/base", "gguf"], date="2026-04-11")
    hub.commit("packer/strange-GGUF", gguf, tags=["base_model:quantized:nobody/strange"], date="2026-04-11")
    hub.commit("packer/no-base", gguf, date="2026-04-11")
    hub.commit("acme/gated", weights, **text)
    hub.repositories["acme/gated"].gated = True
    hub.commit("acme/base-eagle3", weights, **text)
    hub.commit("acme/base-lora", {"adapter_config.json": b"{}", "adapter_model.safetensors": b"x"}, **text)
    hub.commit("acme/soon", {"README.md": b"soon"}, **text)
    hub.commit("acme/old-school", {"pytorch_model.bin": b"x"}, **text)
    hub.commit("acme/speech", weights, pipeline_tag="automatic-speech-recognition", date="2026-04-10")
    hub.commit("acme/embed", weights, config={"architectures": ["AcmeModel"]}, date="2026-04-10")
    hub.commit("acme/plain", weights, config={"architectures": ["AcmeForCausalLM"]}, date="2026-04-10")
    looked = there(scan_source, Home(tmp_path / "home"), WATCH, now=NOW)
    assert {(one.model, one.kind, one.base) for one in looked.models} == {
        ("acme/base", "release", None),
        ("acme/plain", "release", None),
        ("packer/base-GGUF", "quantized", "acme/base"),
    }
    reasons = {one.model: one.reason for one in looked.excluded}
    assert reasons == {
        "acme/gated": "gated: its terms have to be accepted on the hub",
        "acme/base-eagle3": "draft model for speculative decoding",
        "acme/base-lora": "adapter only: no model of its own",
        "acme/soon": "draft: no weights yet",
        "acme/old-school": "pickle weights only",
        "acme/speech": "no text generation: automatic-speech-recognition",
        "acme/embed": "says neither task nor architecture",
        "packer/strange-GGUF": "its base model nobody/strange is not watched",
        "packer/no-base": "a packer's repository that names no base model",
    }


def test_search_terms_and_a_busy_hub(hub: Hub, there: There, tmp_path: Path, weights: dict[str, bytes]) -> None:
    hub.commit("someone/Nemo-7B", weights, date="2026-04-10", pipeline_tag="text-generation")
    hub.busy = 1
    watch = WatchList(searches=("nemo",))
    assert names(there(scan_source, Home(tmp_path / "home"), watch, now=NOW).models) == [("someone/Nemo-7B", "release")]
    hub.busy = 10_000
    with pytest.raises(UserError, match="the hub asks to come back later about a search for nemo"):
        there(scan_source, Home(tmp_path / "home"), watch, now=NOW)


def test_a_failed_look_loses_nothing(hub: Hub, there: There, tmp_path: Path, weights: dict[str, bytes]) -> None:
    home, text = Home(tmp_path / "home"), {"pipeline_tag": "text-generation"}
    hub.commit("acme/one", weights, date="2026-04-10", **text)
    there(scan_source, home, WATCH, now=NOW)
    hub.commit("acme/two", weights, date="2026-04-11", **text)
    hub.busy = 4
    failed = there(scan_source, home, WATCH, now=NOW)
    assert failed.models == () and list(failed.failed) == ["org:acme"]
    assert names(there(scan_source, home, WATCH, now=NOW).models) == [("acme/two", "release")]
