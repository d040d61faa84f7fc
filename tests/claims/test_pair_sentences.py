"""Sentences about what a quantization keeps of another's score become candidates, with the reference that they name."""

from __future__ import annotations

import pytest

from tests.claims.scoring import NOW
from warehouse.claims import read_card
from warehouse.claims.sentences.patterns import hits_in


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "Our Q4_K_M retains 99.1% of the BF16 accuracy on MMLU.",
            [("mmlu", "retains 99.1% of the BF16 accuracy", "BF16", "Q4_K_M")],
        ),
        (
            "The FP8 model stays within 1 point of BF16 on GSM8K and MMLU-Pro.",
            [
                ("gsm8k", "stays within 1 point of BF16", "BF16", "FP8"),
                ("mmlu_pro", "stays within 1 point of BF16", "BF16", "FP8"),
            ],
        ),
        (
            "On GSM8K, Q8_0 loses less than 0.5 points against F16.",
            [("gsm8k", "loses less than 0.5 points against F16", "F16", "Q8_0")],
        ),
        ("The model keeps 85% of users happy on MMLU.", []),
        ("Q4_K_M loses 2 points on MMLU.", []),
        ("It retains 99% accuracy on MMLU.", []),
        ("Less than 2% of the data is on GSM8K.", []),
    ],
)
def test_pairs_in_a_sentence(sentence: str, expected: list[tuple[str, ...]]) -> None:
    """Of each benchmark of the clause; what names no reference is no claim about a pair, and no score either."""
    hits = hits_in(sentence)
    found = [(hit.benchmark, hit.said, hit.settings["denominator"], hit.settings["quantization"]) for hit in hits]
    assert found == expected


def test_a_score_beside_a_comparison_stays_a_score() -> None:
    hits = hits_in("It scores 85.2% on MMLU, within 1 point of GPT-4.")
    assert [(hit.benchmark, hit.said, hit.pattern) for hit in hits] == [("mmlu", "85.2%", "score")]


def test_a_card_proposes_the_pair() -> None:
    said = "The Q4_K_M file of lab/Ash-7B recovers over 99% of the unquantized model's performance on IFEval."
    card = read_card(f"# lab/Ash-7B\n\n{said}\n", model="lab/Ash-7B", url="card", read_at=NOW)
    [claim] = card.candidates
    assert claim.interval is not None and claim.interval.unit == "recovery"
    assert (claim.model, claim.benchmark, claim.settings.denominator) == ("lab/Ash-7B", "ifeval", "full precision")
