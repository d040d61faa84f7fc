"""The answer in what a chat model wrote: a chain of patterns, the first that fits counts.

| step | pattern                                               | asked for by                                   |
|------|-------------------------------------------------------|------------------------------------------------|
| 1    | `\\boxed{X}`, the last one                             | Qwen, DeepSeek and NeMo prompts for math       |
| 2    | `<answer>X</answer>`, the last one                    | R1-like prompts                                |
| 3    | `"answer": "X"` (JSON), the last one                  | Qwen prompts for choices                       |
| 4    | `#### X`, the last one                                | GSM8K's own format                             |
| 5    | `answer is X`, `Answer: X`, `answer: **X**`, the last | Llama, simple-evals and MMLU-Pro prompts       |
|      | one that holds an answer, in several languages        |                                                |
| 6    | letters: `option X`, `X is correct`, the last one;    | answers to "answer with the letter only"       |
|      | the whole text, or its first or last line             |                                                |
| 7    | numbers: the last number in bold, else the last one   | lm-eval's flexible-extract                     |

Letters come back upper case, numbers without separators, units and trailing zeros of cents. Two letters ("B and C") are
no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Literal

from evaluators.written_signs import as_seen

AnswerKind = Literal["number", "letter", "math"]
NONE = "[invalid]"
"""What lm-eval's filters give where they find nothing."""
NOT_FOUND = frozenset({NONE, "invalid", ""})
"""All forms of it."""
BLOCK = re.compile(r"<(?:final[ _]?)?answer>([^<]{1,400})</", re.I)
JSON = re.compile(r"""["'](?:final_?)?(?:answer|choice)["']\s*:\s*\[?\s*["']?([^"'\n}\]]{1,200})""", re.I)
HASHES = re.compile(r"####[ \t]*([^\n]{1,200})")
STATED = re.compile(
    r"(?:answer|antwort|respuesta|resposta|risposta|réponse|odpowiedź|ответ|答案|答え|解答|정답|답|उत्तर|जवाब)"
    r"(?:\s+(?:choice|option|correcta|correcte))?(?:\*\*)?"
    r"(?:\s+(?:is|would be|must be|lautet|ist|es|est|é|è)\b|\s*[:：=]|\s+[-–—]|是|为|は|은|는)"
    r"(?:[\s:：*$_(\[]|\\[(\[]){0,12}(?:(?:therefore|thus|hence|indeed|clearly|option|choice)\s+)?"
    r"(?:[\s*$_(\[]|\\[(\[]){0,8}",
    re.I,
)
"""What comes before a stated answer."""
LINE = re.compile(r"[^\n]{1,200}")
SENTENCE = re.compile(r"(?<=[.!?。！？])(?:\s|$)")
STYLED = re.compile(r"\\(?:text|mathrm|mathbf|mathsf|operatorname|textrm|textit)(?:bf)?\s*\{|\\(?:left|right|bf|rm)\b")
LETTER = re.compile(
    r"[\s*_(\[\"'`${\\]*(?:(?:option|choice)\s+)?\(?(?:([A-Z])(?![A-Za-z'’])|([a-j])\)|([a-j])\W{0,4}$)"
)
HEDGED = re.compile(r"[\s*)_.]{0,6}(?:,|/|&|\b(?:and|or)\b)[\s*(_]{0,6}(?:[B-HJ]|[AI](?=\W{0,4}$))(?![A-Za-z'’])")
"""A second letter after the first one."""
WORD = re.compile(r"\s+(?!because\b|since\b|as\b|is\b|and\b|or\b|with\b|for\b|due\b|in\b)[a-z]")
"""What shows that `A` or `I` before it is a word."""
CORRECT = re.compile(
    r"\b(?:correct|right|best) (?:option|choice|letter)\W{0,4}\s+(?:is|would be)[\s:*_]{1,6}\(?([A-J])(?![A-Za-z'’])"
    r"|\b(?:option |choice )?\(?([A-J])\)?\*{0,2} is (?:the )?(?:\w+ )?(?:correct|right|best)\b"
)
HEAD = re.compile(r"[\s*_(\[]*([A-J])(?:\*\*)?[.):]")
"""A line that begins with a choice."""
LISTED = re.compile(r"(?<![A-Za-z])[A-J](?:\*\*)?[.)](?!\w)")
"""A choice in a list of them."""
FIGURES = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+"
NUMBER = re.compile(FIGURES)
BOLD = re.compile(rf"\*\*[^*\n]{{0,40}}?({FIGURES})[^*\n\d]{{0,20}}\*\*")
CONTINENTAL = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+,\d{1,2}(?![\d,])")
SPACED = re.compile(r"(?<![\d.,] )(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d ]*\d)")
FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*([-+]?\d{1,9})\s*\}\s*\{\s*(\d{1,9})\s*\}")


def read_answer(text: str, kind: AnswerKind) -> str:
    """The answer in `text`, or `[invalid]`."""
    text = as_seen(text)
    outright = (*_boxed(text), *_last(BLOCK, text), *_last(JSON, text), *_last(HASHES, text))
    for candidate in (*outright, *_stated(text)):
        if answer := _as(candidate, kind):
            return answer
    if kind == "letter":
        return _bare_letter(text) or NONE
    if kind == "math":
        return NONE
    bold = BOLD.findall(text)
    numbers = bold or NUMBER.findall(text)
    return _number(numbers[-1]) if numbers else NONE


def _boxed(text: str) -> Iterator[str]:
    """Content of the last `\\boxed{...}`, whose braces may nest."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return
    depth, begin = 0, start + len("\\boxed{")
    for at in range(begin, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            if depth == 0:
                yield text[begin:at]
                return
            depth -= 1


def _last(pattern: re.Pattern[str], text: str) -> list[str]:
    return [str(match) for match in pattern.findall(text)[-1:]]


def _stated(text: str) -> Iterable[str]:
    """What is stated as the answer, the last first: its sentence, then its line."""
    ends = [match.end() for match in STATED.finditer(text)]
    lines = [line[0] for end in reversed(ends) if (line := LINE.match(text, end)) is not None]
    return [*(SENTENCE.split(line, maxsplit=1)[0] for line in lines), *lines]


def _bare_letter(text: str) -> str | None:
    """A letter that stands alone, or that is called correct."""
    if correct := [groups[0] or groups[1] for groups in CORRECT.findall(text)]:
        return str(correct[-1])
    lines = [line for line in text.strip().splitlines() if line.strip()]
    for line in lines[:1] + lines[-1:]:
        if len(line.strip(" *_.()[]`\"'$")) <= 2 and (letter := _as(line, "letter")):
            return letter
    if len(lines) == 1 and (match := re.fullmatch(r"\W{0,4}(?:option|choice)\s+\(?([A-J])\W{0,4}", lines[0], re.I)):
        return match[1].upper()
    heads = [match[1] for line in lines[:1] + lines[1:][-1:] if (match := HEAD.match(line))]
    return heads[0] if len(heads) == 1 and len(set(LISTED.findall(text))) <= 1 else None


def _as(candidate: str, kind: AnswerKind) -> str | None:
    """A candidate as an answer of this kind; None if it is none."""
    if kind == "letter":
        candidate = STYLED.sub("", candidate)
        match = LETTER.match(candidate)
        if match is None or HEDGED.match(candidate, match.end()):
            return None
        if match[1] in ("A", "I") and candidate[match.end() - 1] != ")" and WORD.match(candidate, match.end()):
            return None
        return next(letter for letter in match.groups() if letter).upper()
    if kind == "number":
        return _stated_number(candidate)
    return candidate.strip(" .$*") or None


def _stated_number(candidate: str) -> str | None:
    """The number that a candidate states: behind the last sign of equality if only one stands there."""
    text = candidate.replace("\\,", "").replace("{,}", "").replace("\\!", "")
    text = FRACTION.sub(lambda match: _decimal(match[1], match[2]), text)
    text = CONTINENTAL.sub(lambda match: match[0].replace(".", "").replace(",", "."), text)
    text = SPACED.sub(lambda match: match[0].replace(" ", ""), text)
    if "=" in text:
        left, _, right = text.rpartition("=")
        beside = [part for part in (right, left) if len(NUMBER.findall(part)) == 1]
        text = beside[0] if beside else text
    number = NUMBER.search(text)
    return _number(number[0]) if number else None


def _decimal(above: str, below: str) -> str:
    return f"{above}/{below}" if not int(below) else f"{float(Fraction(int(above), int(below))):.10g}"


def _number(text: str) -> str:
    plain = text.replace(",", "").lstrip("+")
    whole, _, cents = plain.partition(".")
    return whole if cents and not cents.strip("0") else plain
