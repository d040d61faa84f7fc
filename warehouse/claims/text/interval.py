"""The text of a number -> the interval that the text allows.

"85.2" is [85.15, 85.25), "~77" one unit of the last digit either way, "60-100" as given, ">= 85" one-sided. What was
decided on the way (percent or fraction, 1000 or 1024) is said in `remark`; what cannot be read is refused, with why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from evaluators.licence_names import normalise_licence
from evaluators.records import UserError
from warehouse.claim_records import ClaimInterval, Qualifier
from warehouse.claims.text.units import SHARES, factors, unit_words

Scale = Literal["fraction", "percent"] | None


class Unreadable(UserError):
    """The text is not a number that can be checked. The message says why, and what to write instead."""


NUMBER = r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:[.,][0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
ONE = re.compile(rf"(?<![A-Za-z0-9_.,@])(?P<number>{NUMBER})(?![.,]?[0-9])(?P<words>{unit_words()})", re.IGNORECASE)
NOTHING = re.compile(r"[\W_]*|x|n ?[./]? ?a\.?|none|nan|null|tb[da]|unknown|not (reported|available|tested|applicable)")
ABOUT = re.compile(r"[~≈∼≃]|\b(?:about|approx(?:imately|\.)?|around|roughly|ca\.?|circa|nearly|almost)(?!\w)")
NOT_MORE = re.compile(r"\b(?:no|not) (?:more|higher|greater|over) than\b")
NOT_LESS = re.compile(r"\b(?:no|not) (?:less|fewer|lower|under) than\b")
AT_LEAST = re.compile(r"(?<![-=])>=?|[≥⩾]|\b(?:at least|over|more than|above|minimum|min|from|or more|or higher)(?!\w)")
AT_MOST = re.compile(r"<=?(?!-)|[≤⩽]|\b(?:at most|up to|under|below|less than|fewer than|maximum|max|or less)(?!\w)")
TRAILING_PLUS = re.compile(r"(?<=[0-9a-z%])\+(?![0-9/\-–−])", re.IGNORECASE)
PLUS_MINUS = re.compile(r"\s*(?:±|\+/[-−–]|\+-)\s*")
BETWEEN = re.compile(r"\s*(?:[-–—−~∼]|\.\.+|…|\bto\b|\band\b)\s*", re.IGNORECASE)
ASIDE = re.compile(
    r"\b(?:pass|avg|mean|maj|cons|best|acc|cot|average|majority)\s?[@^]\s?[0-9]+"
    r"|\b[0-9]+[- ]shots?\b|\b[nk]\s?=\s?[0-9]+",
    re.IGNORECASE,
)
MORE = re.compile(r"\b(faster|higher|more|better|quicker|speed-?up|increase|gain|larger)\b")
LESS = re.compile(r"\b(slower|lower|less|fewer|smaller|reduction|decrease)\b")
INTRODUCTIONS = frozenset(
    [
        "score",
        "accuracy",
        "acc",
        "average",
        "avg",
        "mean",
        "total",
        "overall",
        "result",
        "context",
        "window",
        "length",
        "size",
        "strict",
        "flexible",
        "thinking",
        "non",
        "instruct",
        "supports",
        "runs",
        "at",
        "with",
        "no",
        "is",
        "in",
    ]
)
"""Words that may stand before a number and leave it a number."""


@dataclass(frozen=True)
class Printed:
    """One number as printed: its value, half of its last digit, and the words of its unit (lower case)."""

    value: Decimal
    half: Decimal
    words: tuple[str, ...]


def read_interval(said: str, unit: str, *, higher_is_better: bool = True, scale: Scale = None) -> ClaimInterval:
    """What `said` allows, in `unit` (a catalogue unit: fraction, tok/s, tokens, parameters, bytes, ratio, elo, licence,
    ...). Scores come back as fractions. `scale` is what the source itself says about its numbers (a JSON field, a table
    head); without it "%" decides, then the size of the number, and `remark` says which. `higher_is_better` is for
    readers of the remark only: bounds never depend on it. Raises Unreadable, with the reason, for everything else."""
    if unit in ("licence", "license", "text"):
        return _read_words(said, unit)
    text, remarks = _clean(said)
    if NOTHING.fullmatch(text.casefold().strip()):
        raise Unreadable(f"{said!r} states no number; leave the claim out, or write the number")
    plus = TRAILING_PLUS.search(text) is not None
    text = TRAILING_PLUS.sub(" ", text)
    matches = list(ONE.finditer(text))
    if not matches:
        raise Unreadable(f"{said!r} holds no number that can be read; write it in digits, e.g. 85.2%")
    before, after = text[: matches[0].start()].casefold(), text[matches[-1].end() :].casefold()
    spread = None
    if len(matches) == 2:
        link = text[matches[0].end() : matches[1].start()]
        if PLUS_MINUS.fullmatch(link):
            spread = matches.pop()
        elif not BETWEEN.fullmatch(link):
            raise Unreadable(f"{said!r} holds two numbers; state one claim per number")
    elif len(matches) > 2:
        raise Unreadable(f"{said!r} holds {len(matches)} numbers; state one claim per number")
    if re.search(r"[-−–]\s*$", before):
        raise Unreadable(f"{said!r} is negative; only values from 0 up can be checked")
    if re.search(r"\+\s*$", before) and unit != "ratio":
        raise Unreadable(f"{said!r} is a difference, not a value; state the value itself")
    qualifier = _qualifier(said, before, after, len(matches) == 2, spread is not None, plus)
    numbers = [_printed(match, said, remarks) for match in (*matches, *([spread] if spread else ()))]
    words = next((part.words for part in reversed(numbers) if part.words), ())
    numbers = [Printed(part.value, part.half, part.words or words) for part in numbers]
    _left_aside(before, after, said, remarks)
    ends = _ends(numbers, unit, scale, before + after, said, remarks)
    return _interval(ends, qualifier, unit, "up to" in before, remarks, said)


def _read_words(said: str, unit: str) -> ClaimInterval:
    """A licence (normalised) or other words: no bounds, only text. Raises Unreadable if there are none."""
    text = normalise_licence(said) if unit != "text" else " ".join(said.split()).casefold()
    if not text or NOTHING.fullmatch(text):
        raise Unreadable(f"{said!r} names no licence; write its name, e.g. apache-2.0")
    remark = f"read as {text}" if text != said.strip() else None
    return ClaimInterval(
        value=None, low=None, high=None, unit="text", qualifier=Qualifier.exact, text=text, remark=remark
    )


def _clean(said: str) -> tuple[str, list[str]]:
    """Text without markup, footnote marks and bracketed words, and the remarks about what was left out."""
    text = re.sub(r"<sup>.*?</sup>|\[\^[^\]]*\]|[¹²³⁰-⁹₀-₉†‡§¶↑↓✓✔]|<[a-z/][^>]*>", " ", said, flags=re.IGNORECASE)
    text = re.sub(r"[*`]|__", "", re.sub(r"[\u00a0\u2000-\u200b\u202f\u3000]", " ", text))
    remarks: list[str] = []

    def bracket(match: re.Match[str]) -> str:
        inside = match.group(1).strip()
        if PLUS_MINUS.match(inside):
            return f" {inside} "
        if inside:
            remarks.append(f'left aside: "{inside}"')
        return " "

    text = re.sub(r"[(\[]([^()\[\]]*)[)\]]", bracket, text)
    for match in ASIDE.finditer(text):
        remarks.append(f'left aside: "{match.group().strip()}"')
    return ASIDE.sub(" ", text), remarks


def _qualifier(said: str, before: str, after: str, two: bool, spread: bool, plus: bool) -> Qualifier:
    """How the number is put. Raises Unreadable if the words contradict each other."""
    if two:
        return Qualifier.range
    around = f"{before} | {after}"
    not_more, not_less = NOT_MORE.search(around), NOT_LESS.search(around)
    around = NOT_LESS.sub(" ", NOT_MORE.sub(" ", around))
    least = bool(not_less or plus or AT_LEAST.search(around))
    most = bool(not_more or AT_MOST.search(around))
    if least and most:
        raise Unreadable(f"{said!r} says both at least and at most; state one of them")
    if least or most:
        return Qualifier.at_least if least else Qualifier.at_most
    if spread:
        return Qualifier.uncertain
    return Qualifier.about if ABOUT.search(before) else Qualifier.exact


def _printed(match: re.Match[str], said: str, remarks: list[str]) -> Printed:
    """Value, half of the last printed digit and unit words of one match. Raises Unreadable beyond 10^18."""
    text = match["number"].casefold()
    if len(text) > 40:
        raise Unreadable(f"{said[:60]!r}... has too many digits; write the number shorter")
    mantissa, _, power = text.partition("e")
    if re.fullmatch(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?", mantissa):
        mantissa = mantissa.replace(",", "")
    elif "," in mantissa:
        mantissa = mantissa.replace(",", ".")
        remarks.append("the comma is read as a decimal sign")
    places = len(mantissa.partition(".")[2])
    value, half = Decimal(mantissa), Decimal(5).scaleb(-places - 1)
    if power:
        value, half = value.scaleb(int(power)), half.scaleb(int(power))
    if value > Decimal("1e18"):
        raise Unreadable(f"{said[:60]!r} is too large to be a measured value; write the number shorter")
    return Printed(value, half, tuple(word.casefold() for word in match["words"].split()))


def _left_aside(before: str, after: str, said: str, remarks: list[str]) -> None:
    """Remarks for words around the number that are neither qualifier nor unit. Raises Unreadable for words before it
    that do not introduce a number: they are a name that has one ("Claude Sonnet 4")."""
    for part, leads in ((before, True), (after, False)):
        for pattern in (NOT_MORE, NOT_LESS, ABOUT, AT_LEAST, AT_MOST):
            part = pattern.sub(" ", part)
        part = re.sub(r"\b(between|the|of|a|an)\b", " ", part).strip(" \t\n:;,.|=+-–—/")
        if not re.search(r"\w", part):
            continue
        if leads and not set(re.findall(r"\w+", part)) <= INTRODUCTIONS:
            raise Unreadable(f"{said!r} begins with words; write the number alone, and the rest as settings or note")
        remarks.append(f'left aside: "{" ".join(part.split())}"')


def _ends(
    numbers: list[Printed], unit: str, scale: Scale, around: str, said: str, remarks: list[str]
) -> list[tuple[Decimal, Decimal, list[Decimal]]]:
    """Per number: value in `unit`, half of its last digit, and the value under every reading of its unit words."""
    percent = any(word.startswith(("%", "percent")) for part in numbers for word in part.words)
    if unit in SHARES:
        factor = _share(numbers, percent, scale, said, remarks)
        return [(part.value * factor, part.half * factor, [part.value * factor]) for part in numbers]
    if unit == "ratio" and percent:
        sign = 1 if MORE.search(around) or "+" in around else -1 if LESS.search(around) else 0
        if not sign:
            raise Unreadable(f"{said!r} is a percentage; a ratio is written as 1.2x or 20% faster")
        remarks.append(f"read as a ratio: 1 {'+' if sign > 0 else '-'} the percentage")
        changed = [(1 + sign * part.value / 100, part.half / 100) for part in numbers]
        if min(changed)[0] < 0:
            raise Unreadable(f"{said!r} would be a negative ratio; write it as 1.2x")
        return sorted((value, half, [value]) for value, half in changed)
    ends = []
    for part in numbers:
        readings, remark = factors(part.words, unit)
        if not readings:
            raise Unreadable(f"{said!r} is not in {unit}; write the number in {unit}")
        if remark and remark not in remarks:
            remarks.append(remark)
        ends.append((part.value * readings[0], part.half * readings[0], [part.value * reading for reading in readings]))
    return ends


def _share(numbers: list[Printed], percent: bool, scale: Scale, said: str, remarks: list[str]) -> Decimal:
    """Factor that makes the printed numbers fractions. Raises Unreadable where 1 may be 1 % or 100 %."""
    foreign = {word for part in numbers for word in part.words if not word.startswith(("%", "percent", "points", "pp"))}
    if foreign:
        raise Unreadable(f"{said!r} is not a score; write a percentage or a fraction")
    largest = max(part.value for part in numbers)
    if not percent and scale is None and largest == 1:
        raise Unreadable(f"{said!r} may be 1 % or 100 %; write 1% or 100%")
    as_percent = percent or scale == "percent" or (scale is None and (largest > 1 or largest == 0))
    if largest > (100 if as_percent else 1):
        raise Unreadable(f"{said!r} is more than 100 %; a score is a percentage or a fraction")
    if not percent:
        why = f"the source gives {scale}s" if scale == "fraction" else "the source gives percent" if scale else None
        why = why or (f"{largest.normalize():f} > 1" if largest > 1 else "no % and at most 1" if largest else "zero")
        read = "percent" if as_percent else "a fraction"
        remarks.append(f"read as {read}: {why}; the benchmark's unit is a fraction")
    return Decimal("0.01") if as_percent else Decimal(1)


def _interval(
    ends: list[tuple[Decimal, Decimal, list[Decimal]]],
    qualifier: Qualifier,
    unit: str,
    up_to: bool,
    remarks: list[str],
    said: str,
) -> ClaimInterval:
    """The interval from the numbers' values, last digits and readings."""
    (value, half, readings), last = ends[0], ends[-1]
    if qualifier is Qualifier.range:
        low, high, middle = min(readings), max(last[2]), (value + last[0]) / 2
        if value > last[0]:
            raise Unreadable(f"{said!r} ends below its start; write the smaller number first")
    elif qualifier is Qualifier.uncertain:
        low, high, middle = value - last[0], value + last[0], value
    else:
        width = 2 * half if qualifier is Qualifier.about else half
        if unit == "tokens" and len(readings) > 1 and width > value / 20:
            width = value / 20
            remarks.append("one printed digit: 5 % either way")
        stretch = max(readings) / value if value else Decimal(1)
        low, high, middle = value - width, (value + width) * stretch, value
    if qualifier is Qualifier.at_most and unit == "tokens" and up_to:
        qualifier = Qualifier.exact
        remarks.append("a context window is itself a limit: read as its size")
    zero, top = Decimal(0), Decimal(1) if unit in SHARES else None
    if qualifier is Qualifier.at_least:
        low = value
    if qualifier is Qualifier.at_most:
        high = max(readings)
    return ClaimInterval(
        value=float(middle),
        low=None if qualifier is Qualifier.at_most else float(max(low, zero)),
        high=None if qualifier is Qualifier.at_least else float(min(high, top) if top is not None else high),
        unit="fraction" if unit in SHARES else unit,
        qualifier=qualifier,
        remark="; ".join(remarks) or None,
    )
