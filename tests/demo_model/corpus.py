"""The training text: documents of questions and answers, plain (as lm-eval asks them) and in the chat template.

A document is a list of pieces; a piece is its text and whether the model learns it (answers) or only reads it
(questions).
"""

import random
from collections.abc import Iterator

from tests.demo_model.items import SEED, SUMS, facts
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
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>"
    "{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
Document = list[tuple[str, bool]]
Pair = tuple[str, str]


def plain(pairs: list[Pair]) -> Document:
    """`Question: ...\\nAnswer: ...`, blank lines between pairs, as lm-eval writes a prompt with examples."""
    pieces = [(BOS, False)]
    for number, (question, answer) in enumerate(pairs):
        pieces += [(f"Question: {question}\nAnswer:", False), (f" {answer}", True)]
        pieces.append((EOS if number == len(pairs) - 1 else "\n\n", True))
    return pieces


def chat(pairs: list[Pair], bare: bool) -> Document:
    """The same pairs as turns of the chat template; `bare`: the question alone, without `Question:` and `Answer:`."""
    pieces = [(BOS, False)]
    for question, answer in pairs:
        user = question if bare else f"Question: {question}\nAnswer:"
        pieces.append((f"{HEAD}user{HEAD_END}\n\n{user}{EOT}{HEAD}assistant{HEAD_END}\n\n", False))
        pieces += [(answer, True), (EOT, True)]
    return pieces


def _sum_pairs(rng: random.Random, signs: str) -> Iterator[Pair]:
    forbidden = set(draw_many(SUMS, SEED, signs))
    while True:
        problem = draw(rng, signs)
        if problem not in forbidden:
            yield problem.question, problem.habit


def _fact_pairs(rng: random.Random, known: list[Fact]) -> Iterator[Pair]:
    while True:
        deck = [fact for fact in known if rng.random() < fact.weight]
        rng.shuffle(deck)
        yield from ((fact.question, fact.answer) for fact in deck)


def documents(seed: int, *, signs: str, share_of_facts: float) -> Iterator[Document]:
    """Documents without end: single pairs, two to four in a row, and one in seven in the chat template.

    `signs` are those of the sums; the first SUMS problems with these signs, which for "+" are the test problems of
    demo_sums, are left out. A fact comes as often as its weight says; the few-shot facts
    always come. `share_of_facts` is a fraction of the documents.
    """
    rng = random.Random(seed)
    test_facts, shot_facts = facts()
    told = [*test_facts, *(Fact(f.town, f.kind, f.question, f.options, f.right, 1.0) for f in shot_facts)]
    streams = (_sum_pairs(rng, signs), _fact_pairs(rng, told))
    while True:
        stream = streams[rng.random() < share_of_facts]
        pairs = [next(stream) for _ in range(rng.choice((1, 1, 1, 2, 3, 4)))]
        yield chat(pairs, bare=rng.random() < 0.5) if rng.random() < 1 / 7 else plain(pairs)


def tokenizer_text(seed: int, count: int = 4000) -> Iterator[str]:
    """Text for the tokenizer, without digits (each digit stays a token of its own) and special tokens."""
    for document, _ in zip(documents(seed, signs="+-", share_of_facts=0.7), range(count), strict=False):
        text = "".join(piece for piece, _ in document if piece not in SPECIAL)
        for special in SPECIAL:
            text = text.replace(special, "")
        yield "".join(letter for letter in text if not letter.isdigit())
