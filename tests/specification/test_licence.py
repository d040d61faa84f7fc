"""Licences by metadata and by their words."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.licence_names import known_licences, licence_named, normalise_licence
from evaluators.specification.licence import front_matter, licence, licence_of_text
from evaluators.weights import resolve

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes and listings of each test apart from the user's."""
    monkeypatch.setenv("CLAIMCHECK_DATA", str(tmp_path / "data"))


def release(tmp_path: Path, **files: str):
    """A release with these small files."""
    folder = tmp_path / "release"
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("_md", ".md")).write_text(text)
    return resolve(str(folder))


def test_own_licence_file_reads_as_apache() -> None:
    found = licence_of_text((ROOT / "LICENSE").read_text())
    assert found and found.id == "Apache-2.0"


def test_short_notice_reads_as_its_licence() -> None:
    found = licence_of_text("Copyright 2026\nLicensed under the Apache License,\n    Version 2.0 (the License)")
    assert found and found.id == "Apache-2.0"


@pytest.mark.parametrize("title", ["Llama 4 Community License Agreement", "Llama 3.1 Community License Agreement"])
def test_community_licence_is_not_apache_though_it_quotes_it(title: str) -> None:
    found = licence_of_text(f"{title}\n...\nApache License\nVersion 2.0, January 2004\n")
    assert found and found.id.startswith("LicenseRef-llama")
    assert "community" in found.loosely and "apache 2.0" not in found.names


def test_each_licence_is_found_by_its_own_names_alone() -> None:
    for entry in known_licences():
        for name in (entry.id, entry.words, *entry.tags, *entry.names):
            assert licence_named(name) == entry, name
        assert not any(licence_named(word) for word in entry.loosely)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Apache License, Version 2.0", "apache-2.0"), ("apache v2", "apache-2.0"), ("**MIT License**", "mit"),
        ("GPLv3", "gpl-3.0"), ("AGPL-3.0-only", "agpl-3.0"), ("CC BY-NC 4.0", "cc-by-nc-4.0"), ("CC0", "cc0-1.0"),
        ("Llama 3.1 Community License Agreement", "llama3.1"), ("llama3.3", "llama3.3"), ("Gemma", "gemma"),
        ("BigCode OpenRAIL-M", "openrail"), ("Modified MIT License", "modified-mit"),
        ("NVIDIA Open Model License", "nvidia-open-model"), ("Open", "open"), ("Community", "community"),
        ("Llama", "llama"), ("Tencent Hunyuan Community", "tencent-hunyuan-community"),
    ],
)  # fmt: skip
def test_words_of_a_licence_have_one_form(said: str, kept: str) -> None:
    assert normalise_licence(said) == kept == normalise_licence(kept)


@pytest.mark.parametrize(
    ("files", "value"),
    [
        ({"README_md": "---\nlicense: apache-2.0\n---\n"}, "Apache-2.0"),
        (
            {"README_md": "---\nlicense: other\nlicense_name: nvidia-open-model-license\n---\n"},
            "LicenseRef-nvidia-open-model",
        ),
        ({"README_md": "---\nlicense: other\nlicense_name: acme labs\n---\n"}, "LicenseRef-acme-labs"),
        ({"README_md": "---\nlicense: [mit]\n---\n"}, "MIT"),
        ({"README_md": "no front matter"}, None),
        (
            {"README_md": "---\nlicense: mit\n---\n", "LICENSE": "Qwen RESEARCH LICENSE AGREEMENT"},
            "LicenseRef-qwen-research",
        ),
    ],
)
def test_licence_of_release(tmp_path: Path, files: dict[str, str], value: str | None) -> None:
    found, evidence = licence(release(tmp_path, **files))
    assert found == value
    assert ("reason" in evidence) == (value is None)
    if len(files) == 2:
        assert "the file counts" in evidence["conflict"]


@pytest.mark.parametrize("card", ["---\n[broken\n---\n", "---\njust words\n---\n", "", "---\n"])
def test_front_matter_of_any_card_is_a_mapping(card: str) -> None:
    assert front_matter(card) == {}
