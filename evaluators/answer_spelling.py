"""Is a wrong answer only spelled otherwise? A lenient reading, for doubts only: scores are lm-eval's.

`$29.00`, `1,200`, `\\boxed{29}`, `twenty-nine`, `29 dollars`, `**29**` and `(B)` say what `29`, `1200` and `B` say.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from evaluators.stated_answer import BOXED, stated_answers
from evaluators.written_numbers import as_date, chinese_number
from evaluators.written_signs import as_seen

LONGEST = 200
"""Characters of a target that is an answer rather than a text to be judged."""
LOOKED_THROUGH = 8000
"""Last characters of an answer that are read: patterns take the square of the time, and what is meant stands at the
end."""
SPACE = re.compile(r"\s{3,}")
COMMAND = re.compile(
    r"\\(?:text(?:bf|rm|it)?|math(?:rm|bf|sf|it)|operatorname|boldsymbol|left|right|displaystyle|[,;:! ])"
)
BESIDE = re.compile(r"(?<=\d)(?=\\[dt]?frac)")
FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{([^{}]+)\}\s*\{([^{}]+)\}|(\d)\s*(\d))")
MARKUP = re.compile(r"[*_`~$€£¥₹]|\\[()\[\]$%]|[{}]|\^?\s*(?:\\circ\b|°)")
GROUPED = re.compile(
    r"(?<![\d.,])\d{1,3}(?:,\d{2,3})*,\d{3}(?![\d,])|(?<![\d.,])\d{1,3}(?:[' \u00a0\u2009\u202f]\d{3})+(?!\d)"
)
CONTINENTAL = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+),(\d{1,2})(?![\d,])")
COMMA = re.compile(r"(?<![\d.,])(\d+),(\d{1,2})(?![\d,])")
DOTTED = re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+")
"""Thousands as German and Spanish write them, or a decimal: both readings count."""
VULGAR = re.compile(r"(?<=\d)([¼½¾⅐-⅞])")
MIXED = re.compile(r"(?<![\d./])(\d+)\s+(\d+)\s*/\s*(\d+)(?![\d/])")
UNIT_POWER = re.compile(r"(?<=[a-z])\^?[23]\b")
POWER = re.compile(r"(\d)\s*(?:[x×·*]|\\times|\\cdot)\s*10\s*\^?\s*([-+]?\d+)|(\d)e([-+]?\d+)\b", re.I)
TEN_TO = re.compile(r"(?<![\d.^/])10\^\s*([-+]?\d{1,3})(?!\d)")
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:\s*/\s*\d+)?|[-+]?\.\d+")
SCALED = re.compile(r"\s?(?:(k|thousand)|(m|mio|million)|(b|bn|billion))\b")
CHOICE = re.compile(
    r"[(\[<]?(?:option|choice|answer|选项?|選項?)?\s*([a-z])(?:选?项|選?項|[)\].:>,;]+(?:\s.*)?|\s+(?:because|since|as|is)\b.*|\s*[-–—]\s.*)?",
    re.DOTALL,
)
CLAUSE = re.compile(r"[.,;:(!]|\s[-–—]\s|\b(?:because|since)\b")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
WORDS = {word: value for value, word in enumerate(ONES)} | {word: 10 * (tens + 2) for tens, word in enumerate(TENS)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}


def same_answer(answer: str | None, target: str | None) -> bool:
    """Whether what an answer states says what the target says, however it is spelled. False where the target is no
    short answer."""
    if not answer or not target:
        return False
    wanted = _short(target)
    if not wanted:
        return False
    return any(_says(plain(candidate), wanted, exact) for candidate, exact in stated_answers(answer[-LOOKED_THROUGH:]))


def _says(said: str, wanted: str, alone: bool) -> bool:
    """Whether a plain text says the wanted one. `alone`: the text is nothing but the answer, so that a number in it
    must be its only one."""
    if not said:
        return False
    if said == wanted or _compact(said) == _compact(wanted):
        return True
    if (number := as_fraction(wanted)) is not None:
        stated = said if alone else _first_number(said)
        if number in (as_fraction(stated), chinese_number(stated)) or _other_readings(stated, wanted, number):
            return True
        return not alone and _of_words(said) == number
    letter = wanted.strip("()[]")
    if len(letter) == 1 and letter.isalpha():
        choice = CHOICE.fullmatch(said)
        return choice is not None and choice[1] == letter
    if (day := as_date(wanted)) is not None:
        return day in (as_date(said), as_date(re.split(r"[(;]", said, maxsplit=1)[0].strip()))
    return not alone and bool(said) and CLAUSE.split(said, maxsplit=1)[0].strip() == wanted


def plain(text: str) -> str:
    """Text without markup, LaTeX, money signs, thousands separators and final stops, in lower case."""
    text = unicodedata.normalize("NFKC", VULGAR.sub(r" \1", as_seen(text))).replace("\u2044", "/")
    text = SPACE.sub("  ", text).replace("−", "-")
    text = "".join(str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign for sign in text)
    if boxed := BOXED.findall(text):
        text = boxed[-1]
    text = BESIDE.sub(" ", text)
    text = FRACTION.sub(lambda match: f"{match[1] or match[3]}/{match[2] or match[4]}", text)
    text = MARKUP.sub("", COMMAND.sub("", text))
    text = CONTINENTAL.sub(lambda match: f"{match[1].replace('.', '')}.{match[2]}", text)
    text = GROUPED.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    text = POWER.sub(lambda match: f"{match[1] or match[3]}e{match[2] or match[4]}", text)
    text = TEN_TO.sub(r"1e\1", text)
    return " ".join(text.split()).strip(" .,:;!?\"'()[]【】「」<>").casefold()


def _other_readings(stated: str, wanted: str, number: Fraction) -> bool:
    """Whether a stated number is the wanted one by another reading: dots as thousands, a share as percent."""
    if DOTTED.fullmatch(stated):
        return Fraction(stated.replace(".", "")) == number
    percent = [text.endswith(("%", "percent")) for text in (stated, wanted)]
    value = as_fraction(stated) if percent[0] != percent[1] else None
    return value is not None and (value if percent[0] else 100 * value) == (100 * number if percent[0] else number)


def _compact(text: str) -> str:
    return re.sub(r"[\s\\]|(?<=\.\d)0$", "", text)


def _first_number(text: str) -> str:
    """The text up to the end of its first number with what scales it."""
    match = NUMBER.search(text)
    if match is None:
        return text
    scale = SCALED.match(text, match.end())
    percent = re.compile(r"\s*(?:%|percent)").match(text, match.end())
    end = scale.end() if scale else percent.end() if percent else match.end()
    return text[:end]


def as_fraction(text: str) -> Fraction | None:
    """The number that a short text states, with or without a unit or a percent sign, in digits or words; None for no
    number or several."""
    text = MIXED.sub(_improper, UNIT_POWER.sub("", COMMA.sub(r"\1.\2", text)))
    numbers = list(NUMBER.finditer(text))
    if len(numbers) == 1:
        try:
            number = Fraction(numbers[0][0].replace(" ", ""))
        except (ValueError, ZeroDivisionError):
            return None
        if scale := SCALED.match(text, numbers[0].end()):
            number *= next(10**power for group, power in zip(scale.groups(), (3, 6, 9), strict=True) if group)
        return number
    return None if numbers else _of_words(text)


def _improper(mixed: re.Match[str]) -> str:
    """`1 1/2` as `3/2`."""
    whole, above, below = (int(part) for part in mixed.groups())
    return f"{whole * below + above}/{below}"


def _of_words(text: str) -> Fraction | None:
    """`one hundred and five` -> 105, `minus five` -> -5. None where no number begins the text."""
    total = part = 0
    known, sign = False, 1
    for word in re.split(r"[\s-]+", text):
        word = word.strip(".,;:()")
        if word in ("minus", "negative") and not known:
            sign = -1
        elif word in WORDS:
            part, known = part + WORDS[word], True
        elif known and word in SCALES:
            part = max(part, 1) * SCALES[word]
            if SCALES[word] > 100:
                total, part = total + part, 0
        elif word != "and" or not known:
            break
    return Fraction(sign * (total + part)) if known else None


def _short(target: str) -> str:
    """The target as an answer; of a worked solution (`... #### 29`) its end. Empty for a long text."""
    _, _, end = target.rpartition("####")
    wanted = plain(end)
    return wanted if len(wanted) <= LONGEST else ""
