"""What watching has seen lies in files; the tables are made of them and can be made again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluators.records import UserError
from flows.scheduling.watch import DEFAULT, sources, watch_list
from warehouse.home import Home
from warehouse.hub_scans import HubScan, SeenModel, last_seen, quantized_of, save_hub_scan, scan_cursors
from warehouse.load import rebuild_database

NOW = datetime(2026, 4, 20, tzinfo=UTC)


def found(model: str, commit: str, day: int, **more: str) -> SeenModel:
    """A release."""
    moment = NOW + timedelta(days=day)
    return SeenModel.model_validate(
        {"model": model, "commit": commit, "kind": "release", "modified": moment, "created": moment, **more}
    )


def test_marks_and_last_commits_survive_a_rebuild(tmp_path: Path) -> None:
    home = Home(tmp_path)
    one, two = found("acme/a", "c1", 0, weights="w1"), found("acme/a", "c2", 1, weights="w2")
    out = found("acme/b", "c9", 0, reason="adapter only: no model of its own")
    save_hub_scan(home, HubScan(source="org:acme", scanned_at=NOW, cursor=NOW, pages=1, found=(one, out)))
    later = NOW + timedelta(days=1)
    save_hub_scan(home, HubScan(source="org:acme", scanned_at=later, cursor=later, pages=3, found=(two,)))
    before = scan_cursors(home), last_seen(home)
    assert before[0] == {"org:acme": later}
    assert before[1]["acme/a"].commit == "c2" and before[1]["acme/a"].weights == "w2"
    assert before[1]["acme/b"].reason == "adapter only: no model of its own"
    rebuild_database(home)
    assert (scan_cursors(home), last_seen(home)) == before
    save_hub_scan(home, HubScan(source="org:acme", scanned_at=later, cursor=later, pages=3, found=(two,)))
    assert len(list((tmp_path / "hub_scans").iterdir())) == 2


def test_quantized_repositories_of_a_base_model(tmp_path: Path) -> None:
    home = Home(tmp_path)
    here = (found("p/a-GGUF", "g1", 0, base="acme/a"), found("p/b-GGUF", "g2", 0, base="acme/b"))
    out = found("q/a-GGUF", "g3", 0, base="acme/a", reason="gated: its terms have to be accepted on the hub")
    save_hub_scan(home, HubScan(source="packer:p", scanned_at=NOW, cursor=NOW, pages=1, found=(*here, out)))
    assert quantized_of(home, "acme/a") == [("p/a-GGUF", "g1")]


def test_default_watch_list_is_the_first_ledgers_vendors(tmp_path: Path) -> None:
    watch = watch_list(Home(tmp_path))
    assert {"Qwen", "nvidia", "google", "openai", "zai-org", "meta-llama"} == set(watch.organisations)
    assert sources(watch)[0] == "org:Qwen" and sources(watch)[-1].startswith("packer:")


@pytest.mark.parametrize("text", ["organisations: 5", "organisations: [", "vendors: [a]", "- a"])
def test_own_watch_list_is_read_or_refused_in_one_line(tmp_path: Path, text: str) -> None:
    own = tmp_path / "watch.yaml"
    own.write_text("organisations: [acme]\n")
    assert watch_list(Home(tmp_path)).organisations == ("acme",)
    own.write_text(text)
    with pytest.raises(UserError) as caught:
        watch_list(Home(tmp_path))
    assert "\n" not in str(caught.value) and str(DEFAULT) in str(caught.value)
