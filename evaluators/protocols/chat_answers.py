"""The answer in what a chat model wrote: a chain of patterns, the first that fits counts.

| step | pattern                                             | asked for by                                   |
|------|-----------------------------------------------------|------------------------------------------------|
| 1    | `\\boxed{X}`, the last one                           | Qwen, DeepSeek and NeMo prompts for math       |
| 2    | `"answer": "X"` (JSON), the last one                | Qwen prompts for choices                       |
| 3    | `#### X`, the last one                              | GSM8K's own format                             |
| 4    | `answer is X`, `Answer: X`, `answer: **X**`, last   | Llama, simple-evals and MMLU-Pro prompts       |
| 5    | letters: the whole text or its first line is one    | answers to "answer with the letter only"       |
| 6    | numbers: the last number in bold, else the last one | lm-eval's flexible-extract                     |

Letters come back upper case, numbers without separators, units and trailing zeros of cents.
"""

from __future__ import annotations

import re
from typing import Literal

AnswerKind = Literal["number", "letter", "math"]
NONE = "[invalid]"
"""What lm-eval's filters give where they find nothing."""
JSON = re.compile(r'"answer"\s*:\s*"?([^"\n}]{1,200})"?', re.I)
HASHES = re.compile(r"####[ \t]*([^\n]{1,200})")
STATED = re.compile(r"answer(?:\s+is|\s*:)[\s:*$_(]*([^\n]{1,200})", re.I)
LETTER = re.compile(r"^[\s*_(\[\"'`$]*(?:\\text\{)?\(?([A-Z])\)?(?![A-Za-z])")
FIGURES = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+"
NUMBER = re.compile(FIGURES)
BOLD = re.compile(rf"\*\*[^*\n]{{0,40}}?({FIGURES})[^*\n\d]{{0,20}}\*\*")


def read_answer(text: str, kind: AnswerKind) -> str:
    """The answer in `text`, or `[invalid]`."""
    for candidate in (_boxed(text), _last(JSON, text), _last(HASHES, text), _last(STATED, text)):
        if candidate is not None and (answer := _as(candidate, kind)):
            return answer
    if kind == "letter":
        lines = [line for line in text.strip().splitlines() if line.strip()]
        for line in lines[:1] + lines[-1:]:
            if (match := LETTER.match(line)) and len(line.strip(" *_.()[]`\"'")) <= 2:
                return match[1]
        return NONE
    if kind == "math":
        return NONE
    bold = BOLD.findall(text)
    numbers = bold or NUMBER.findall(text)
    return _number(numbers[-1]) if numbers else NONE


def _boxed(text: str) -> str | None:
    """Content of the last `\\boxed{...}`, whose braces may nest."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed{")
    for at in range(begin, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            if depth == 0:
                return text[begin:at]
            depth -= 1
    return None


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    matches = pattern.findall(text)
    return str(matches[-1]) if matches else None


def _as(candidate: str, kind: AnswerKind) -> str | None:
    """A candidate as an answer of this kind; None if it is none."""
    if kind == "letter":
        match = LETTER.match(candidate)
        return match[1] if match else None
    if kind == "number":
        number = NUMBER.search(candidate.replace("\\,", "").replace("{,}", ""))
        return _number(number[0]) if number else None
    return candidate.strip(" .$*") or None


def _number(text: str) -> str:
    plain = text.replace(",", "").lstrip("+")
    whole, _, cents = plain.partition(".")
    return whole if cents and not cents.strip("0") else plain
