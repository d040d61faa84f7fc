"""List items that state a specification (`Context Length: 262,144 natively and extensible up to 1,010,000 tokens`) or
a score (`MMLU (5-shot): 66.4`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evaluators.catalogue import catalogue
from evaluators.licence_names import licence_named
from evaluators.records import Settings, UserError
from warehouse.claim_records import Claimant, ClaimInterval
from warehouse.claims.source_reading import Reading, new_claim, read_number
from warehouse.claims.tables.document import Words
from warehouse.claims.tables.ownership.identity import Identity
from warehouse.claims.tables.ownership.owners import Owner, owners, section_model
from warehouse.claims.text.labels import Label, read_label, settings_with
from warehouse.claims.text.names import name_key, name_tokens, normalise
from warehouse.claims.text.quantities import NOT_EMBEDDED, parameters_in, tokens_in
from warehouse.claims.text.vocabulary import TUNED, UNTUNED

_ITEM = re.compile(r"^\W{0,3}([^:：]{3,60})[:：]\s*(\S.{0,200})$")

_SIZED = re.compile(r"(?i)\d+(?:\.\d+)?\s?(?:b|m|billion|million) (?:total )?parameters?\b")
"""How an item goes on that begins with a model's name and tells its size."""
_LEAST = {"training_tokens": 1e6, "vocabulary_size": 100, "context_window": 128}
_COUNT = re.compile(
    r"(?:[~≈>]|about |over |more than |approximately )?\s?\d[\d,.]*\d?\+?\s?"
    r"(?:[kKmMbBtT]\b|[Tt]housand|[Mm]illion|[Bb]illion|[Tt]rillion)?\+?(?:\s?(?:[GMT]i?B|tokens))?"
)


def read_items(
    block: Words,
    headings: tuple[str, ...],
    identity: Identity,
    reading: Reading,
    commit: str | None,
    *,
    led_in: str = "",
) -> None:
    """Add the specifications of a list item `label: value`; other items are no claims and are passed over.

    They are the release's, unless the nearest heading names another model of the card, the card speaks for several
    sizes, or the sentence that leads the list in (`led_in`) speaks of another model of the card alone.
    """
    match = _ITEM.match(block.text)
    if match is None:
        return
    label, named = _label_of(match[1].strip(" *_`"), match[2], identity)
    known = catalogue()[label.benchmark] if label.benchmark else None
    score = known is not None and known.unit == "fraction" and _is_score(match[2], (*headings, led_in))
    if known is None or (
        not score and known.evaluator != "specification" and known.unit not in ("tokens", "parameters")
    ):
        return
    licence = _licence_in(match[2].strip()) if known.unit == "licence" else ""
    if not licence and not any(c.isdigit() for c in match[2]):
        return
    if (other := _led_in_for(led_in, identity)) and not named:
        reading.leave(block.line, block.text, f"the list is about {other}")
        return
    values = ((known.name, licence or _reached(match[2])),) if licence or score else values_in(match[2], label)
    if not values:
        reading.leave(block.line, block.text, "a specification whose number is not stated for certain")
        return
    owner = Owner("this", identity.model) if named else _owner_under(headings, identity)
    if owner.kind == "unsure":
        reading.leave(block.line, block.text, owner.reason)
        return
    ours = owner.kind == "this"
    for name, said in values:
        try:
            interval = _item_number(said, name, score)
        except UserError as problem:
            reading.leave(block.line, block.text, str(problem))
            continue
        claim = new_claim(
            model=owner.model,
            benchmark=name,
            benchmark_text=label.text,
            said=said,
            claimant=Claimant.vendor if ours else Claimant.third_party,
            source=reading.source,
            place=f"line {block.line}, {label.text}",
            interval=interval,
            settings=settings_with(Settings(), dict(label.stated), label.words) if score else None,
            by=identity.model.split("/")[0] if "/" in identity.model else None,
            note=block.text,
            commit=commit if ours else None,
        )
        (reading.claims if ours else reading.mentions).append(claim)


def _label_of(name: str, value: str, identity: Identity) -> tuple[Label, bool]:
    """What an item's label names, and whether it is the release itself, whose size follows: `Odd-7B: 7 billion
    parameters`."""
    label = read_label(name)
    if label.benchmark is None and name_key(name) == name_key(identity.model) and _SIZED.match(value):
        return replace(read_label("Total parameters"), text=label.text), True
    return label, False


def _owner_under(headings: tuple[str, ...], identity: Identity) -> Owner:
    """Whose the items under these headings are."""
    owner, other = owners([((), ())], identity, headings)[0], section_model(headings, identity)
    if owner.kind == "unsure":
        return owner
    return Owner("this" if owner.kind == "this" and other == identity.model else "other", other)


def _item_number(said: str, name: str, score: bool) -> ClaimInterval | None:
    """The number of an item, or a UserError where it is no plain one or too small for what the label names."""
    interval = read_number(said, name, scale=None if not score or "%" in said else "percent")
    if interval is not None and (interval.value or 0) < _LEAST.get(name, 0):
        raise UserError("too small for what the label names; its unit or the rest of it is missing")
    return interval


_RESULTS = re.compile(r"(?i)\b(?:benchmarks?|evaluations?|results?|performance|scores?|accuracy)\b|评测|结果|性能|效果")
_NO_RESULTS = re.compile(
    r"(?i)\b(?:data(?:sets?)?|mixture|composition|training|gains?|improve\w*|contamina\w*|errors?|relative|previous|"
    r"baseline|compar\w+|shots?|weights?|targets?|require\w*|teacher|base models?)\b|数据|提升"
)


_RISE = re.compile(
    r"[*_`]*\d[\d.]*\s?%?[*_`]*\s*(?:→|->|⟶|➜|➔|=>)\s*[*_`]*(\d{1,3}(?:\.\d+)?\s?%?)[*_`]*(?:\s*\([+-]\s?\d[\d.]*\s?%?\))?\.?"
)
"""What a release's predecessor reached, and what it reaches: `75.9 → 81.2 (+5.3)`."""


def _reached(value: str) -> str:
    """The score that a list's value states: of two, what the release reaches."""
    risen = _RISE.fullmatch(value.strip())
    return risen[1].strip() if risen else value.strip(" *_`.")


def _is_score(value: str, around: Sequence[str]) -> bool:
    """Whether a list's value is a score: a bare number with a point or a percent sign, where the nearest heading or the
    words before the list speak of results and of nothing else that numbers beside benchmarks may be."""
    nearest = [text for text in around if text][-2:]
    if _RISE.fullmatch(value.strip()):
        return any(_RESULTS.search(text) for text in nearest)
    bare = re.fullmatch(r"[*_`]*(?:[2-9]|[1-9]\d|100)(?:\.\d{1,2}\s?%?|\s?%)[*_`]*\.?", value.strip())
    speaks = any(_RESULTS.search(text) for text in nearest)
    return bare is not None and speaks and not any(_NO_RESULTS.search(text) for text in nearest)


def _licence_in(text: str) -> str:
    """The licence that a value names, word for word: alone, before a comma or bracket, or as what a sentence says the
    release is under; empty where none is known."""
    if licence_named(text) is not None:
        return text
    under = re.search(r"\b(?:under|by) (?:the |an? )?([\w.+ -]{2,40}?)(?: licen[cs]e)?[.]?$", text)
    first = re.match(r"[^,;(（]{2,40}?(?=\s*[,;(（])", text)
    return next((name for name in (under and under[1], first and first[0]) if name and licence_named(name)), "")


def _led_in_for(led_in: str, identity: Identity) -> str:
    """The other model of the card that the words before a list speak of, where they do not speak of the release."""
    if not led_in or len(led_in) > 300:
        return ""
    words = re.findall(r"[\w.]+", re.sub(r"[-/\u3000-\u9fff\uac00-\ud7a3\uff00-\uffef]", " ", led_in))
    runs = {
        frozenset(name_tokens(" ".join(words[start : start + n]))) for n in range(2, 8) for start in range(len(words))
    }
    ours, family = name_tokens(identity.model), identity.family
    if runs & {ours, ours - TUNED - UNTUNED}:
        return ""
    others = [names for names in identity.names & runs if names & family and not names <= ours]
    return " ".join(sorted(sorted(others, key=len)[-1])) if others else ""


def values_in(text: str, label: Label) -> tuple[tuple[str, str], ...]:
    """The specifications that the value of a label states, each (catalogue name, number as printed)."""
    name = label.benchmark or ""
    unit = catalogue()[name].unit
    if unit == "parameters":
        counts = parameters_in(text)
        narrowed = [word for word in label.words if normalise(word) not in ("total", "overall", "all")]
        if narrowed and name == "total_parameters":
            counts = tuple(
                (("non_embedding_parameters"), said)
                for _, said in counts[:1]
                if NOT_EMBEDDED.search(" ".join(narrowed))
            )
        return ((name, counts[0][1]),) if len(counts) == 1 and name != "total_parameters" else counts
    if name == "context_window":
        return tokens_in(re.split(r"(?<=[a-z)])\.\s+(?=[A-Z])", text)[0])
    number = _COUNT.match(text)
    if number is None or re.match(r"\s*(?:[*^×/]|x\s?\d)", text[number.end() :]):  # 2**17
        return ()
    return ((name, number[0].strip()),)
