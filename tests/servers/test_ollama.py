"""Ollama's protocol, against a small server that speaks it; no Ollama is needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.backends.ollama import ollama_url
from evaluators.records import Artifact, UserError
from tests.servers.conftest import gguf_artifact
from tests.servers.ollama_stand_in import Store, ollama, show


@pytest.fixture
def store() -> Iterator[Store]:
    with ollama() as running:
        yield running


def test_puts_the_weights_in_once_with_the_context_asked_for(tiny: Artifact, store: Store, tmp_path: Path) -> None:
    for _ in range(2):
        with open_server("ollama", tiny, ServerOptions(url=store.url, context=512), tmp_path) as server:
            found = server.describe()
            assert server.alive()
    assert store.pushed == 1
    assert found.model == f"claimcheck-{tiny.files[0].sha256[:12]}-512"
    assert store.models[found.model]["parameters"].splitlines()[0] == "num_ctx 512"
    assert "repeat_penalty 1.0" in str(found.sampling_defaults), "the Modelfile's own samplers are overridden"
    assert (found.version, found.artifact_key, found.context, found.vocabulary) == ("0.12.6", tiny.key, 512, 259)
    assert found.chat_template_sha256 == hashlib.sha256(b"{{ .Prompt }}").hexdigest(), "Ollama's own template"
    assert found.adds_bos is None and found.kv_type is None, "it does not say"


def test_takes_a_model_that_is_there_and_never_more_context_than_it_has(store: Store, tmp_path: Path) -> None:
    store.models["llama3:8b"] = show("sha256:" + "a" * 64, context=4096)
    with open_server("ollama", None, ServerOptions(url=store.url, model="llama3:8b"), tmp_path) as server:
        found = server.describe()
    assert (found.context, found.artifact_key) == (4096, None)
    with pytest.raises(UserError, match="the model has 4096"):
        open_server("ollama", None, ServerOptions(url=store.url, model="llama3:8b", context=5000), tmp_path).__enter__()


def test_refuses_other_weights_under_the_name(tiny: Artifact, store: Store, tmp_path: Path) -> None:
    store.models["tiny"] = show("sha256:" + "a" * 64)
    with pytest.raises(UserError, match="holds other weights"):
        open_server("ollama", tiny, ServerOptions(url=store.url, model="tiny"), tmp_path).__enter__()


def test_names_what_is_wrong(tiny: Artifact, tiny_gguf: Path, store: Store, tmp_path: Path) -> None:
    store.models["tiny"] = show("sha256:" + "a" * 64)
    with pytest.raises(UserError, match="no model big; it has tiny"):
        open_server("ollama", None, ServerOptions(url=store.url, model="big"), tmp_path).__enter__()
    with pytest.raises(UserError, match="kv_type cannot be set"):
        open_server("ollama", tiny, ServerOptions(url=store.url, kv_type="f32"), tmp_path)
    with pytest.raises(UserError, match="nothing answers at"):
        open_server("ollama", tiny, ServerOptions(url="http://127.0.0.1:9"), tmp_path).__enter__()
    changed = tmp_path / "changed.gguf"
    changed.write_bytes(tiny_gguf.read_bytes())
    artifact = gguf_artifact(changed)
    changed.write_bytes(tiny_gguf.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match="digest mismatch"):
        open_server("ollama", artifact, ServerOptions(url=store.url), tmp_path).__enter__()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("box:8080", "http://box:8080"),
        ("https://box/", "https://box"),
    ],
)
def test_looks_where_ollama_looks(monkeypatch: pytest.MonkeyPatch, host: str, url: str) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert ollama_url() == url
