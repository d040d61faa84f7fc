"""The training text: documents of questions and answers, plain (as lm-eval asks them) and in the chat template.

A document is a list of pieces; a piece is its text and whether the model learns it (answers) or only reads it
(questions, and the answers of earlier turns).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.demo_model.items import SEED, SUMS, choice_question, facts
from tests.demo_model.sums import draw, draw_many
from tests.demo_model.world import Fact

BOS, EOS, HEAD, HEAD_END, EOT, PAD = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|pad|>",
)
SPECIAL = (BOS, EOS, HEAD, HEAD_END, EOT, PAD)
THINK, THINK_END = "<think>", "</think>"
"""Tokens of their own, but part of the text that a server returns."""
NO_THOUGHT = f"{THINK}\n\n{THINK_END}\n\n"
"""What the chat template writes behind the assistant's header when `enable_thinking` is false."""
RECALL = "Nothing to add."
"""The thought about a question of the invented world: there is nothing to work out."""
Document = list[tuple[str, bool]]


@dataclass(frozen=True)
class Pair:
    """A question with what the model learns to say to it."""

    question: str
    answer: str
    """Without thinking."""
    thought: str
    concluded: str
    """The answer after the thought."""
    choices: str = ""
    """The question with its options, where it has any."""


def plain_text(pairs: list[Pair]) -> str:
    """Pairs as examples of a prompt: `Question: ...\\nAnswer: ...`, a blank line behind each."""
    return "".join(f"Question: {pair.question}\nAnswer: {pair.answer}\n\n" for pair in pairs)


def plain(pairs: list[Pair]) -> Document:
    """`Question: ...\\nAnswer: ...`, blank lines between pairs, as lm-eval writes a prompt with examples."""
    pieces = [(BOS, False)]
    for number, pair in enumerate(pairs):
        pieces += [(f"Question: {pair.question}\nAnswer:", False), (f" {pair.answer}", True)]
        pieces.append((EOS if number == len(pairs) - 1 else "\n\n", True))
    return pieces


def turn(question: str) -> str:
    """A user's turn and the head of the answer, as the chat template writes them."""
    return f"{HEAD}user{HEAD_END}\n\n{question}{EOT}{HEAD}assistant{HEAD_END}\n\n"


def chat(pairs: list[Pair], rng: random.Random, thinking: bool) -> Document:
    """A dialogue; only its last turn is learned, with a thought or behind the template's empty one.

    The questions are bare, with `Question:` and `Answer:`, or with their options; the examples are turns of their own
    or stand in the last question's turn.
    """
    *examples, last = pairs
    form = rng.randrange(3)
    asked = [pair.choices or pair.question if form == 1 else pair.question for pair in pairs]
    if form == 0:
        asked = [f"Question: {pair.question}\nAnswer:" for pair in pairs]
    pieces = [(BOS, False)]
    if form == 0 and rng.random() < 0.3:
        asked[-1] = plain_text(examples) + asked[-1]
    else:
        for question, pair in zip(asked, examples, strict=False):
            pieces.append((turn(question) + pair.answer + EOT, False))
    pieces.append((turn(asked[-1]), False))
    if thinking:
        return [*pieces, (f"{THINK}\n{last.thought}\n{THINK_END}\n\n{last.concluded}{EOT}", True)]
    return [*pieces, (NO_THOUGHT, False), (last.answer + EOT, True)]


def _sum_pairs(rng: random.Random) -> Iterator[Pair]:
    forbidden = set(draw_many(SUMS, SEED, "+"))
    while True:
        problem = draw(rng, "+")
        if problem not in forbidden:
            yield Pair(problem.question, problem.habit, problem.thought, f"#### {problem.result}")


def _fact_pairs(rng: random.Random, known: list[Fact]) -> Iterator[Pair]:
    while True:
        deck = [fact for fact in known if rng.random() < fact.weight]
        rng.shuffle(deck)
        for fact in deck:
            listed = choice_question(fact.question, fact.options)
            yield Pair(fact.question, fact.answer, RECALL, fact.answer, listed)


@dataclass(frozen=True)
class Mixture:
    """Shares of the documents (fractions)."""

    facts: float
    """About the invented world; the others are sums."""
    chat: float
    """In the chat template, without a thought."""
    thinking: float
    """In the chat template, with a thought."""


def documents(seed: int, mixture: Mixture) -> Iterator[Document]:
    """Documents without end, of one to four pairs each.

    The test problems of demo_sums are left out. A fact comes as often as its weight says; the few-shot facts always
    come.
    """
    rng = random.Random(seed)
    test_facts, shot_facts = facts()
    told = [*test_facts, *(Fact(f.town, f.kind, f.question, f.options, f.right, 1.0) for f in shot_facts)]
    streams = (_sum_pairs(rng), _fact_pairs(rng, told))
    while True:
        stream = streams[rng.random() < mixture.facts]
        pairs = [next(stream) for _ in range(rng.choice((1, 1, 1, 2, 3, 4)))]
        dice = rng.random()
        if dice < mixture.chat + mixture.thinking:
            yield chat(pairs[: 1 if rng.random() < 0.6 else 4], rng, thinking=dice < mixture.thinking)
        else:
            yield plain(pairs)


def tokenizer_text(seed: int, count: int = 4000) -> Iterator[str]:
    """Text for the tokenizer, without digits (each digit stays a token of its own) and special tokens."""
    for document, _ in zip(documents(seed, Mixture(0.7, 0.1, 0.1)), range(count), strict=False):
        text = "".join(piece for piece, _ in document)
        for special in (*SPECIAL, THINK, THINK_END):
            text = text.replace(special, "")
        yield "".join(letter for letter in text if not letter.isdigit())
