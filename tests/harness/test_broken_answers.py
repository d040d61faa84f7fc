"""Texts that no model means as an answer are noticed, and what models write is left alone."""

from __future__ import annotations

import random
from base64 import b64encode
from urllib.parse import quote

import pytest

from evaluators.answer_spelling import same_answer
from evaluators.harness.answers.broken_answers import (
    asks_on,
    capped_share,
    holds_template_token,
    is_cut_open,
    is_encoded,
    is_message,
    is_noise,
    is_uncased,
    repeats_itself,
)
from evaluators.harness.answers.crossed_answers import crossed
from evaluators.harness.answers.second_reading import misread
from evaluators.records import ItemScore, ItemStatus

SOUND = (
    "The answer is 16.",
    "Error analysis: 3 out of 5 are wrong, so 16",
    "| a | b |\n|---|---|\n| 1 | 2 |\n|---|---|",
    "x = 0.333333333333333333333333333333333",
    "Here π ≈ 3.14 and é, ß, ñ are letters of Übung; Δx → 0 by 数学.",
    "однако ответ на этот вопрос — 16, потому что 12 + 4 = 16",
    "这是一个答案：十六。谢谢你们的问题和时间，再见。",
)


@pytest.mark.parametrize("text", SOUND)
def test_what_models_write_is_sound(text: str) -> None:
    assert not (is_message(text) or is_noise(text) or is_cut_open(text))


@pytest.mark.parametrize(
    "text",
    [
        "Error: upstream timeout (504)", "<html><body>502 Bad Gateway</body></html>", "[error] CUDA error: device-side",
        "Rate limit reached, please slow down.", '{"error": {"message": "overloaded"}}', "Please try again later.",
    ],
)  # fmt: skip
def test_messages_of_servers(text: str) -> None:
    assert is_message(text) and not is_message(f"{'A long answer about networks. ' * 12}{text}")


@pytest.mark.parametrize(
    "text",
    ["!" * 60, "the " * 30, "ÃÂ¤½¿ÃÂ" * 5 + "12", "\x00\x01\x02abc" * 9, "foo 你好 привет שלום مرحبا bar 안녕"],
)
def test_noise_of_broken_weights(text: str) -> None:
    assert is_noise(text)


@pytest.mark.parametrize(
    "text", ["First we take 12 and then add the", "We have 12 + 4 =", "so that \\frac", "a cost of 3, "]
)
def test_ends_in_the_middle(text: str) -> None:
    assert is_cut_open(f"Let me compute this. {text}")


@pytest.mark.parametrize(
    "text", ["assistant\n\nIt is 4", "It is 4</s>", "ĠItĠisĠ4", "▁It▁is▁4", "It is 4<0x0A>", "4<|im_end|>", "[INST] 4"]
)
def test_tokens_that_should_not_be_seen(text: str) -> None:
    assert holds_template_token(text) and not holds_template_token("It is <b>4</b>, says the assistant: x < y > z.")


@pytest.mark.parametrize("text", ["4\nQuestion: next", "4\n### Instruction:\nAdd", "4\n\nQ: 2+2", "4\nProblem 2: x"])
def test_an_answer_that_goes_on(text: str) -> None:
    assert asks_on(text) and not asks_on("The question: is it 4? Yes, user.")


def test_a_limit_that_nobody_told_of() -> None:
    """A pile at the longest length, with hardly any answer near it; honest lengths have a tail."""
    rng = random.Random(3)
    lengths = [int(rng.lognormvariate(4.5, 0.7)) for _ in range(1000)]
    assert capped_share(lengths) == capped_share([12] * 1000) == capped_share([300] * 1000) == 0.0
    assert 0.05 < capped_share([min(length, 200) for length in lengths]) < 0.3


SAME = [
    ("So 12+7-3 = 16\nDone in 3 steps.", "16"), ("16\n\nExplanation: 2 steps, 3 sums.", "16"),
    ('{"result": 16, "steps": 2}', "16"), ("Die Antwort lautet: 16. (2 Schritte)", "16"),
    ("La respuesta es 16 (en 2 pasos).", "16"), ("答案是16，共3步。", "16"), ("#### ١٦", "16"), ("#### １６", "16"),
    ("#### 16\n\nAnything else, 24/7?", "16"), ("minus five", "-5"), ("1.2k", "1200"), ("2.5 million", "2500000"),
    ("12,34,567", "1234567"), ("1.6 \\times 10^1", "16"), ("2,5", "2.5"), ("\\frac12", "1/2"), ("90°", "90^\\circ"),
    ("\\left(3, \\frac{\\pi}{2}\\right)", "(3,\\pi/2)"), ("12:30 PM", "12:30pm"), ("Option B", "B"),
    ("the correct option is **B**", "B"), ("<answer>B</answer>", "B"), ('```json\n{"answer": "B"}\n```', "B"),
    ("#### 1\u200b6\u2060", "16"), ("\u200f16\u200e", "16"), ("#### 一百二十三", "123"), ("#### 一二三", "123"),
    ("选B", "B"),
    ("B选项", "B"), ("1.234", "1234"), ("1.234,50 EUR", "1234.5"), ("2\\frac{1}{2}", "5/2"), ("1½", "1.5"),
    ("50%", "0.5"),
    ("March 5, 2024", "2024-03-05"), ("\\boxed{\\textbf{(C) }}", "C"), ("5\\,\\text{cm}^2", "5"), ("10^{5}", "100000"),
    ("&#49;&#54;", "16"), ("The%20answer%20is%2016", "16"), ("\x1b[1m16\x1b[0m", "16"), ("Ｂ", "B"),
    ("Yes, it is.", "Yes"), ("16 = 12+7-3", "16"), ("$29.00", "29"), ("twenty-nine dollars", "29"), ("**(B)**", "B"),
]  # fmt: skip
OTHER = [
    ("So 12+7-3 = 17\nDone in 16 steps.", "16"), ("The answer is 17. I checked 16 times", "16"),
    ('{"result": 17, "steps": 16}', "16"), ("17\n\nExplanation: 16 steps", "16"), ("Is it 16? No. #### 17", "16"),
    ("12+4=16, so the total is 16+1=17", "16"), ("<answer>17</answer> not 16", "16"),
    ("It is 16 or 17. I guess 17", "16"),
    ("1.234", "1.235"), ("50", "0.5"), ("50%", "5"), ("March 5, 2024", "2024-05-03"), ("Answer: B and C", "B"),
    ("2", "B"),
    ("Answer: C, since B is wrong", "B"), ("Option C rather than B", "B"), ("A train leaves", "A"), ("no", "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "target"), SAME)
def test_another_spelling_says_the_same(answer: str, target: str) -> None:
    assert same_answer(answer, target)


@pytest.mark.parametrize(("answer", "target"), OTHER)
def test_another_answer_is_not_a_spelling(answer: str, target: str) -> None:
    """What is stated counts, not a number or a letter that happens to be there."""
    assert not same_answer(answer, target)


def graded(said: str, target: str, number: int) -> ItemScore:
    return ItemScore(
        task="t", doc_id=number, position=number, metric="exact_match", filter="none", value=float(said == target),
        status=ItemStatus.ok, extracted=said, target=target,
    )  # fmt: skip


@pytest.mark.parametrize("answers", ["letters", "numbers"])
def test_wrong_answers_of_a_weak_model_are_no_sign(answers: str) -> None:
    """Letters that lean to one side, and numbers that are off."""
    rng = random.Random(1)
    pairs = [
        (rng.choice("AAAABCD"), rng.choice("ABCD"))
        if answers == "letters"
        else (str(right + rng.choice((0, 1, 10))), str(right))
        for right in rng.choices(range(10, 900), k=800)
    ]
    signals = misread(graded(said, target, number) for number, (said, target) in enumerate(pairs))
    assert all(portion <= 0.01 for portion in signals.values()), signals


def test_ends_that_were_lost_and_one_answer_for_many() -> None:
    right = [str(number) for number in range(10, 810)]
    cut = misread(graded(target[:-1] if place % 3 else target, target, place) for place, target in enumerate(right))
    assert cut["cut_answer_share:exact_match,none"] > 0.6
    cut = misread(graded(target[1:] if place % 3 else target, target, place) for place, target in enumerate(right))
    assert cut["cut_answer_share:exact_match,none"] > 0.5
    same = misread(graded("42" if place % 3 else target, target, place) for place, target in enumerate(right))
    assert same["same_wrong_share:exact_match,none"] > 0.6


@pytest.mark.parametrize("share", [1.0, 0.15])
@pytest.mark.parametrize("apart", [1, 9, 40])
def test_replies_that_reached_the_wrong_request(share: float, apart: int) -> None:
    """Wrong answers that are right for an item asked shortly before, among those that a model gets wrong by itself."""
    rng = random.Random(3)
    right = [str(rng.randrange(400)) for _ in range(1200)]
    said = [target if at % 9 else str(rng.randrange(400)) for at, target in enumerate(right)]
    said = [right[max(0, at - rng.randint(1, apart))] if rng.random() < share else own for at, own in enumerate(said)]
    signals = crossed(graded(answer, target, at) for at, (answer, target) in enumerate(zip(said, right, strict=True)))
    assert signals["crossed_share:exact_match,none"] == pytest.approx(share, abs=0.25 * share + 0.02)


@pytest.mark.parametrize("kinds", [["A", "B", "C", "D"], [str(number) for number in range(30)], ["yes", "no"]])
def test_few_kinds_of_answers_are_no_mixture(kinds: list[str]) -> None:
    """Wrong answers of a weak model are right for some other item near by, as often as for those far away."""
    for seed in range(20):
        rng = random.Random(seed)
        pairs = [(rng.choice(kinds[: 1 + len(kinds) // 2]), rng.choice(kinds)) for _ in range(700)]
        assert not crossed(graded(said, target, at) for at, (said, target) in enumerate(pairs))


@pytest.mark.parametrize(
    ("said", "target"), [("Paris", "B"), ("2", "B"), ("(2) Paris", "B"), ("A and C", "B"), ("β", "B"), ("none", "16")]
)
def test_answers_in_another_form_than_the_benchmark_wants(said: str, target: str) -> None:
    """The text or the number of a choice for its letter: what was meant cannot be known, and nobody is accused."""
    signals = misread(graded(said if place % 3 else target, target, place) for place in range(60))
    assert signals["other_form_share:exact_match,none"] > 0.6
    signals = misread(graded("C. It is" if target == "B" else "17", target, place) for place in range(60))
    assert signals["other_form_share:exact_match,none"] == 0.0


def test_answers_that_lost_their_capitals() -> None:
    answer = "The first term is clear, so we add the rest of the terms of this sum.\n#### 16"
    assert is_uncased(answer.lower())
    program = (
        "    numbers = sorted(values)\n    for first, second in zip(numbers, numbers[1:]):\n        return first\n"
    )
    for text in (
        answer,
        "x + y = z " * 9,
        "答案是十六 " * 20,
        "it is 4",
        program,
        "    return sum(value for value in values)\n",
    ):
        assert not is_uncased(text)


def test_answers_that_were_encoded_on_the_way() -> None:
    answer = "The first term is clear, so we add the rest.\n#### 16"
    for sent in (quote(answer), b64encode(answer.encode()).decode(), "".join(f"&#{ord(sign)};" for sign in answer)):
        assert is_encoded(sent)
    for text in (answer, "x" * 30, "1" * 80, "\\frac{1}{2}+\\frac{1}{3}=\\frac{5}{6}", "答案是十六" * 20):
        assert not is_encoded(text)


TURN = "I will also include everything from the latest technology to the latest fashion trends. "


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        (f"My plan: {TURN * 9}{TURN[:40]}", True),
        (f"My plan: {TURN * 2}", False),
        ("Dear Sir,\n" + "[Your Position]\n" * 40, True),
        ("It is short.", False),
        ("\n".join(f"{number}. item of a list" for number in range(90)), False),
        ("0.3333333333" + "-" * 40, False),
    ],
)
def test_an_answer_that_goes_round_in_circles(text: str, repeats: bool) -> None:
    assert repeats_itself(text) is repeats
