"""What a text says an artifact keeps of another one's score: "within 1 point of BF16", "recovers 99.3 % of F16".

Three forms: `within` so many points, a `loss` of so many, a share that is kept. A loss in per cent may be of the score
or of points; it is read as points, which allow more. All three say how much is kept at least: no end above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from evaluators.records import UserError
from warehouse.claim_records import ClaimInterval, Qualifier

_NUMBER = r"(?P<number>\d{1,3}(?:\.\d+)?)"
_UNIT = r"(?P<unit>(?:percentage[ -])?points?|pts?\b|pp\b|p\.p\.|%(?:[ -]points?)?|percent)"
_SCORE = r"(?:(?:benchmark )?(?:accuracy|score|scores|performance|quality))"
_LIMIT = r"(?P<limit>less than|at most|no more than|not more than|up to|under|below|within|<=?|≤)"
_LEAST = r"(?P<least>at least|over|more than|above|>=?|≥)"
_ABOUT = r"(?P<about>about|around|roughly|approximately|~|≈)"
_REFERENCE = r"(?P<reference>[^,;]{2,120}?)"
_AGAINST = rf"(?:against|vs\.?|versus|compared (?:to|with)|relative to|over|from|of|than) {_REFERENCE}"
_LOSS = r"(?:degradation|loss|drop|decrease|decline|degrades?|loses?|drops?)"
_FORMS = {
    "difference": (
        rf"(?:stays? |is |remains? |scores? )?within {_NUMBER} ?{_UNIT}(?: of {_REFERENCE})?",
        rf"(?:{_SCORE} )?{_LOSS}(?: (?:of|by|is))? ?(?:{_LIMIT}|{_ABOUT})? ?{_NUMBER} ?{_UNIT}(?: {_SCORE})?"
        rf"(?: {_AGAINST})?",
        rf"{_LIMIT} ?{_NUMBER} ?{_UNIT} (?:{_SCORE} )?{_LOSS}(?: {_AGAINST})?",
        rf"{_LIMIT} ?{_NUMBER} ?{_UNIT} (?:{_SCORE} )?(?:below|lower than|less than|worse than) {_REFERENCE}",
    ),
    "recovery": (
        rf"(?:retains?|recovers?|preserves?|keeps?|maintains?|reaches|achieves?) ?(?:{_LEAST}|{_ABOUT})? ?{_NUMBER} ?"
        rf"(?:%|percent)(?: {_SCORE})?(?: {_AGAINST})?",
        rf"(?:{_SCORE} )?recovery(?: of|:)? ?(?:{_LEAST}|{_ABOUT})? ?{_NUMBER} ?(?:%|percent)(?: {_AGAINST})?",
        rf"(?:{_LEAST}|{_ABOUT})? ?{_NUMBER} ?(?:%|percent) (?:{_SCORE} )?recovery(?: {_AGAINST})?",
    ),
}
FORMS = [(unit, re.compile(form, re.IGNORECASE)) for unit, forms in _FORMS.items() for form in forms]
FULL_PRECISION = "full precision"
"""Reference that is called unquantized, original, baseline or the like: the release's own weights."""
_PLAIN = re.compile(
    r"(?:un-?quanti[sz]ed|original|full[- ]precision|baseline|base(?:line)?|un-?compressed)"
    r"(?: (?:model|weights|version|release|baseline))?",
    re.IGNORECASE,
)
_WEIGHTS = re.compile(r"(?:BF16|FP16|F16|FP32|F32|FP8|INT8|Q\d(?:_[0-9A-Z]+)*|IQ\d(?:_[0-9A-Z]+)*)", re.IGNORECASE)
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_AROUND = re.compile(
    rf"^(?:the |its |of )+|(?:['’]s?)? (?:{_SCORE}|baseline|model|weights|version|release)$|['’]s$", re.IGNORECASE
)


@dataclass(frozen=True)
class PairWords:
    """What was said of a pair."""

    interval: ClaimInterval
    """In `difference` or `recovery`, with a lower end only."""
    reference: str | None
    """What the artifact is compared with: a quantization, a hub id, FULL_PRECISION; None where it is not said."""


def read_pair(said: str) -> PairWords | None:
    """What `said` claims of a pair; None if it has none of the forms. Raises UserError for a reference that is neither
    weights nor a release, and for shares beyond 200 %."""
    text = " ".join(re.sub(r"[*`_]{2}|`", "", said).split()).strip(" .")
    for unit, form in FORMS:
        if (match := form.fullmatch(text)) is not None:
            part = match.groupdict()
            return PairWords(_kept(unit, part), _named(part.get("reference"), said))
    return None


def recovery_interval(said: str) -> ClaimInterval:
    """The interval of a cell below the heading "Recovery (%)". Raises UserError for what is no share."""
    number = said.strip().removesuffix("%").strip()
    if not re.fullmatch(r"\d{1,3}(?:\.\d+)?", number):
        raise UserError(f"{said[:40]!r} is no share of a score")
    return _kept("recovery", {"number": number})


def _kept(unit: str, part: dict[str, str | None]) -> ClaimInterval:
    text = part["number"] or ""
    value, half = Decimal(text), Decimal(5).scaleb(-len(text.partition(".")[2]) - 1)
    loss = unit == "difference"
    bound = bool(part.get("limit") or part.get("least")) or (loss and "about" not in part)
    width = 2 * half if part.get("about") else Decimal(0) if bound else half
    value = (-value if loss else value) / 100
    low = min(value - width / 100, Decimal(1))
    if not -1 < value <= 2:
        raise UserError(f"{text} is no share of a score and no loss of one")
    remarks = ["only less than this contradicts it"] if low < 1 else ["only less than all contradicts it"]
    if loss and str(part.get("unit")).casefold() in ("%", "percent"):
        remarks.insert(0, "per cent are read as points, which allow more")
    return ClaimInterval(
        value=float(value), low=float(low), high=None, unit=unit, remark="; ".join(remarks),
        qualifier=Qualifier.at_least if bound else Qualifier.about if part.get("about") else Qualifier.exact,
    )  # fmt: skip


def _named(text: str | None, said: str) -> str | None:
    if text is None:
        return None
    name = text.strip()
    while (shorter := _AROUND.sub("", name).strip()) != name and shorter:
        name = shorter
    if _PLAIN.fullmatch(name) or name.casefold() in ("it", "model"):
        return FULL_PRECISION
    if _WEIGHTS.fullmatch(name) or _HUB_ID.fullmatch(name):
        return name
    raise UserError(f"{said[:80]!r} compares with {name!r}, which is neither weights (BF16, Q8_0) nor a hub id")
