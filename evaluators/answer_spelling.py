"""Is a wrong answer only spelled otherwise? A lenient reading, for doubts only: scores are lm-eval's.

`$29.00`, `1,200`, `\\boxed{29}`, `twenty-nine`, `29 dollars`, `**29**` and `(B)` say what `29`, `1200` and `B` say.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

from evaluators.records import ItemScore, ItemStatus, RequestKind, Response

LONGEST = 200
"""Characters of a target that is an answer rather than a text to be judged."""
BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
COMMAND = re.compile(r"\\(?:text|mathrm|mathbf|operatorname|textbf|left|right|displaystyle|[,;:! ])")
FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]+)\}\s*\{([^{}]+)\}")
MARKUP = re.compile(r"[*_`~$€£¥₹]|\\[()\[\]$%]|[{}]")
LEAD = re.compile(r"^.*?\b(?:answer|result|total|solution)\b(?:\s+is)?\s*[:=]?\s*", re.DOTALL | re.IGNORECASE)
NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:[,' \u00a0\u2009\u202f]\d{3})+|\d+)(?:\.\d+)?(?:\s*/\s*\d+)?|[-+−]?\.\d+")
CHOICE = re.compile(r"^[(\[]?([a-z])(?:[)\].:]+(?:\s.*)?)?$", re.DOTALL)
CONTINENTAL = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+),(\d{1,2})(?![\d,])")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
WORDS = {word: value for value, word in enumerate(ONES)} | {word: 10 * (place + 2) for place, word in enumerate(TENS)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}


def same_answer(answer: str | None, target: str | None) -> bool:
    """Whether an answer, or the last statement in it, says what the target says, however it is spelled. False where
    the target is no short answer."""
    if not answer or not target:
        return False
    wanted = _short(target)
    if not wanted:
        return False
    number = as_fraction(wanted)
    for candidate in _candidates(answer):
        if plain(candidate) == wanted:
            return True
        if number is not None and as_fraction(plain(candidate)) == number:
            return True
        if len(wanted) == 1 and wanted.isalpha():
            choice = CHOICE.match(plain(candidate))
            if choice and choice[1] == wanted:
                return True
    return False


def plain(text: str) -> str:
    """Text without markup, LaTeX, money signs, thousands separators and final stops, in lower case."""
    text = unicodedata.normalize("NFKC", text).replace("−", "-")
    if boxed := BOXED.findall(text):
        text = boxed[-1]
    text = FRACTION.sub(r"\1/\2", text)
    text = MARKUP.sub("", COMMAND.sub("", text))
    text = CONTINENTAL.sub(lambda found: f"{found[1].replace('.', '')}.{found[2]}", text)
    text = re.sub(r"(?<=\d)[,' \u00a0\u2009\u202f](?=\d{3}\b)", "", text)
    return " ".join(text.split()).strip(" .,:;!?\"'()").casefold()


def as_fraction(text: str) -> Fraction | None:
    """The number that a short text states, with or without a unit or a percent sign, in digits or words; None for no
    number or several."""
    found = NUMBER.findall(text)
    if len(found) == 1:
        digits = re.sub(r"[,' \u00a0\u2009\u202f]", "", found[0]).replace("−", "-")
        try:
            return Fraction(digits)
        except (ValueError, ZeroDivisionError):
            return None
    return None if found else _of_words(text)


def _of_words(text: str) -> Fraction | None:
    """`one hundred and five` -> 105. None where no number begins the text."""
    total = part = 0
    known = False
    for word in re.split(r"[\s-]+", text):
        if word in WORDS:
            part, known = part + WORDS[word], True
        elif known and word in SCALES:
            part = max(part, 1) * SCALES[word]
            if SCALES[word] > 100:
                total, part = total + part, 0
        elif word != "and" or not known:
            break
    return Fraction(total + part) if known else None


def _short(target: str) -> str:
    """The target as an answer; of a worked solution (`... #### 29`) its end. Empty for a long text."""
    _, _, end = target.rpartition("####")
    wanted = plain(end)
    return wanted if len(wanted) <= LONGEST else ""


def _candidates(answer: str) -> list[str]:
    """What in an answer may be meant: all of it, the last box, what follows the last "answer is", the last line's
    last number."""
    found = [answer]
    found += BOXED.findall(answer)[-1:]
    lines = [line for line in answer.strip().splitlines() if line.strip()]
    if lines:
        last = lines[-1]
        stated = LEAD.sub("", last)
        if stated != last:
            found.append(stated)
        found += NUMBER.findall(last)[-1:]
    return found


def respelled(items: Iterable[ItemScore], responses: Iterable[Response]) -> dict[str, float]:
    """Signals `respelled_share:<metric>,<filter>` of a run: items that the metric counts as wrong, whose answer says
    what the target says. Items without a target that is a short answer count as not respelled."""
    wrong: dict[tuple[str, int, int], list[ItemScore]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        counts[item.metric, item.filter] += 1
        if item.value == 0 and item.target and item.status in (ItemStatus.ok, ItemStatus.unextracted):
            wrong.setdefault((item.task, item.doc_id, item.repeat), []).append(item)
    right: Counter[tuple[str, str]] = Counter()
    for response in responses:
        if response.kind is not RequestKind.generate:
            return {}
        for item in wrong.pop((response.task, response.doc_id, response.repeat), []):
            if same_answer(item.extracted, item.target) or same_answer(response.text, item.target):
                right[item.metric, item.filter] += 1
    return {f"respelled_share:{metric},{name}": right[metric, name] / counts[metric, name] for metric, name in right}
