"""What chat models write is read as they mean it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.protocols.chat_answers import NONE, read_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("So 12+7 is 19.\n\n#### 19", "19"),
        ("The total is $29.00.", "29"),
        ("There are **1,234** apples, not 5.", "1234"),
        ("First 3, then 4.\n\\boxed{7}", "7"),
        ("Steps: 1, 2, 3.\nThe final answer is: $\\boxed{1{,}200}$ after 3 steps", "1200"),
        ("**Answer:** 18 eggs (3 dozen is 36)", "18"),
        ("The answer is 42. I checked 7 times.", "42"),
        ('{"reasoning": "2 of 5", "answer": "40"}', "40"),
        ("#### \u22121\u200b6", "-16"),
        ("The answer is १२३", "123"),
        ("Answer: 12 + 4 = 16 eggs", "16"),
        ("Answer: $32 per day ($2 × 16)", "32"),
        ("Answer: 1.234,50 (EUR)", "1234.50"),
        ("\\boxed{\\frac{1}{2}}", "0.5"),
        ("Answer: 16.\n\nI apologize if the answer is not what you expected. 7", "16"),
        ("The answer is 5. Wait, the answer is 6.", "6"),
        ("I do not know.", NONE),
    ],
)
def test_numbers(text: str, answer: str) -> None:
    """The stated result, not the last number that happens to follow."""
    assert read_answer(text, "number") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("B", "B"),
        ("(C)", "C"),
        ("**D**", "D"),
        ("The answer is (A).", "A"),
        ("Let me see. A is wrong.\n\nAnswer: $\\boxed{B}$", "B"),
        ('```json\n{"answer": "C"}\n```', "C"),
        ("A train leaves at noon and nobody knows.", NONE),
        ("The best answer is: **E) none of these**", "E"),
        ("\\boxed{\\textbf{(C)}}", "C"),
        ("The answer is \u200bＣ", "C"),
        ("答案是C。", "C"),
        ("La respuesta correcta es c.", "C"),
        ("Answer: \\(C\\)", "C"),
        ("The correct option is C.", "C"),
        ("So (C) is the correct answer.", "C"),
        ("C. Paris", "C"),
        ("<answer>C</answer>", "C"),
        ("{'answer': ['C']}", "C"),
        ("The answer is B. Wait, the answer is C.\n\nI apologize if the answer is unclear.", "C"),
        ("The answer is A because B is wrong", "A"),
        ("The answer is I think unclear", NONE),
        ("Answer: B and C", NONE),
        ("A. one\nB. two\nC. three", NONE),
        ("A. one B. two C. three", NONE),
    ],
)
def test_letters(text: str, answer: str) -> None:
    """A letter is an answer only where it stands as one."""
    assert read_answer(text, "letter") == answer


@given(number=st.integers(-(10**9), 10**9), words=st.text(alphabet="ab cd\n", max_size=40))
def test_any_number_survives_its_spelling(number: int, words: str) -> None:
    """With separators, in a box, in bold or with cents: the same number."""
    for spelled in (f"#### {number:,}", f"\\boxed{{{number}}}", f"the answer is **{number}.00**", f"**{number:,}**"):
        assert read_answer(f"{words}\n{spelled}", "number") == str(number)
