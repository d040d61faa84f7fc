"""Thinking set apart from the answer, by the marks that model families put around it.

Servers with a reasoning parser do this themselves (`reasoning_content`, `reasoning`); without one, or with the wrong
one, the marks come in the answer's text.
"""

from __future__ import annotations

import re

WORDS = r"(?:[a-z]+:)?(?:think|thinking|thought|thoughts|reasoning|reason)"
"""Names of tags: DeepSeek, Qwen, GLM, Kimi (`think`), Seed-OSS (`seed:think`), Reflection and others."""
PAIRS = (
    (rf"<\s*{WORDS}\s*>", rf"<\s*/\s*{WORDS}\s*>"),
    (r"\[THINK\]", r"\[/THINK\]"),  # Mistral's Magistral
    (r"◁think▷", r"◁/think▷"),  # Kimi-VL
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),  # OpenThinker, Sky-T1
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Cohere's Command A
    (r"<\|channel>\s*thought", r"<channel\|>"),  # Gemma
    (r"<unused94>\s*thought", r"<unused95>"),  # MedGemma
)
"""Opening and closing mark, as patterns."""
OPEN = re.compile("|".join(f"(?:{pair[0]})" for pair in PAIRS), re.I)
CLOSE = re.compile("|".join(f"(?:{pair[1]})" for pair in PAIRS), re.I)
HARMONY_FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]*<\|message\|>")
HARMONY_OTHER = re.compile(r"<\|channel\|>\s*(?:analysis|commentary)\b")
HARMONY_TOKENS = re.compile(
    r"(?:<\|start\|>\s*assistant)?\s*<\|channel\|>\s*\w*|<\|start\|>\s*assistant"
    r"|<\|(?:channel|message|start|end|return|constrain|call)\|>"
)
"""gpt-oss: channels `analysis`, `commentary` and `final` (https://cookbook.openai.com/articles/openai-harmony)."""
ANSWER_MARKS = re.compile(r"^\s*<\|(?:START_RESPONSE|begin_of_solution)\|>|<\|(?:END_RESPONSE|end_of_solution)\|>\s*$")
"""Marks that some of these families put around the answer itself."""
ANY_MARK = re.compile(
    r"[<\[◁][|/]?\s*[^<>\[\]◁▷\s]{0,24}(?:think|thought|reasoning)[^<>\[\]◁▷]{0,24}[>\]▷]"
    r"|<\|channel\b|<channel\|>",
    re.I,
)
"""Anything that looks like a mark of thinking, known or not: an answer that still holds one cannot be scored."""


def set_apart(content: str) -> tuple[str | None, str]:
    """(reasoning, answer) of a text that may hold marks of thinking; reasoning is None if it holds none.

    The answer is what follows the last closing mark, without leading space, as lm-eval's `think_end_token` takes it. A
    mark that is never closed leaves no answer: all is reasoning. A closing mark alone counts too, because templates may
    put the opening one into the prompt.
    """
    if HARMONY_FINAL.search(content) or HARMONY_OTHER.search(content):
        return _harmony(content)
    closing = list(CLOSE.finditer(content))
    if closing:
        last = closing[-1]
        answer = ANSWER_MARKS.sub("", content[last.end() :])
        return OPEN.sub("", content[: last.start()]).strip(), answer.lstrip()
    if opening := OPEN.match(content.lstrip()):
        return content.lstrip()[opening.end() :].strip(), ""
    return None, content


def _harmony(content: str) -> tuple[str, str]:
    final = list(HARMONY_FINAL.finditer(content))
    thought = content[: final[-1].start()] if final else content
    answer = content[final[-1].end() :] if final else ""
    thought = HARMONY_TOKENS.sub(" ", thought).strip()
    return thought, HARMONY_TOKENS.split(answer)[0].lstrip()


def holds_mark(text: str) -> bool:
    """Whether a text holds anything that looks like a mark of thinking."""
    return ANY_MARK.search(text) is not None
