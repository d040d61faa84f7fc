"""Claims that a language model proposes from sentences, kept as candidates only under rules that it cannot talk round.

A proposal counts if its quote stands in the passage word for word, the quote holds the number and the benchmark's
name, the model that it is about is named in the quote or is the page's only subject, model and benchmark resolve, and
two passes, asked in different words, agree. What fails is left unread with the rule that it fails. As all candidates,
they enter the ledger when a person confirms them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from evaluators.catalogue import catalogue
from evaluators.records import Settings, UserError
from evaluators.safe_load import load_json
from warehouse.claim_records import Claim, Claimant
from warehouse.claims.sentences.model_mentions import NamesOnPage
from warehouse.claims.sentences.proposing import number_key
from warehouse.claims.source_reading import Reading, new_claim, read_number
from warehouse.claims.tables.document import Heading, Page, Words
from warehouse.claims.text.labels import read_label, settings_with
from warehouse.claims.text.names import name_key

Ask = Callable[[str, str], str]
"""(instructions, passage) -> the model's reply."""
PASSAGE = 1500
"""Characters that are shown to the model at a time."""
MOST_PASSAGES = 200
LONGEST_QUOTE = 600
FORM = (
    'Reply with a JSON list and nothing else, one object for each: {"quote": the sentence, copied exactly, "model": '
    'the model\'s name as printed, "benchmark": the name of the benchmark or quantity as printed, "number": the number '
    "as printed}. Reply [] if there is none."
)
PASSES = (
    f"List every number that the text states as a result or property of a language model. {FORM}",
    f"You check an article. Which sentences say how a named model scored on a benchmark, or how large or fast it is? "
    f"Copy each sentence; do not change, round or add anything. {FORM}",
)
"""Instructions of the two passes."""
_NUMBER = re.compile(r"(?<![\d.,])\d+(?:,\d{3})*(?:\.\d+)?(?![\d])")


@dataclass(frozen=True)
class Proposal:
    """What the model says stands in a passage."""

    quote: str
    model: str
    benchmark: str
    number: str


def propose_by_model(
    page: Page,
    reading: Reading,
    names: Iterable[str],
    ask: Ask,
    proposer: str,
    *,
    topic: str | None,
    claimant: Claimant | None,
) -> int:
    """Add the candidates that a language model proposes and that keep the rules; returns how many.

    `proposer`: its name, kept with each as `proposed_by`. `topic`, `claimant`: as for `propose`. Raises what `ask`
    raises.
    """
    on_page = NamesOnPage(names)
    held = {
        (claim.model, claim.benchmark, number_key(claim.said))
        for claim in (*reading.claims, *reading.mentions, *reading.candidates)
    }
    before = len(reading.candidates)
    passages = list(_passages(page))
    if len(passages) > MOST_PASSAGES:
        rest = f"{proposer} was shown the first {MOST_PASSAGES} of {len(passages)} passages"
        reading.leave(passages[MOST_PASSAGES][0], passages[MOST_PASSAGES][1], rest)
    for line, text in passages[:MOST_PASSAGES]:
        by_pass = []
        for instructions in PASSES:
            accepted: dict[tuple[str, str | None, str], Claim] = {}
            for proposal in _proposals(ask(instructions, text)):
                claim = _checked(proposal, line, text, on_page, reading, topic, claimant, proposer)
                if isinstance(claim, str):
                    reading.leave(line, proposal.quote, f"proposed by {proposer}, but {claim}")
                else:
                    accepted.setdefault((claim.model, claim.benchmark, number_key(claim.said)), claim)
            by_pass.append(accepted)
        first, second = by_pass
        for key in first.keys() ^ second.keys():
            alone = first.get(key) or second[key]
            reading.leave(line, alone.note or "", f"proposed by {proposer} in one of two passes only: {alone.said}")
        for key in first.keys() & second.keys():
            if key not in held and first[key].settings == second[key].settings:
                held.add(key)
                reading.candidates.append(first[key])
    reading.unread = list(dict.fromkeys(reading.unread))
    return len(reading.candidates) - before


def _passages(page: Page) -> Iterator[tuple[int, str]]:
    """(line, text) of paragraphs with numbers, as many together as fit; a heading begins a new one."""
    line, parts = 0, list[str]()
    for block in page.blocks:
        text = block.text if isinstance(block, Words) and _NUMBER.search(block.text) else ""
        if parts and (isinstance(block, Heading) or len(text) + sum(map(len, parts)) > PASSAGE):
            yield line, "\n".join(parts)
            parts = []
        if text and isinstance(block, Words):
            line = line if parts else block.line
            parts.append(text[: 4 * PASSAGE])
    if parts:
        yield line, "\n".join(parts)


def _proposals(reply: str) -> Sequence[Proposal]:
    """The proposals of a reply; none where it is no JSON list of objects with the four texts."""
    first, last = reply.find("["), reply.rfind("]")
    try:
        listed = load_json(reply[first : last + 1], "the model's reply") if 0 <= first < last else []
    except UserError:
        return ()
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    fields = ("quote", "model", "benchmark", "number")
    texts = [[str(row.get(name, "")).strip() for name in fields] for row in rows]
    return [Proposal(*row) for row in texts if all(row) and len(row[0]) <= LONGEST_QUOTE]


def _checked(
    proposal: Proposal, line: int, text: str, on_page: NamesOnPage, reading: Reading, topic: str | None,
    claimant: Claimant | None, proposer: str,
) -> Claim | str:  # fmt: skip
    """The candidate, or the rule that the proposal fails."""
    quote = " ".join(proposal.quote.split())
    if quote not in " ".join(text.split()):
        return "the quote does not stand in the text"
    digits = _NUMBER.search(proposal.number)
    if digits is None or digits[0] not in _NUMBER.findall(quote) or proposal.number not in quote:
        return "the quote does not hold the number"
    if proposal.benchmark.casefold() not in quote.casefold():
        return "the quote does not name the benchmark"
    label = read_label(proposal.benchmark)
    if label.benchmark is None:
        return f"no benchmark is known by the name {proposal.benchmark}"
    named = {mention.model for mention in on_page.mentions(quote)}
    said = {mention.model for mention in on_page.mentions(proposal.model)} or {proposal.model}
    models = {model for model in named if name_key(model) in {name_key(name) for name in said}}
    own = () if topic is None else (name_key(topic), name_key(topic.split("/")[-1]))
    if topic is not None and not named and name_key(proposal.model) in own:
        models = {topic}
    if len(models) != 1:
        return f"the quote does not name one model that is {proposal.model}"
    model = models.pop()
    try:
        number = read_number(proposal.number, label.benchmark) if catalogue()[label.benchmark].unit != "text" else None
        settings = settings_with(Settings(), dict(label.stated), label.words)
    except UserError as problem:
        return str(problem)
    return new_claim(
        model=model,
        benchmark=label.benchmark,
        benchmark_text=proposal.benchmark,
        said=proposal.number,
        claimant=claimant or (Claimant.vendor if model == topic else Claimant.third_party),
        source=reading.source,
        place=f"line {line}, passage",
        proposed_by=proposer,
        settings=settings,
        interval=number,
        by=topic.split("/")[0] if topic and "/" in topic and claimant is None else None,
        note=quote,
    )
