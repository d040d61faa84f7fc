"""Thinking set apart from the answer, by the marks that model families put around it.

Servers with a reasoning parser do this themselves (`reasoning_content`, `reasoning`); without one, or with the wrong
one, the marks come in the answer's text.
"""

from __future__ import annotations

import re

WORDS = r"(?:[a-z]+:)?(?:think|thinking|thought|thoughts|reasoning|reason)"
"""Names of tags: DeepSeek, Qwen, GLM, Kimi (`think`), Seed-OSS (`seed:think`), Reflection and others."""
PAIRS = (
    (rf"<\s*{WORDS}(?:\s+[\w-]+\s*=[^<>]{{0,80}})?\s*>", rf"<\s*/\s*{WORDS}\s*>"),
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
HARMONY_BARE = re.compile(r"assistant\s{0,2}final(?=[A-Z\W\d])")
"""What is left of harmony's marks where special tokens were dropped: `analysisWe add.assistantfinalIt is 4.`"""
OPENED_BARE = re.compile(r"\s*(?:assistant)?(?:thought|analysis)(?:\n|(?=[A-Z]))")
"""What is left of an opening mark where special tokens were dropped (Gemma's and harmony's channels)."""
ANSWER_MARKS = re.compile(r"^\s*<\|(?:START_RESPONSE|begin_of_solution)\|>|<\|(?:END_RESPONSE|end_of_solution)\|>\s*$")
"""Marks that some of these families put around the answer itself."""
ANY_MARK = re.compile(
    r"[<\[◁][|/]?\s*[^<>\[\]◁▷\s]{0,24}(?:think|thought|reasoning)[^<>\[\]◁▷]{0,24}[>\]▷]"
    r"|<\|channel\b|<channel\|>",
    re.I,
)
"""Anything that looks like a mark of thinking, known or not: an answer that still holds one cannot be scored."""


BLOCK = re.compile(
    r"\s*(?P<open>[<\[{⟨◁«【]{1,2}\|?)\s*(?:(?:begin|start)[ _:-](?:of[ _:-])?)?"
    r"(?P<name>[a-z][\w .:-]{0,31}?)"
    r"(?:[ _:-](?:begin|start))?\s*(?P<close>\|?[>\]}⟩▷»】]{1,2})",
    re.I,
)
"""A mark at the beginning of a text, of whatever name: brackets around a word, with or without `begin` or `start`."""
NO_THOUGHT = re.compile(
    r"(?:final[ _-]?)?(?:answer|response|output|result|solution)|code|html|body|div|span|table|tr|p|b|i|u|em|strong|h\d"
    r"|ul|ol|li|pre|a|svg|xml|json|poem|title|tool[ _-]?calls?|function[ _-]?calls?|inst|s|bos",
    re.I,
)
"""Names of blocks that hold an answer, or part of one."""


def set_apart(content: str, *, asked: bool = False) -> tuple[str | None, str]:
    """(reasoning, answer) of a text that may hold marks of thinking; reasoning is None if it holds none. `asked`: the
    model was told to think, so that a block of an unknown name before the answer is its thinking.

    The answer is what follows the last closing mark, without leading space, as lm-eval's `think_end_token` takes it. A
    mark that is never closed leaves no answer: all is reasoning. A closing mark alone counts too, because templates may
    put the opening one into the prompt.
    """
    if HARMONY_FINAL.search(content) or HARMONY_OTHER.search(content):
        return _harmony(content)
    if OPENED_BARE.match(content) and (bare := list(HARMONY_BARE.finditer(content))):
        thought = OPENED_BARE.sub("", content[: bare[-1].start()], count=1)
        return thought.strip(), content[bare[-1].end() :].lstrip()
    closing = list(CLOSE.finditer(content))
    if closing:
        last = closing[-1]
        answer = ANSWER_MARKS.sub("", content[last.end() :])
        return OPEN.sub("", content[: last.start()]).strip(), answer.lstrip()
    if opening := OPEN.match(content.lstrip()):
        return content.lstrip()[opening.end() :].strip(), ""
    if asked and (block := leading_block(content)) is not None:
        return block
    return None, content


def leading_block(content: str) -> tuple[str, str] | None:
    """(inside, rest) of a text that opens with a block between two marks of one name, with text after it: what thinking
    looks like, whatever a family calls it. None for other texts, and for names of blocks that hold the answer."""
    if (opening := BLOCK.match(content)) is None or NO_THOUGHT.fullmatch(opening["name"]):
        return None
    name = re.escape(opening["name"])
    lead, tail = re.escape(opening["open"].rstrip("|")), re.escape(opening["close"].lstrip("|"))
    pattern = re.compile(
        rf"{lead}\|?\s*(?:/\s*|end[ _:-]?(?:of[ _:-])?){name}\s*/?\|?{tail}|{lead}\|?\s*{name}[ _:-]end\s*\|?{tail}",
        re.I,
    )
    closing = pattern.search(content, opening.end())
    if closing is None or not (rest := content[closing.end() :].lstrip()):
        return None
    return content[opening.end() : closing.start()].strip(), rest


def _harmony(content: str) -> tuple[str, str]:
    final = list(HARMONY_FINAL.finditer(content))
    thought = content[: final[-1].start()] if final else content
    answer = content[final[-1].end() :] if final else ""
    thought = HARMONY_TOKENS.sub(" ", thought).strip()
    return thought, HARMONY_TOKENS.split(answer)[0].lstrip()


def holds_mark(text: str) -> bool:
    """Whether a text holds anything that looks like a mark of thinking, or opens with what is left of one."""
    return ANY_MARK.search(text) is not None or OPENED_BARE.match(text) is not None
