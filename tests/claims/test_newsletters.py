"""What weekly columns on open-weight models write, kind by kind: sentences, lists and tables without marks."""

from __future__ import annotations

from tests.claims.scoring import NOW
from warehouse.claim_records import Claim
from warehouse.claims.readers.article import read_article

TABLE = "| Benchmark | Gemma 4 26B-A4B | Gemma 4 31B | Qwen3.6-35B-A3B |\n|---|---|---|---|\n"
TABLE += "| GSM8K | 90.1 | 91.2 | 92.3 |\n"


def _candidates(text: str) -> list[Claim]:
    return read_article(f"# A week\n\n{TABLE}\n{text}\n", url="u", read_at=NOW).candidates


def _told(text: str) -> list[tuple[str, str | None, str]]:
    return [(claim.model, claim.benchmark, claim.said) for claim in _candidates(text)]


def _speeds(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return [
        (claim.said, claim.settings.hardware, claim.settings.quantization, claim.settings.backend)
        for claim in _candidates(text)
        if claim.benchmark == "output_speed"
    ]


def test_layers_and_families_are_no_models() -> None:
    assert _told("The Mamba-2 layers help. It writes 50 tok/s.") == []
    assert _told("## Gemma 4\n\nThe family is out, and reaches 64 tok/s on an RTX 4090.") == []


def test_a_size_alone_is_the_model_of_the_family_spoken_of() -> None:
    text = "## Gemma 4\n\nThe 26B-A4B does 64 tok/s, and the dense 31B manages 30 tok/s. The 12B does 80 tok/s."
    assert _told(text) == [
        ("Gemma 4 26B-A4B", "output_speed", "64"),
        ("Gemma 4 31B", "output_speed", "30"),
        ("Gemma 4 12B", "output_speed", "80"),
    ]


def test_what_a_machine_a_line_or_a_run_has_is_no_models() -> None:
    assert _told("Gemma 4 31B took 11 minutes to download on a 300 Mbit line.") == []
    assert _told("Gemma 4 31B ran on a MacBook Pro M5 64GB with Q4_K_S.") == []
    assert _told("Gemma 4 31B is fast at 4K of context and slow after 128K context.") == []


def test_one_benchmark_named_once_before_several_scores() -> None:
    text = "On MCPMark Gemma 4 31B scores 37.0%, against 18.1% for Gemma 4 26B-A4B and 40% more cost."
    assert _told(text) == [("Gemma 4 31B", "mcpmark", "37.0%"), ("Gemma 4 26B-A4B", "mcpmark", "18.1%")]
    text = (
        "The exception is MMLU-Pro: Gemma 4 31B is at ~66%, Gemma 4 26B-A4B at 68.3% and Qwen3.6-35B-A3B 20% cheaper."
    )
    assert _told(text) == [("Gemma 4 31B", "mmlu_pro", "~66%"), ("Gemma 4 26B-A4B", "mmlu_pro", "68.3%")]
    assert _told("Qwen3.6-35B-A3B leads. On MCPMark it scores 37.0%, against 18.1% for Gemma 4 31B.") == [
        ("Qwen3.6-35B-A3B", "mcpmark", "37.0%"), ("Gemma 4 31B", "mcpmark", "18.1%"),
    ]  # fmt: skip


def test_each_side_of_a_comparison_keeps_its_backend() -> None:
    text = "Gemma 4 31B does ~9 tok/s with vLLM on an RTX 4090 where llama.cpp gives 60+ tok/s on the same card."
    assert _speeds(text) == [("~9", "RTX 4090", None, "vllm"), ("60+", "RTX 4090", None, "llama.cpp")]
    text = "Gemma 4 31B does 20 tok/s on my laptop and 60 tok/s on an RTX 4090 with llama.cpp."
    assert _speeds(text) == [("20", None, None, None), ("60", "RTX 4090", None, "llama.cpp")]
    text = "Gemma 4 31B does 20 tok/s, while llama.cpp gives 60 tok/s."
    assert _speeds(text) == [("20", None, None, None), ("60", None, None, "llama.cpp")]


def test_a_number_behind_a_name_is_no_part_of_it() -> None:
    assert _told("llama.cpp runs Qwen3.6-35B-A3B 3-5x faster than Ollama.") == [
        ("Qwen3.6-35B-A3B", "output_speed_ratio", "3-5x")
    ]
    assert _told("We saw Gemma 4 31B 30 tok/s fast.") == [("Gemma 4 31B", "output_speed", "30")]


def test_items_take_the_machine_of_the_heading_over_them_unless_they_name_one() -> None:
    items = "- **Gemma 4 31B**: ~30 tok/s\n- **Gemma 4 26B-A4B**: 20 tok/s on an M5 Max\n"
    wanted = [("~30", "RTX 4090", "Q4", None), ("20", "M5 Max", "Q4", None)]
    assert _speeds(f"## On an RTX 4090 (Q4)\n\n{items}") == wanted
    assert _speeds(f"Others on an RTX 4090 (Q4):\n\n{items}") == wanted
    assert _speeds(f"Others on an RTX 4090 (Q4):\n\n{items}\nMore later.\n\n- **Qwen3.6-35B-A3B**: 9 tok/s\n")[2] == (
        "9", None, None, None,
    )  # fmt: skip


def test_items_state_sizes_contexts_and_licences_between_commas() -> None:
    text = (
        "- **Gemma 4 31B** — 31B dense, 256K context (roughly 1M with YaRN), Apache 2.0\n"
        "- **Qwen3.6-35B-A3B** — 35B total / ~3B active, Community license\n"
    )
    assert {fact[1:] for fact in _told(text) if fact[0] == "Gemma 4 31B"} == {
        ("total_parameters", "31B"), ("context_window", "256K"), ("context_window_extended", "roughly 1M"),
        ("license", "Apache 2.0"),
    }  # fmt: skip
    assert {fact[1:] for fact in _told(text) if fact[0] == "Qwen3.6-35B-A3B"} == {
        ("total_parameters", "35B"), ("active_parameters", "~3B"), ("license", "Community"),
    }  # fmt: skip
    assert _told("Gemma 4 31B was tried by Stanford, MIT, and others.") == []


def test_the_least_hardware_however_it_is_said() -> None:
    wanted = [("Gemma 4 31B", "minimum_hardware", "2x H100-80GB")]
    assert _told("Gemma 4 31B is out. Minimum hardware: 2x H100-80GB.") == wanted
    assert _told("The minimum hardware for Gemma 4 31B is 2x H100-80GB.") == wanted
    assert _told("Gemma 4 31B is out. You will want 2x H100-80GB at minimum.") == wanted


def test_a_line_that_stands_as_a_heading_ends_what_was_spoken_of() -> None:
    text = "Gemma 4 31B is fine.\n\nNEWS IN BRIEF\n\nSome people get 200 tok/s these days."
    assert _told(text) == []
