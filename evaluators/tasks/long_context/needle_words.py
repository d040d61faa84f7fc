"""lm-eval's maker of needles, imported without what it does on import.

It downloads a model of NLTK's, which takes half a minute where there is no network, and writes out every pair of an
adjective and a noun: ten million words, a gigabyte and half a minute. The pairs are the same here, made when drawn.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, overload

NAME = "lm_eval.tasks.ruler.prepare_niah"


class WordPairs(Sequence[str]):
    """Every adjective with every noun, as one sequence."""

    def __init__(self, adjectives: Sequence[str], nouns: Sequence[str]) -> None:
        self.adjectives, self.nouns = sorted(set(adjectives)), sorted(set(nouns))

    def __len__(self) -> int:
        return len(self.adjectives) * len(self.nouns)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        adjective, noun = divmod(range(len(self))[index], len(self.nouns))
        return f"{self.adjectives[adjective]}-{self.nouns[noun]}"


def needle_module() -> Any:
    """`lm_eval.tasks.ruler.prepare_niah`."""
    if NAME in sys.modules:
        return sys.modules[NAME]
    import nltk
    import wonderwords

    download, words = nltk.download, wonderwords.RandomWord
    few = SimpleNamespace(_categories={"nouns": ["noun"], "adjectives": ["plain"], "verbs": []})
    nltk.download, wonderwords.RandomWord = lambda *_, **__: False, lambda: few
    try:
        module: Any = importlib.import_module(NAME)
    finally:
        nltk.download, wonderwords.RandomWord = download, words
    categories = words()._categories
    module.WORDS = WordPairs(categories["adjectives"], categories["nouns"])
    return module
