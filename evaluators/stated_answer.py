"""What in an answer is stated as the answer.

A box, an `<answer>` block, a JSON field, `#### X` and "the answer is X" (in several languages) say it outright; the
last of the strongest kind counts. Without any of them it may be all of the text, its first line, its last one, what
stands behind the last sign of equality, or the last text in bold.
"""

from __future__ import annotations

import re

BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
NAMES = (
    r"answer|result|total|solution|antwort|ergebnis|lösung|respuesta|resultado|resposta|risposta|réponse|résultat"
    r"|odpowiedź|ответ|答案|答え|解答|정답|जवाब|उत्तर"
)
BLOCK = re.compile(rf"<(?:final[ _-]?)?(?:{NAMES})>(.{{1,400}}?)</", re.I | re.DOTALL)
FIELD = re.compile(
    rf'"[\w ]{{0,20}}(?:{NAMES}|value|choice|option)[\w ]{{0,10}}"\s*:\s*"?([^"\n}}]{{1,200}}?)"?\s*[,}}\n]', re.I
)
HASHES = re.compile(r"####[ \t]*([^\n]{1,200})")
STATED = re.compile(
    rf"(?:{NAMES}|\b(?:correct|right|best) (?:option|choice))(?:[*_]{{1,2}})?[ \t]*"
    r"(?:is|lautet|ist|es|est|é|è|to|:|=|是|为|は|：)[ \t]*(?:option |choice )?([^\n]{1,200})|答案是?([^\n]{1,200})",
    re.I,
)
BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
BARE = re.compile(r"[\s*_$(]*(?:[-+−]?\d[\d,.]*|[A-Za-z])[\s*_$).:%]*")
"""A number or a letter, and nothing else."""
NUMBER = re.compile(r"[-+−]?\d[\d,.' /]*")
SENTENCE = re.compile(r"(?<=[.。！!?])\s")


def stated_answers(answer: str) -> list[tuple[str, bool]]:
    """What in an answer may be meant, each with whether it is nothing but the answer (else the answer begins it)."""
    for pattern, alone in ((BOXED, True), (BLOCK, True), (FIELD, True), (HASHES, False), (STATED, False)):
        statements = [
            next(group for group in groups.groups() if group is not None) for groups in pattern.finditer(answer)
        ]
        if statements:
            return [(answer, True), (statements[-1], True), (_value(statements[-1]), alone)]
    lines = [line for line in answer.strip().splitlines() if line.strip(" `*_") and not line.startswith("```")]
    if not lines:
        return []
    if BARE.fullmatch(lines[0]):
        return [(lines[0], True)]
    if equal := [line for line in lines if "=" in line]:
        left, _, _ = equal[-1].partition("=")
        return [(answer, True), (_value(equal[-1]), False), *([(left, True)] if BARE.fullmatch(left) else [])]
    last = SENTENCE.split(lines[-1].strip())[-1]
    candidates = [answer, lines[-1], last, *BOLD.findall(answer)[-1:], *NUMBER.findall(lines[-1])[-1:]]
    return [
        *((candidate, True) for candidate in candidates),
        *([(answer, False)] if len(lines) == 1 and len(NUMBER.findall(answer)) < 2 else []),
    ]


def _value(text: str) -> str:
    """What stands behind the last sign of equality of the first clause; all of the text where there is none."""
    clause = SENTENCE.split(text)[0]
    return clause.rpartition("=")[2] if "=" in clause else text
