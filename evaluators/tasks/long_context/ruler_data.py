"""The data of RULER's tasks by lm-eval's own generators, each for the size in force.

Hsieh et al., RULER: What's the Real Context Size of Your Long-Context Language Models? (arXiv:2404.06654). Six of the
thirteen make all of their text; the others take essays and questions from the hub and the web.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import ModuleType
from typing import Any

from evaluators.tasks.long_context.needle_words import needle_module
from evaluators.tasks.long_context.served_tokens import ServedTokenizer
from evaluators.tasks.long_context.text_length import FRAME, current_size

GENERATORS = {
    **{
        name: ("niah_utils", name)
        for name in (
            "niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2", "niah_multikey_3",
            "niah_multivalue", "niah_multiquery",
        )
    },
    "ruler_vt": ("vt_utils", "get_vt_dataset"),
    "ruler_cwe": ("cwe_utils", "get_cw_dataset"),
    "ruler_fwe": ("fwe_utils", "fwe_download"),
    "ruler_qa_squad": ("qa_utils", "get_squad"),
    "ruler_qa_hotpot": ("qa_utils", "get_hotpotqa"),
}  # fmt: skip
"""Task -> module of lm_eval.tasks.ruler and its function."""
ESSAYS = ("niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multivalue", "niah_multiquery")
"""Tasks whose text is essays, cut into sentences by a model of NLTK's, which is downloaded."""
ANSWERS = {"ruler_vt": 30, "ruler_cwe": 120, "ruler_fwe": 50, "ruler_qa_squad": 32, "ruler_qa_hotpot": 32}
"""Tokens that a generator keeps free for the answer; 128 where it is not named."""
_MADE: dict[tuple[str, int, str], Any] = {}
"""Texts of this process: a verification loads a benchmark several times."""


def load_ruler(kind: str, **_: object) -> Any:
    """Split `test` of a RULER task: 500 documents, the same for the same tokenizer and length.

    lm-eval calls it as a task's `custom_dataset`. Raises UserError outside of a run; errors of the hub where a task
    takes its text from there.
    """
    size = current_size()
    room = size.tokens - FRAME - size.answer + ANSWERS.get(kind, 128)
    key = (kind, room, size.counted_by)
    if key not in _MADE:
        _MADE[key] = _generated(kind, room)
    return _MADE[key]


def _generated(kind: str, room: int) -> Any:
    import numpy

    module, name = GENERATORS[kind]
    with _served_tokenizer(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        needles = needle_module()
        loaded = importlib.import_module(f"lm_eval.tasks.ruler.{module}")
        if kind in ESSAYS:
            needles.download_nltk_resources()
        generate = getattr(loaded, name)
        if own := getattr(loaded, "RNG", None):
            own.seed(42)
        state = random.getstate(), numpy.random.get_state()
        random.seed(f"{kind} {room}")
        numpy.random.seed(1234)
        try:
            return generate(max_seq_lengths=[room], tokenizer="served")
        finally:
            random.setstate(state[0])
            numpy.random.set_state(state[1])


@contextmanager
def _served_tokenizer() -> Iterator[None]:
    """lm-eval's RULER takes `transformers` for its tokenizer only; ours is what the server has."""
    common = _common_utils()
    theirs, common.AutoTokenizer = common.AutoTokenizer, ServedTokenizer
    common.get_tokenizer.cache_clear()
    try:
        yield
    finally:
        common.AutoTokenizer = theirs
        common.get_tokenizer.cache_clear()


def _common_utils() -> Any:
    """lm-eval's module with the tokenizer, also where `transformers`, which it imports, is not installed."""
    if "transformers" in sys.modules or importlib.util.find_spec("transformers"):
        return importlib.import_module("lm_eval.tasks.ruler.common_utils")
    stand_in = ModuleType("transformers")
    stand_in.AutoTokenizer = ServedTokenizer  # type: ignore[attr-defined]
    sys.modules["transformers"] = stand_in
    try:
        return importlib.import_module("lm_eval.tasks.ruler.common_utils")
    finally:  # other packages take one that is there for a whole one
        del sys.modules["transformers"]
