"""Model cards: the right number for the right model, benchmark and unit, or nothing."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.claims.scoring import CARDS, EXCERPTS, NOW, Score, score, sheets
from warehouse.claims import Reading, read_card


def card(text: str, model: str = "maker/Odd-7B") -> Reading:
    return read_card(dedent(text), model=model, url="https://example.org/README.md", read_at=NOW)


def said(reading: Reading) -> dict[str, str]:
    return {claim.benchmark_text: claim.said for claim in reading.claims}


def _promised(scores: list[Score]) -> None:
    right = sum(one.right for one in scores)
    assert right / (right + sum(len(one.wrong) for one in scores)) >= 0.99
    assert right / (right + sum(len(one.missed) for one in scores)) >= 0.95


@pytest.mark.skipif(not CARDS.exists(), reason="the cards are not here")
def test_cards_are_read_as_a_person_reads_them() -> None:
    _promised([score(sheet) for sheet in sheets()])


def test_excerpts_of_cards_are_read_as_a_person_reads_them() -> None:
    shipped = sheets(EXCERPTS)
    assert len(shipped) >= 6
    _promised([score(sheet, EXCERPTS) for sheet in shipped])


def test_column_groups_spans_bold_and_footnotes() -> None:
    reading = card(
        """
        <table>
        <tr><th rowspan="2">Benchmark</th><th colspan="2">Odd-7B</th><th>Other-7B</th></tr>
        <tr><th>Thinking</th><th>Non-thinking</th><th>Thinking</th></tr>
        <tr><td colspan="4"><b>Knowledge</b></td></tr>
        <tr><td>MMLU-Pro (5-shot)</td><td><b>81.2</b> ± 0.3</td><td>70.1<sup>1</sup></td><td>~80</td></tr>

        <tr><td>GPQA Diamond</td><td>—</td><td><a href="#x">60.5</a>*</td><td>61</td></tr>
        </table>

        1 maj@8 voting.

        \\* from a blog post.

        All runs use temperature 1.0, top_p 0.95, max 32k.
        """
    )
    found = {(claim.benchmark, claim.variant): claim for claim in reading.claims}
    assert set(found) == {
        ("mmlu_pro", "Thinking"),
        ("mmlu_pro", "Non-thinking"),
        ("gpqa_diamond", "Non-thinking"),
    }
    thinking, other = found["mmlu_pro", "Thinking"], found["mmlu_pro", "Non-thinking"]
    assert (thinking.said, other.said, found["gpqa_diamond", "Non-thinking"].said) == ("81.2 ± 0.3", "70.1", "60.5")
    assert (thinking.settings.thinking, thinking.settings.shots, thinking.settings.temperature) == ("on", 5, 1.0)
    assert thinking.note is not None and "All runs use temperature 1.0, top_p 0.95, max 32k." in thinking.note
    assert thinking.settings.notes == ()
    assert thinking.settings.max_tokens is None
    assert any("maj@8" in note for note in other.settings.notes)
    assert not any("maj@8" in note for note in thinking.settings.notes)
    assert {claim.model for claim in reading.mentions} == {"Other-7B"}
    assert {claim.claimant.value for claim in reading.mentions} == {"third_party"}


def test_models_in_rows_and_points_beside_fractions() -> None:
    reading = card(
        """
        | Model | MMLU (5-shot) | HLE | AIME'24 |
        |---|---|---|---|
        | Other-7B | 70.2 | 5.1 | 33.3 |
        | **Odd-7B** | 0.712 | 0.9 | 40.0% |
        """
    )
    values = {claim.benchmark: claim.interval.value for claim in reading.claims if claim.interval}
    assert values == pytest.approx({"mmlu": 0.712, "hle": 0.009, "aime24": 0.4})


def test_base_and_tuned_tables_in_one_card() -> None:
    text = """
        ### Base models

        | Benchmark | Odd-7B |
        |---|---|
        | MMLU | 60.0 |

        ### Instruction-tuned models

        | Benchmark | Odd-7B-Instruct |
        |---|---|
        | MMLU | 70.0 |
        """
    assert said(card(text, "maker/Odd-7B")) == {"MMLU": "60.0"}
    assert said(card(text, "maker/Odd-7B-Instruct")) == {"MMLU": "70.0"}


def test_a_nearly_equal_name_is_another_model() -> None:
    reading = card(
        """
        | Benchmark | Odd-7B-v2 | Odd-70B | Even-7B |
        |---|---|---|---|
        | MMLU | 1.0 | 2.0 | 3.0 |
        """
    )
    assert reading.claims == []
    assert len(reading.mentions) == 3
    assert "no column or row is named for maker/Odd-7B" in reading.unread[-1].reason


def test_two_equally_near_names_are_left() -> None:
    reading = card(
        """
        | Benchmark | Odd 7B Chat | Odd 7B 2507 |
        |---|---|---|
        | MMLU | 61.0 | 62.0 |
        """,
        "maker/Odd-7B-Chat-2507",
    )
    assert reading.claims == []
    assert any("named nearly like" in part.reason for part in reading.unread)


def test_a_finetune_does_not_take_the_numbers_of_what_it_is_made_of() -> None:
    reading = card(
        """
        # Odd-7B

        | Benchmark | Odd-7B | Odd-7B-Instruct |
        |---|---|---|
        | MMLU | 60.0 | 65.0 |

        Weights: https://huggingface.co/maker/Odd-7B
        """,
        "somebody/Odd-7B-Distill-Even",
    )
    assert reading.claims == []


def test_a_name_without_its_date_is_another_release_where_the_card_writes_dates() -> None:
    reading = card(
        """
        | Benchmark | Odd-7B | Odd-7B-2507 |
        |---|---|---|
        | MMLU | 60.0 | 65.0 |

        ## Before

        | Benchmark | Odd-7B |
        |---|---|
        | GSM8K | 80.0 |
        """,
        "maker/Odd-7B-2507",
    )
    assert said(reading) == {"MMLU": "65.0"}


def test_one_bare_name_under_base_and_tuned_headings_is_left() -> None:
    text = """
        ### Pre-trained models

        ##

        | Benchmark | Odd-7B |
        |---|---|
        | MMLU | 60.0 |

        ### Instruction tuned models

        | Benchmark | Odd-7B |
        |---|---|
        | MMLU | 70.0 |
        """
    assert said(card(text, "maker/Odd-7B-Instruct")) == {"MMLU": "70.0"}
    assert said(card(text, "maker/Odd-7B")) == {}
    parent = "---\nbase_model: maker/Odd-7B-Base\n---\n"
    assert said(card(parent + dedent(text), "maker/Odd-7B")) == {"MMLU": "70.0"}
    assert said(card(parent + dedent(text), "maker/Odd-7B-Base")) == {"MMLU": "60.0"}


def test_a_heading_states_the_mode_and_a_language_makes_another_benchmark() -> None:
    reading = card(
        """
        ### Reasoning mode

        | | Odd 7B |
        |---|---|
        | MMLU-Pro | 80.1 |
        | MATH-500 (ES) | 90.2 |

        ### Non-reasoning mode

        | | Odd 7B |
        |---|---|
        | MMLU-Pro | 70.1 |

        ### Reasoning

        | | Odd 7B |
        |---|---|
        | BBH | 60.1 |
        """
    )
    found = [(claim.benchmark, claim.said, claim.settings.thinking) for claim in reading.claims]
    assert found == [
        ("mmlu_pro", "80.1", "on"),
        ("math500", "90.2", "on"),
        ("mmlu_pro", "70.1", "off"),
        ("bbh", "60.1", None),
    ]


def test_specification_and_speed_tables() -> None:
    reading = card(
        """
        | Property | Value |
        |---|---|
        | Total Parameters | 7.2B |
        | Context Length | 128K |
        | License | Apache 2.0 |
        | Hidden size | 4096 |

        ## Speed

        | Hardware | Backend | Quantization | Output speed (tok/s) |
        |---|---|---|---|
        | RTX 4090 | llama.cpp | Q4_K_M | 60-100 |
        """
    )
    found = {claim.benchmark: claim for claim in reading.claims}
    assert set(found) == {"total_parameters", "context_window", "license", "output_speed"}
    speed = found["output_speed"]
    assert (speed.settings.hardware, speed.settings.backend, speed.settings.quantization) == (
        "RTX 4090",
        "llama.cpp",
        "Q4_K_M",
    )
    assert speed.interval is not None and (speed.interval.low, speed.interval.high) == (60.0, 100.0)
    assert any(part.text.startswith("Hidden size") for part in reading.unread)


def test_several_benchmarks_in_one_row() -> None:
    reading = card(
        """
        | Topic | Bench | Odd-7B |
        |---|---|---|
        | Maths | AIME 2024<br>MATH-500 | 40.1<br>**88.2** |
        """
    )
    assert said(reading) == {"AIME 2024": "40.1", "MATH-500": "88.2"}


def test_a_page_that_is_all_html() -> None:
    reading = card(
        """<!DOCTYPE html>
        <html><body><h1>Odd-7B</h1>

            <table>

                <tr><th>Benchmark</th><th>Odd-7B</th></tr>

                <tr><td>MMLU</td><td>70.1</td></tr>
            </table>
        </body></html>
        """
    )
    assert [(claim.benchmark, claim.said, claim.place) for claim in reading.claims] == [
        ("mmlu", "70.1", "line 8, column 2")
    ]


def test_the_demo_card_is_read_completely() -> None:
    path = Path(__file__).parents[2] / "flows/demo/release/README.md"
    reading = read_card(path.read_text(), model="demo-model-1.5M", url=str(path), read_at=NOW)
    assert reading.unread == []
    assert len(reading.claims) == 14
    assert all(claim.benchmark and claim.interval for claim in reading.claims)
    assert {claim.model for claim in reading.mentions} == {"other-model-2M"}
