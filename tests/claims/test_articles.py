"""A column about many models: tables become claims, sentences candidates, and a person decides about these."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from flows.cli import run_command
from tests.claims.scoring import NOW
from tests.claims.shipped import shipped_ledgers
from warehouse.claim_records import Claim
from warehouse.claims import read_any, read_card
from warehouse.claims.ledger import conflicting_claims, current_claims, save_reading
from warehouse.claims.model_aliases import model_names, with_hub_ids
from warehouse.claims.readers.article import read_article
from warehouse.claims.readers.ledger_yaml import SHIPPED
from warehouse.claims.tables.document import set_tables_apart
from warehouse.home import Home

COLUMN = Path(__file__).parent / "column.md"
"""The tables of the first ledger's column, with other sentences."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("CLAIMCHECK_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


def _number(said: str) -> str:
    return re.sub(r"about|tok/s|\s", "", said.casefold()).rstrip("%")


def _facts(claims: list[Claim]) -> Counter[tuple[str, str | None, str]]:
    return Counter((claim.model, claim.benchmark, _number(claim.said)) for claim in claims)


@pytest.mark.parametrize("form", ["as it is", "html"])
def test_the_column_gives_its_claims_and_invents_none(home: Home, form: str) -> None:
    text = COLUMN.read_text(encoding="utf-8")
    if form == "html":
        from markdown_it import MarkdownIt

        body = MarkdownIt("commonmark").enable("table").render(set_tables_apart(text)[0])
        text = f"<!DOCTYPE html><html><body>{body}</body></html>"
    reading = read_any(text, read_at=NOW)
    with_hub_ids(reading, model_names(home))
    rows = yaml.safe_load((SHIPPED / "column-2026-04.yaml").read_text(encoding="utf-8"))["claims"]
    wanted = Counter((row["model"], row["benchmark"], _number(row["said"])) for row in rows)
    found = _facts([*reading.claims, *reading.candidates])
    scout = {fact for fact in found if fact[0] == "Llama 4 Scout"}  # near an id, not certain: a draft
    renamed = Counter(
        {("meta-llama/Llama-4-Scout-17B-16E" if f in scout else f[0], *f[1:]): n for f, n in found.items()}
    )
    close = {("zai-org/GLM-5.1", "code_arena_elo", "1530elo"), ("nvidia/Nemotron-3-Super", "output_speed", "449")}
    invented = [fact for fact in (renamed - wanted) if fact not in close and fact[1] != "gpqa"]
    assert invented == []
    assert (renamed & wanted).total() >= 60
    speeds = {claim.said: claim.settings for claim in reading.claims if claim.benchmark == "output_speed"}
    assert (speeds["~15-20"].backend, speeds["~15-20"].quantization) == ("Ollama", "Q4_K_M")
    assert (speeds["~64 tok/s"].hardware, speeds["~64 tok/s"].quantization) == ("RTX 4090", "Q4")
    assert {claim.claimant.value for claim in reading.claims} == {"press"}


def test_candidates_are_confirmed_or_rejected_and_stay_so(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    told = ("--claimant", "press", "--by", "A Column", "--date", "2026-04-17", "--url", "https://example.org/17")
    assert run_command(["claims", "import", str(COLUMN), *told]) == 0
    assert "candidates from sentences" in capsys.readouterr().out
    assert run_command(["claims", "candidates", "GLM", "--json"]) == 0
    waiting = {row["benchmark"]: row for row in json.loads(capsys.readouterr().out)}
    assert waiting["swe_bench_pro"]["said"] == "58.4" and waiting["swe_bench_pro"]["model"] == "zai-org/GLM-5.1"
    assert waiting["swe_bench_pro"]["note"].split("; printed as")[0] in COLUMN.read_text(encoding="utf-8")
    yes, no = waiting["swe_bench_pro"]["claim_id"], waiting["code_arena_elo"]["claim_id"]
    before = len(current_claims(home))
    assert run_command(["claims", "confirm", yes[:12]]) == 0
    assert run_command(["claims", "reject", no[:12]]) == 0
    assert len(current_claims(home)) == before + 1
    kept = next(claim for claim in current_claims(home) if claim.claim_id == yes)
    assert (kept.proposed_by, kept.by, kept.source.published) == ("pattern", "A Column", "2026-04-17")
    assert run_command(["claims", "import", str(COLUMN), *told]) == 0
    capsys.readouterr()
    assert run_command(["claims", "candidates", "GLM-5.1", "--json"]) == 0
    assert {row["benchmark"] for row in json.loads(capsys.readouterr().out)} == {"total_parameters"}
    assert run_command(["claims", "confirm", "no such"]) == 2


def test_a_dry_run_lists_everything_and_keeps_nothing(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    card = home.root.parent / "card.md"
    card.write_text(
        "# Ash\n\n![results](figures/radar.png)\n\n| Benchmark | Fast one | Birch-7B |\n|---|---|---|\n"
        "| MMLU | 60.0 | 50.0 |\n| Thinking budget | 8K | 4K |\n\nIt reaches 55.5% on GPQA Diamond.\n"
    )
    asked = ["claims", "import", str(card), "--model", "lab/Ash-7B", "--dry-run"]
    assert run_command([*asked, "--column", "Fast one"]) == 0
    said = capsys.readouterr().out
    assert "claim     line 7, column 2: lab/Ash-7B  mmlu  60.0" in said
    assert "mention   line 7, column 3: Birch-7B  mmlu  50.0" in said
    assert "candidate line 10, sentence: lab/Ash-7B  gpqa_diamond  55.5%" in said
    assert "line 8: Thinking budget: 8K" in said and "1 pictures" in said and "nothing kept" in said
    assert not home.database.exists() or current_claims(home) == []
    assert run_command(asked) == 0
    assert "claim     line" not in capsys.readouterr().out


def test_two_sources_about_one_model_meet(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    shipped_ledgers(home)
    head = "# Elm-9B\n\n| Benchmark | Elm-9B | Gemma4-26BA4B | Gemma 4 26B |\n|---|---|---|---|\n"
    text = head + "| MCPMark | 30.0 | 12.5 | 9.0 |\n"
    save_reading(home, read_card(text, model="lab/Elm-9B", url="https://example.org/elm", read_at=NOW), text)
    found = conflicting_claims(home, model="google/gemma-4-26B-A4B")
    assert [(one.benchmark, {row["said"] for row in one.claims}) for one in found] == [("mcpmark", {"18.1%", "12.5"})]
    assert run_command(["models", "alias"]) == 0
    assert "Gemma 4 26B may be google/gemma-4-26B-A4B" in capsys.readouterr().out
    assert run_command(["models", "alias", "Gemma 4 26B", "google/gemma-4-26B-A4B"]) == 0
    assert "1 claims stand under it" in capsys.readouterr().out
    values = {
        claim.said for claim in current_claims(home, model="google/gemma-4-26B-A4B") if claim.benchmark == "mcpmark"
    }
    assert values == {"18.1%", "12.5", "9.0"}
    assert run_command(["models", "alias", "Gemma 4 26B", "gemma"]) == 2


def test_a_sentence_about_an_unnamed_model_is_nobodys_and_prompt_speed_is_no_output_speed() -> None:
    text = (
        "# Gemma 3 27B IT\n\nThe report gives 83.5 on GSM8K (8-shot). With llama.cpp it wrote 34 tokens per second and "
        "prompt processing reached 2,100 tok/s. Two years ago a 34B model at 48% on HumanEval was news.\n"
    )
    reading = read_article(text, url="u", read_at=NOW)
    found = [(one.model, one.benchmark, one.said, one.settings.shots) for one in reading.candidates]
    assert found == [
        ("Gemma 3 27B IT", "gsm8k", "83.5", 8),
        ("Gemma 3 27B IT", "output_speed", "34", None),
        ("Gemma 3 27B IT", "prompt_speed", "2,100", None),
    ]
    assert [part.reason for part in reading.unread] == ["a number without a model that it is certainly about"]


def test_a_bound_on_sizes_is_no_models_size() -> None:
    text = (
        "# Gemma 3 1B IT\n\nGemma 3 1B IT beats other models under 2B parameters. Gemma 3 1B IT is the best of < 3B "
        "params models. Gemma 3 1B IT has 1.2B parameters.\n"
    )
    reading = read_article(text, url="u", read_at=NOW)
    assert [(one.model, one.said) for one in reading.candidates] == [("Gemma 3 1B IT", "1.2B")]


def test_a_table_that_names_its_models_is_not_the_topics() -> None:
    text = (
        "# Which should you run\n\nI put Oak and the new Qwen 3.6 onto my machine.\n\n"
        "| Model | Parameters | File size |\n|---|---|---|\n"
        "| Gemma 4 26B | 26B | 17GB |\n| Qwen 3.6 27B | 27B | 16GB |\n"
    )
    reading = read_article(text, url="u", read_at=NOW)
    assert {(claim.model, claim.said) for claim in reading.claims} == {
        ("Gemma 4 26B", "26B"), ("Gemma 4 26B", "17GB"), ("Qwen 3.6 27B", "27B"), ("Qwen 3.6 27B", "16GB"),
    }  # fmt: skip


def test_a_footnote_mark_is_no_part_of_a_models_name_and_stays_with_the_benchmark() -> None:
    text = "| Model | MMLU | MATH [^6] |\n|---|---|---|\n"
    text += "| gpt-4.1 [^10] | 90.2 | 98.1 |\n| o3-mini [^10] | 86.0 | 97.0 |\n"
    reading = read_article(text, url="u", read_at=NOW)
    assert {claim.model for claim in reading.claims} == {"gpt-4.1", "o3-mini"}
    assert all(claim.settings.notes for claim in reading.claims if claim.benchmark == "hendrycks_math")
