"""What a sentence says an artifact keeps of another's score: "Q4_K_M retains 99.1% of the BF16 accuracy on MMLU"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evaluators.records import UserError
from warehouse.claims.text.pair_words import PairWords, read_pair

_START = re.compile(
    r"\b(?:retain|recover|preserve|keep|maintain)(?:s|ed)?\b|\b(?:stay|remain|i)s within\b|\bwithin \d"
    r"|\b(?:loses?|drops?|degradation of|loss of|drop of|recovery of)\b"
    r"|\b(?:less than|at most|no more than|under|below)\b"
    r"|\b(?:accuracy|score|quality|performance) (?:loss|drop|recovery)\b",
    re.I,
)
_END = re.compile(r"(?=\s+(?:on|in|for|at|across)\s)|(?=[,;:(]|\.(?:\s|$)|\s[-–—]\s)|$")
_CLAUSE = re.compile(r"[;]|\.\s|\b(?:but|while|whereas)\b")


Named = tuple[int, int, str]
"""Where a sentence names a benchmark, and its catalogue name."""


def pairs_in(sentence: str, named: Sequence[Named]) -> Iterator[tuple[int, str, PairWords, Named]]:
    """Phrases about a pair with a reference, each once for every benchmark that its clause names: (start, the phrase
    word for word, what it says, benchmark). `named`: the benchmarks of the sentence."""
    taken = 0
    for start in _START.finditer(sentence):
        if start.start() < taken:
            continue
        for end in _END.finditer(sentence, start.end()):
            said = sentence[start.start() : end.start()].strip()
            if (words := _read(said)) is None or words.reference is None:
                continue
            taken = end.start()
            for benchmark in named:
                if not _CLAUSE.search(sentence[min(benchmark[0], start.start()) : max(benchmark[1], taken)]):
                    yield start.start(), said, words, benchmark
            break


def _read(said: str) -> PairWords | None:
    try:
        return read_pair(said)
    except UserError:
        return None
