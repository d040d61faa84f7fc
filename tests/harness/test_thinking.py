"""Thinking is set apart whatever marks a family puts around it, and before stop strings are looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.backends.openai_api.thinking import holds_mark, leading_block, set_apart
from evaluators.records import Settings
from tests.harness.test_chat import ask

MARKS = [
    ("<think>", "</think>"),
    ("<Thinking>", "</Thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ('<think time="3">', "</think>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
]


@pytest.mark.parametrize(("opening", "closing"), MARKS)
@given(
    reasoning=st.text(alphabet="ab #4\n", min_size=1, max_size=20).filter(str.strip),
    answer=st.text(alphabet="cd 4#", min_size=1, max_size=20),
)
def test_each_family_is_set_apart(opening: str, closing: str, reasoning: str, answer: str) -> None:
    """Nothing of the thinking leaks into the answer, nothing of the answer is lost, and the answer holds no mark."""
    thought, text = set_apart(f"{opening}{reasoning}{closing}\n\n{answer}")
    assert (thought, text) == (reasoning.strip(), answer.lstrip())
    assert not holds_mark(text)
    cut, nothing = set_apart(f"{opening}{reasoning}")
    assert (cut, nothing) == (reasoning.strip(), ""), "thinking that was cut leaves no answer"


def test_marks_of_which_only_the_words_are_left() -> None:
    """A server that drops special tokens: harmony's channels can still be told apart, Gemma's only be noticed."""
    thought, text = set_apart("analysisWe add: #### 7? No.assistantfinalIt is 4.")
    assert (thought, text) == ("We add: #### 7? No.", "It is 4.")
    assert holds_mark("thought\nIt may be 7.\n\nIt is 4.") and not holds_mark("Thought experiments: analysis\n4")


@pytest.mark.parametrize("mark", ["<deep_think>", "[/THOUGHTS]", "<|inner_reasoning|>", "<|channel|>other<|message|>"])
def test_marks_of_unknown_families_are_noticed(mark: str) -> None:
    """What cannot be set apart is seen, so that the run is not taken for sound."""
    assert holds_mark(f"{mark} 12") and not holds_mark("I think 3 < 4 [see 5] <b>x</b>")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<scratchpad>", "</scratchpad>"), ("[BEGIN_PLAN]", "[END_PLAN]"), ("<|start_of_plan|>", "<|end_of_plan|>"),
        ("⟨mull⟩", "⟨/mull⟩"), ("{{cot}}", "{{/cot}}"), ("<inner monologue>", "</inner monologue>"),
    ],
)  # fmt: skip
def test_an_unknown_family_is_known_by_its_structure(opening: str, closing: str) -> None:
    """A block of one name before the answer: set apart where thinking was asked for, noticed where it was not."""
    content = f"{opening}Is it #### 7? No.{closing}\n#### 4"
    arguments = {"until": ["?"]}
    response, body = ask({"content": content}, arguments=arguments, settings=Settings(thinking="on"))
    assert (response.reasoning, response.text, "stop" in body) == ("Is it #### 7? No.", "#### 4", False)
    plain, _ = ask({"content": content})
    assert plain.text == content and leading_block(content) is not None


@pytest.mark.parametrize(
    "text", ["<answer>4</answer> since 2+2", "<b>Four</b> is it", "[1] as in [/1]", "<<title>> x", "<plan>4</plan>"]
)
def test_what_opens_with_a_tag_is_not_always_thinking(text: str) -> None:
    assert leading_block(text) is None and set_apart(text, asked=True) == (None, text)


def test_stop_strings_wait_for_the_answer() -> None:
    """A task's stop strings inside the thinking end nothing: the server is not told them, the answer is cut here."""
    content = "<think>Question: is it #### 7?\n\nNo.</think>\n#### 4\nQuestion: next"
    arguments = {"until": ["Question:", "\n\n"]}
    response, body = ask({"content": content}, arguments=arguments, settings=Settings(thinking="on"))
    assert "stop" not in body and response.text == "#### 4\n"
    _, told = ask({"content": "#### 4"}, arguments=arguments, settings=Settings(thinking="off"))
    assert told["stop"] == arguments["until"]


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "llama.cpp", "openai"])
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_every_sampler_is_sent(dialect: str, temperature: float) -> None:
    """Neutral where nobody stated it, in the server's own words; as stated otherwise."""
    _, body = ask({"content": "4"}, arguments={"temperature": temperature, "presence_penalty": 1.5}, dialect=dialect)
    assert (body["top_p"], body["presence_penalty"], body["frequency_penalty"]) == (1.0, 1.5, 0.0)
    if dialect == "llama.cpp":
        assert (body["top_k"], body["min_p"], body["repeat_penalty"], body["dry_multiplier"]) == (0, 0.0, 1.0, 0.0)
    elif dialect != "openai":
        assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (-1, 0.0, 1.0)
