"""The names of a table's rows, completed by what stands beside and above them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from warehouse.claims.tables.context import Context
from warehouse.claims.tables.headings import heading_label
from warehouse.claims.tables.ownership.context_editions import told_by_context
from warehouse.claims.text.names import name_tokens
from warehouse.claims.text.parts import says_how_asked
from warehouse.claims.text.vocabulary import TUNED, UNTUNED

_ADDED = re.compile(r"[\s*_↳└+&–-]*(?:w/|with\b|\+)\s*(\S.*)")
"""How a row begins that says how the model above was asked: `w/ 64K inference budget`."""
_OF_BASE = re.compile(r"(?i)(?:base|pre-?trained|foundation)(?: models?)?|(?:预训练|基座|基础)(?:模型)?")
_OF_TUNED = re.compile(r"(?i)(?:chat|instruct|instruction-tuned|aligned)(?: models?)?|(?:对话|指令)(?:模型)?")


def named_rows(context: Context, numbers: Sequence[int], names: Sequence[str]) -> list[str]:
    """The `names` of the rows with these numbers: with the model above for a row that only says how it was asked, with
    the word of tuning that a column of groups states, and told apart by the length of their context."""
    completed: list[str] = []
    above = ""
    for number, name in zip(numbers, names, strict=True):
        added = _ADDED.fullmatch(name)
        if added and above and says_how_asked(added[1]):
            completed.append(f"{above} ({added[1]})")
            continue
        above = name
        completed.append(_with_tuning(context, number, name))
    lengths = [_length_of(context, number) for number in numbers]
    own = {
        claim.said
        for claim in context.reading.claims
        if claim.benchmark == "context_window" and claim.model == context.identity.model
    }
    return told_by_context(completed, lengths, own, context.identity)


def _with_tuning(context: Context, number: int, name: str) -> str:
    """The release's name for a name that lacks only its word of tuning, where a column of groups states that."""
    ours, words = name_tokens(context.identity.model), name_tokens(name)
    for column, role in context.layout.roles.items():
        group = context.grid.rows[number][column].text
        if role in ("group", "words") and not words & (TUNED | UNTUNED):
            mine = ours & (UNTUNED if _OF_BASE.fullmatch(group) else TUNED if _OF_TUNED.fullmatch(group) else set())
            if mine and words | mine == ours:
                return context.identity.model.rsplit("/", 1)[-1]
    return name


def _length_of(context: Context, number: int) -> str:
    """The length of the context that a row states, in a column headed so."""
    for column, heads in enumerate(context.layout.heads):
        if heads and heading_label(heads).benchmark == "context_window":
            return context.grid.rows[number][column].text
    return ""
