"""List items that state a specification: `Context Length: 262,144 natively and extensible up to 1,010,000 tokens`."""

from __future__ import annotations

import re

from evaluators.catalogue import catalogue
from evaluators.licence_names import licence_named
from evaluators.records import UserError
from warehouse.claim_records import Claimant
from warehouse.claims.source_reading import Reading, new_claim, read_number
from warehouse.claims.tables.document import Words
from warehouse.claims.tables.identity import TUNED, UNTUNED, Identity
from warehouse.claims.tables.owners import owners, section_model
from warehouse.claims.text.labels import Label, read_label
from warehouse.claims.text.names import name_tokens
from warehouse.claims.text.quantities import parameters_in, tokens_in

_ITEM = re.compile(r"^\W{0,3}([^:：]{3,60})[:：]\s*(\S.{0,200})$")

_LEAST = {"training_tokens": 1e6, "vocabulary_size": 100, "context_window": 128}
_COUNT = re.compile(
    r"(?:[~≈>]|about |over |more than |approximately )?\s?\d[\d,.]*\d?\+?\s?"
    r"(?:[kKmMbBtT]\b|thousand|million|billion|trillion)?\+?(?:\s?(?:[GMT]i?B|tokens))?"
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
    label = read_label(match[1].strip(" *_`"))
    known = catalogue()[label.benchmark] if label.benchmark else None
    if known is None or (known.evaluator != "specification" and known.unit not in ("tokens", "parameters")):
        return
    licence = known.unit == "licence" and licence_named(match[2]) is not None
    if not licence and not any(c.isdigit() for c in match[2]):
        return
    if other := _led_in_for(led_in, identity):
        reading.leave(block.line, block.text, f"the list is about {other}")
        return
    values = ((known.name, match[2].strip()),) if licence else values_in(match[2], label)
    if not values:
        reading.leave(block.line, block.text, "a specification whose number is not stated for certain")
        return
    owner = owners([((), ())], identity, headings)[0]
    if owner.kind == "unsure":
        reading.leave(block.line, block.text, owner.reason)
        return
    other = section_model(headings, identity)
    ours = owner.kind == "this" and other == identity.model
    for name, said in values:
        try:
            interval = read_number(said, name)
            if interval is not None and (interval.value or 0) < _LEAST.get(name, 0):
                raise UserError("too small for what the label names; its unit or the rest of it is missing")
        except UserError as problem:
            reading.leave(block.line, block.text, str(problem))
            continue
        claim = new_claim(
            model=identity.model if ours else other,
            benchmark=name,
            benchmark_text=label.text,
            said=said,
            claimant=Claimant.vendor if ours else Claimant.third_party,
            source=reading.source,
            place=f"line {block.line}, {label.text}",
            interval=interval,
            by=identity.model.split("/")[0] if "/" in identity.model else None,
            note=block.text,
            commit=commit if ours else None,
        )
        (reading.claims if ours else reading.mentions).append(claim)


def _led_in_for(led_in: str, identity: Identity) -> str:
    """The other model of the card that the words before a list speak of, where they do not speak of the release."""
    if not led_in or len(led_in) > 300:
        return ""
    words = re.findall(r"[\w.]+", re.sub(r"[-/]", " ", led_in))
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
        return ((name, counts[0][1]),) if len(counts) == 1 and name != "total_parameters" else counts
    if name == "context_window":
        return tokens_in(text)
    number = _COUNT.match(text)
    if number is None or re.match(r"\s*(?:[*^×/]|x\s?\d)", text[number.end() :]):  # 2**17
        return ()
    return ((name, number[0].strip()),)
