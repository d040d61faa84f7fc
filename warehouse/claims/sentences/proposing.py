"""Sentences of a page -> candidates: a number that a sentence states, about the model that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from evaluators.catalogue import catalogue
from evaluators.records import Settings, UserError
from warehouse.claim_records import Claim, Claimant
from warehouse.claims.sentences.model_mentions import Mention, NamesOnPage
from warehouse.claims.sentences.patterns import PAIR, Hit, hits_in, served_under
from warehouse.claims.source_reading import Reading, new_claim, read_number
from warehouse.claims.tables.document import Heading, Page, Words
from warehouse.claims.text.labels import settings_with
from warehouse.claims.text.pair_words import read_pair
from warehouse.claims.text.speed_names import is_backend_first

LONGEST_SENTENCE = 4_000
"""Most characters of what is read as one sentence."""
_END = re.compile(r"(?<=[.!?。！？])\s+(?=[A-Z\"“(*0-9一-鿿])|(?<=[。！？])")
_THAN = re.compile(
    r"(?i)\b(?:than|over|vs\.?|versus|compared (?:to|with)|against|beats?|ahead of|behind)\W+(?:the |a )?$"
)

_ANOTHER = re.compile(
    r"(?i)\b(?:an?|another|any|every|most|some|other|older|previous|rival) (?:[\w.-]+ ){0,3}models?\b"
)
"""Words for a model that is not named: a score there is not the one's that was spoken of last."""


def sentences_of(text: str) -> list[str]:
    """The sentences of a paragraph, word for word."""
    return [part.strip() for part in _END.split(text) if part.strip()]


def propose(
    page: Page, reading: Reading, names: Iterable[str], *, topic: str | None, claimant: Claimant | None
) -> None:
    """Add the candidates that the page's sentences state, but for those that the reading holds as claims already.

    `topic` is the model that a sentence without a name is about (the card's release); None: the last one that its
    paragraph, else its heading, named. `claimant` None: the vendor about `topic`, third parties about others.
    """
    on_page = NamesOnPage(names, (block.text for block in page.blocks if isinstance(block, Heading | Words)))
    held = {(claim.model, claim.benchmark, number_key(claim.said)) for claim in (*reading.claims, *reading.mentions)}
    headings: list[Heading] = []
    current = topic
    over = led_in = ""
    for block in page.blocks:
        if isinstance(block, Heading):
            headings = [*(heading for heading in headings if heading.level < block.level), block]
            current = _last(on_page.mentions(heading.text) for heading in headings) or topic
            over, led_in = block.text, ""
        elif isinstance(block, Words):
            if is_title(block, on_page) and not hits_in(block.text):
                over = block.text
                current = topic or _last([on_page.mentions(block.text)])
            elif not block.item and not block.text.endswith(":"):
                over = ""
            if not block.item:
                led_in = block.text if block.text.endswith(":") else ""
            now = _propose_paragraph(
                block, on_page, reading, held, topic=topic, current=current, claimant=claimant, over=led_in or over
            )
            current = topic or now
        else:
            over = led_in = ""


def is_title(block: Words, on_page: NamesOnPage) -> bool:
    """Whether words stand as a heading does, though nothing marks them as one: few, and no sentence, item or fact
    (`Released: April 16`), which names no model."""
    if ": " in block.text and not on_page.mentions(block.text):
        return False
    if re.search(r"[.!?] |^\(", block.text):
        return False
    return not block.item and len(block.text) <= 70 and re.search(r"[.!?:;,。：]$|\|", block.text) is None


def _last(by_heading: Iterable[Sequence[Mention]]) -> str | None:
    models = [mention.model for mentions in by_heading for mention in mentions]
    return models[-1] if models else None


def _propose_paragraph(
    block: Words, on_page: NamesOnPage, reading: Reading, held: set[tuple[str, str | None, str]], *,
    topic: str | None, current: str | None, claimant: Claimant | None, over: str = "",
) -> str | None:  # fmt: skip
    """Add a paragraph's candidates; returns the model that it spoke of last. `over`: the
    words and the heading over it."""
    for sentence in sentences_of(block.text):
        if len(sentence) > LONGEST_SENTENCE:
            reading.leave(block.line, sentence, "too long for a sentence")
            continue
        mentions = on_page.mentions(sentence)
        mentions = sorted([*mentions, *on_page.of_family(sentence, current)], key=lambda mention: mention.start)
        hits = hits_in(sentence, [(mention.start, mention.end, mention.model) for mention in mentions])
        hits = [served_under(over, sentence, hit) for hit in hits] if block.item else hits
        for hit in hits:
            model = _subject(sentence, hit, mentions, hits) or (
                None if hit.pattern == "score" and _ANOTHER.search(sentence) else current
            )
            if model is None or on_page.is_family(model):
                reading.leave(block.line, sentence, "a number without a model that it is certainly about")
                continue
            claim = _claim(reading, block, sentence, hit, model, mentions, topic, claimant)
            if claim is None:
                continue
            key = (claim.model, claim.benchmark, number_key(claim.said))
            if key not in held:
                held.add(key)
                reading.candidates.append(claim)
        compared = [hit.start for hit in hits if hit.over is not None and not is_backend_first(sentence[hit.over[0] :])]
        subjects = [
            mention
            for mention in mentions
            if not _THAN.search(sentence[: mention.start]) and all(mention.end <= start for start in compared)
        ]
        if subjects:
            current = subjects[-1].model
    return current


def _subject(sentence: str, hit: Hit, mentions: Sequence[Mention], hits: Sequence[Hit]) -> str | None:
    """The model that the number is about: the nearest one named before it in its clause that is not what it is compared
    with; else the first one named after it with "for" or in brackets."""
    if hit.model is not None:
        return hit.model
    end = hit.start + len(hit.said)
    after = [m for m in mentions if m.start >= end]
    if after and re.fullmatch(r"[ -](?:total )?param(?:eter)?s? ", sentence[end : after[0].start]):
        return after[0].model  # the 550B-parameter Ash
    before = [m for m in mentions if m.end <= hit.start and not _THAN.search(sentence[: m.start])]
    if before:
        return before[-1].model
    if (
        after
        and not any(hit.start < other.start < after[0].start for other in hits)
        and re.search(r"(?i)\b(?:for|from|with|by)\s+(?:the |a )?$", sentence[: after[0].start])
    ):
        return after[0].model
    return None


def _claim(
    reading: Reading, block: Words, sentence: str, hit: Hit, model: str, mentions: Sequence[Mention], topic: str | None,
    claimant: Claimant | None,
) -> Claim | None:  # fmt: skip
    stated: dict[str, str | int | float] = dict(hit.settings)
    if hit.over is not None:
        sides = [m.model for m in mentions if m.start >= hit.over[0] and m.model != model]
        backends = _backends(sentence)
        named = re.match(r"(?:the )?([A-Z][\w.+-]*\d[\w.-]*[\w](?: \d[\w.]*)?)", sentence[hit.over[0] :])
        if sides:
            stated["denominator"] = sides[0]
        elif named:
            stated["denominator"] = named[1]
        elif len(backends) == 2:
            stated["numerator"], stated["denominator"] = backends
        else:
            return None
    ours = model == topic
    try:
        pair = read_pair(hit.said) if hit.pattern == PAIR else None
        interval = pair.interval if pair else None
        if pair is None and catalogue()[hit.benchmark].unit != "text":
            interval = read_number(hit.said, hit.benchmark)
        settings = settings_with(Settings(), stated)
    except UserError:
        return None
    return new_claim(
        model=model,
        benchmark=hit.benchmark,
        benchmark_text=hit.label,
        said=hit.said,
        claimant=claimant or (Claimant.vendor if ours else Claimant.third_party),
        source=reading.source,
        place=f"line {block.line}, sentence",
        proposed_by="pattern",
        settings=settings,
        interval=interval,
        by=topic.split("/")[0] if topic and "/" in topic and claimant is None else None,
        note=sentence[:600],
    )


def _backends(sentence: str) -> list[str]:
    from warehouse.claims.text.speed_names import backends_in

    return backends_in(sentence)


def number_key(said: str) -> str:
    """A number without its signs and units, to tell two spellings of one from two numbers."""
    return re.sub(r"[^\d.]", "", said) or said.casefold()
