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
    assert _told("Gemma 4 31B is out. That makes llama.cpp 3-5x faster than Ollama. Llama.cpp b8790 has 50 tok/s.") == [
        ("Gemma 4 31B", "output_speed_ratio", "3-5x"), ("Gemma 4 31B", "output_speed", "50"),
    ]  # fmt: skip
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


def _rows(text: str) -> list[Claim]:
    return read_article(text, url="u", read_at=NOW).claims


def test_total_and_active_beside_each_other_are_parameters() -> None:
    head = "| Model | Total | Active | Context | Good for |\n|---|---|---|---|---|\n"
    dense = "| Gemma 4 31B | 31B | - | 256K | Code |"
    claims = _rows(f"{head}| Gemma 4 26B-A4B | 26B | 3.8B | 256K | Reasoning |\n{dense}\n")
    assert {(claim.model, claim.benchmark, claim.said) for claim in claims} == {
        ("Gemma 4 26B-A4B", "total_parameters", "26B"), ("Gemma 4 26B-A4B", "active_parameters", "3.8B"),
        ("Gemma 4 26B-A4B", "context_window", "256K"), ("Gemma 4 31B", "total_parameters", "31B"),
        ("Gemma 4 31B", "context_window", "256K"),
    }  # fmt: skip
    users = _rows("| Model | GSM8K | Total | Active |\n|---|---|---|---|\n| Gemma 4 31B | 90.1 | 210 | 31 |\n")
    assert {claim.benchmark for claim in users} <= {"gsm8k", None}


def test_what_a_model_is_good_for_is_no_setting() -> None:
    head = "| Model | tok/s | Good for |\n|---|---|---|\n"
    claims = _rows(f"{head}| Gemma 4 26B-A4B | 64 | Reasoning |\n| Gemma 4 31B | 30 | Long chats |\n")
    assert [(c.settings.thinking, c.settings.notes) for c in claims] == [(None, ()), (None, ())]


def test_columns_between_tabs_or_below_their_headings_are_tables_with_empty_cells() -> None:
    caption = "Table 1. Speed of Gemma 4 31B\n\n"
    tabs = (
        "Hardware\tQuant\tBackend\tSpeed\nRTX 4090\tQ4_K_M\tOllama\t~15-20 tok/s\nRTX 4090\tQ4_K_S\t\t~60-100 tok/s\n"
    )
    spaces = (
        "Hardware    Quant     Backend    Speed\nRTX 4090    Q4_K_M    Ollama     ~15-20 tok/s\n"
        "RTX 4090    Q4_K_S               ~60-100 tok/s\n"
    )
    for table in (tabs, spaces):
        claims = _rows(f"{caption}{table}\nThat is all.\n")
        assert [(c.model, c.said, c.settings.quantization, c.settings.backend) for c in claims] == [
            ("Gemma 4 31B", "~15-20 tok/s", "Q4_K_M", "Ollama"),
            ("Gemma 4 31B", "~60-100 tok/s", "Q4_K_S", None),
        ]


def test_a_table_of_speeds_takes_machine_and_quantization_of_its_title() -> None:
    table = "| Model | Speed |\n|---|---|\n| Gemma 4 31B | ~30 tok/s |\n| Qwen3.5-27B | ~35 tok/s |\n"
    for title in ("Table 4. Speed on an RTX 4090 at Q4\n\n", "## On an RTX 4090 (Q4)\n\n", "What it makes of Q4:\n\n"):
        assert {claim.settings.quantization for claim in _rows(title + table)} == {"Q4"}


def test_a_table_below_a_part_is_about_the_model_of_the_chapter_if_that_names_one_alone() -> None:
    table = "### Speed\n\nReports from 17 posts:\n\n| Hardware | Backend | tok/s |\n|---|---|---|\n"
    table += "| RTX 4090 | vLLM | 64 |\n\nGemma 4 31B fits 24 GB.\n"
    week = "# Week\n\nGemma 4 31B is out.\n\n## Release\n\n"
    claims = _rows(f"{week}We tried Qwen3.5-27B.\n\n### Scores\n\nThey are good.\n\n{table}")
    assert [(claim.model, claim.said) for claim in claims] == [("Qwen3.5-27B", "64")]
    assert _rows(f"{week}Is Qwen3.5-27B faster than Gemma 4 31B?\n\n{table}") == []
    assert _rows(f"{week}We tried many.\n\n{table}Qwen3.5-27B does not.\n") == []
    assert [claim.model for claim in _rows(f"{week}We tried many.\n\n{table}")] == ["Gemma 4 31B"]


def test_lines_of_a_page_without_blank_lines_are_paragraphs_of_their_own() -> None:
    lines = [
        "Weekly", "Gemma 4 31B is out.", "Many people like it.", "The model was", "NEWS", "Somebody gets 90 tok/s.",
        "The speed of Gemma 4 31B", "| Hardware | tok/s |", "|---|---|", "| RTX 4090 | 64 |", "* Measured by hand.",
        "Prices rose by 5%.", "It rained all week and we wrapped this line by hand so that it is long and", "goes on.",
    ]  # fmt: skip
    reading = read_article("\n".join(lines), url="u", read_at=NOW)
    assert [(c.model, c.said, c.settings.notes, c.place) for c in reading.claims] == [
        ("Gemma 4 31B", "64", (), "line 10, column 2")
    ]
    assert reading.candidates == []


def test_lines_of_cells_between_pipes_are_a_table_without_its_rule() -> None:
    text = "Benchmark | Gemma 4 31B | Qwen3.5-27B\nMMLU-Pro | 85.2% | N/A\nGPQA Diamond | ~66% | 61.0%\nMore soon.\n"
    assert [(claim.model, claim.benchmark, claim.said) for claim in _rows(text)] == [
        ("Gemma 4 31B", "mmlu_pro", "85.2%"), ("Gemma 4 31B", "gpqa_diamond", "~66%"),
        ("Qwen3.5-27B", "gpqa_diamond", "61.0%"),
    ]  # fmt: skip
    border = "+------+------+------+\n"
    drawn = f"{border}| Test | Gemma 4 31B | Qwen3.5-27B |\n{border}"
    drawn += f"| MMLU-Pro | 85.2% | - |\n| GSM8K | 90.1 | 80 |\n{border}"
    claims = _rows(f"Scores:\n{drawn}\nMore soon.\n")
    assert [(c.said, c.place) for c in claims] == [
        ("85.2%", "line 5, column 2"), ("90.1", "line 6, column 2"), ("80", "line 6, column 3"),
    ]  # fmt: skip
    assert _told("By Ann | 17 April 2026 | 11 min\nHome | Blog | 3 posts\nShop | Gemma 4 31B | 5 GB\n") == []


def test_differences_and_room_left_are_no_values() -> None:
    assert _told("Gemma 4 31B is losing by about 3 points on MMLU-Pro and leads by 2% on GSM8K.") == []
    assert _told("Gemma 4 31B runs at Q4 with 6 GB to spare on 16 GB cards.") == []


def test_numbers_right_before_or_behind_a_name_are_that_models() -> None:
    text = "Gemma 4 31B is fine. The 550B-parameter Nemotron 3 Ultra is not. On SWE-bench Pro a run gave GLM-5.1 58.4."
    assert _told(text) == [
        ("Nemotron 3 Ultra", "total_parameters", "550B"), ("GLM-5.1", "swe_bench_pro", "58.4"),
    ]  # fmt: skip


def test_lines_of_a_label_and_a_fact_are_no_headings() -> None:
    text = "Gemma 4 31B is out.\n\nLicense: Apache 2.0\n\nContext: 262K native, extendable to 1M with YaRN"
    assert [fact[1:] for fact in _told(text)] == [
        ("license", "Apache 2.0"), ("context_window", "262K"), ("context_window_extended", "1M"),
    ]  # fmt: skip


def test_lines_of_facts_keep_their_settings_apart() -> None:
    text = (
        "Gemma 4 31B is out.\n\nReleased: April 16, 2026\nSpeed on RTX 4090 (Q4_K_M, llama.cpp): ~60-100 tok/s\n"
        "Speed on MacBook Pro M5 64GB (Q4_K_S, Ollama): ~15-20 tok/s\nLicense: Open\n"
    )
    assert _speeds(text) == [
        ("~60-100", "RTX 4090", "Q4_K_M", "llama.cpp"), ("~15-20", "MacBook Pro M5 64GB", "Q4_K_S", "ollama"),
    ]  # fmt: skip
    assert ("Gemma 4 31B", "license", "Open") in _told(text)


def test_a_speed_in_brackets_is_of_the_backend_before_them() -> None:
    text = "Gemma 4 31B: skip vLLM (~9 tok/s on an RTX 4090) and use llama.cpp (60+ tok/s on an RTX 4090)."
    assert _speeds(text) == [("~9", "RTX 4090", None, "vllm"), ("60+", "RTX 4090", None, "llama.cpp")]


def test_a_column_headed_by_a_machine_holds_speeds_beside_specifications() -> None:
    text = "| Model | Context | RTX 4090, Q4 |\n|---|---|---|\n| Gemma 4 31B | 256K | ~30 tok/s |\n"
    assert [(c.benchmark, c.said, c.settings.hardware, c.settings.quantization) for c in _rows(text)] == [
        ("context_window", "256K", None, None), ("output_speed", "~30 tok/s", "RTX 4090", "Q4"),
    ]  # fmt: skip


def test_tables_with_one_cell_a_line_are_read_where_every_row_is_full() -> None:
    cells = ["Benchmark", "Gemma 4 31B", "Qwen3.5-27B"], ["MMLU-Pro", "85.2%", "–"], ["GPQA Diamond", "~66%", "61.0%"]
    wanted = [
        ("Gemma 4 31B", "mmlu_pro", "85.2%", "line 7, column 2"),
        ("Gemma 4 31B", "gpqa_diamond", "~66%", "line 11, column 2"),
        ("Qwen3.5-27B", "gpqa_diamond", "61.0%", "line 11, column 3"),
    ]
    paragraphs = "\n\n".join("\n".join(row) for row in cells)
    claims = _rows(f"Gemma 4 31B is out.\n\n{paragraphs}\n\nMore soon.\n")
    assert [(c.model, c.benchmark, c.said, c.place) for c in claims] == wanted
    run = "\n".join(cell for row in cells for cell in row)
    claims = _rows(f"Gemma 4 31B is out.\n\n{run}\nIFEval\n90.1\n80.2\nMore soon.\n")
    assert [(c.model, c.benchmark, c.said) for c in claims if c.benchmark != "ifeval"] == [w[:3] for w in wanted]
    broken = run.replace("–\n", "").replace("61.0%", "61.0%\n12.0")
    assert _told(f"Gemma 4 31B is out.\n\n{broken}\nMore soon.") == []


def test_a_setup_of_machine_quantization_and_engine_is_no_model() -> None:
    text = "Gemma 4 31B is out.\n\nSetup\ttok/s\nRTX 4090, Q4_K_M, llama.cpp\t~60-100 tok/s\n"
    text += "M5 Max, Q4_0, Ollama\t15\n"
    settings = [(c.model, c.settings.hardware, c.settings.quantization, c.settings.backend) for c in _rows(text)]
    assert settings == [
        ("Gemma 4 31B", "RTX 4090", "Q4_K_M", "llama.cpp"), ("Gemma 4 31B", "M5 Max", "Q4_0", "ollama"),
    ]  # fmt: skip


def test_a_remark_in_brackets_ends_nothing() -> None:
    text = "Gemma 4 31B is out.\n\n(~ = read off ranges. Else the vendors' numbers)\n\n"
    text += "llama.cpp is 3-5x faster than Ollama."
    assert _told(text) == [("Gemma 4 31B", "output_speed_ratio", "3-5x")]
