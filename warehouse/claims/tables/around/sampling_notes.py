"""Sampling settings and the form of prompts that sentences near a table state."""

from __future__ import annotations

import re
from collections.abc import Sequence

from warehouse.claims.tables.ownership.closeness import names_another
from warehouse.claims.tables.ownership.identity import Identity
from warehouse.claims.text.names import resolve_benchmark
from warehouse.claims.text.stated_for_all import exceptions_in
from warehouse.claims.text.stated_sampling import FIELDS
from warehouse.claims.text.vocabulary import VARIANTS

_PROMPTS = {
    "completion": re.compile(r"(?i)\b(?:plain|raw)[\s-]+(?:text |completion )*prompts?\b|\bcompletion[\s-]+prompts?\b"),
    "chat": re.compile(
        r"(?i)\bchat[\s-]templates? (?:is |was |were )?(?:applied|used)|\bwith (?:the |its |a )?chat template"
    ),
}


_GREEDY = re.compile(
    r"(?i)\bgreedy[\s-](?:decoding|sampling|search|generation)\b|贪心(?:解码|搜索|采样)|贪婪(?:解码|搜索)"
)
_NOT_GREEDY = re.compile(
    r"(?i)\btemp(?:erature)?\b|\btop[\s_-]?[pk]\b|\bnon-greedy\b|\bnot\b|\bexcept|\botherwise\b|\bunless\b|\bonly\b|"
    r"\b(?:random|nucleus|multinomial)[\s-]sampl|\bsampl(?:ed|es)\b|\bvot|maj@|avg@|pass@(?!1\b)|\bbest[- ]of\b|"
    r"\bor\b|\bwhile\b|\bwhereas\b|采样温度|投票"
)


def _all_greedy(notes: Sequence[str]) -> bool:
    """Whether a sentence of the notes says that answers were decoded greedily, and no word beside it that some, or
    others, were not; a sentence that names benchmarks is of these alone."""
    sentences = [text for note in notes for text in re.split(r"(?<=[.!?。])\s*(?=\S)", note)]
    greedy = [text for text in sentences if _GREEDY.search(text)]
    others = [text for note in notes for text in FIELDS["temperature"].findall(note)]
    some = [word for text in greedy for word in re.findall(r"[A-Z][\w+-]+", text) if resolve_benchmark(word).name]
    return bool(greedy) and not (others or some) and not any(_NOT_GREEDY.search(text) for text in greedy)


_SHARED = re.compile(r"(?i)\b(?:all|every|both|each|includ\w+|follow\w+|same|as in|like|consistent)\b|所有|均|一致")
"""Words of a sentence that may be about the release as well as about the model that it names."""


def less_others(notes: Sequence[str], identity: Identity) -> list[str]:
    """The notes without the sentences that are about other models alone: `Odd-8B was run at temperature 0.6`."""
    kept = []
    for note in notes:
        sentences = re.split(r"(?<=[.;!?。；])\s+", note)
        kept.append(" ".join(s for s in sentences if _SHARED.search(s) or not names_another(s, identity)))
    return kept


_OF_NAMED = re.compile(
    r"(?i)(?:(?<=[.;] )|(?<=^))(?:(?:specifically|in particular|but|while|however),? )?(?:for|on) "
    r"(?P<names>[^.,;:]{2,60}),(?P<said> [^;]*?)(?:[.;](?=\s|$)|$)"
)
"""A sentence, or a part of one, that is about benchmarks by name alone: `Specifically, for TauBench, temperature=1`."""


def _not_excepting(notes: Sequence[str], benchmark: str | None) -> list[str]:
    """The notes without the sentences that except this benchmark (`All but X were run at temperature 1.0`)."""
    return [
        " ".join(part for part in re.split(r"(?<=[.;!?。]) +", note) if benchmark not in exceptions_in(part))
        for note in notes
    ]


def _is_or_part(benchmark: str | None, name: str) -> bool:
    """Whether a benchmark is this one or a part of it, as `tau_bench_retail` of `tau_bench`; `mmlu_pro` is no part."""
    head, of, part = (benchmark or "").partition(name)
    return not head and bool(of) and (not part or (part[0] == "_" and not VARIANTS & set(part.split("_"))))


def _by_name(notes: Sequence[str], benchmark: str | None) -> tuple[dict[str, str | int | float], list[str]]:
    """What sentences state of this benchmark's sampling by its name, and the notes without what is about named ones."""
    stated: dict[str, str | int | float] = {}
    rest: list[str] = []
    for note in notes:
        for match in reversed(list(_OF_NAMED.finditer(note))):
            named = {
                resolve_benchmark(name.strip()).name for name in re.split(r"\s*(?:,|&|/|\band\b)\s*", match["names"])
            }
            if None not in named:
                note = note[: match.start()] + note[match.end() :]
                ours = any(name and _is_or_part(benchmark, name) for name in named)
                stated |= sampling([match["said"]], None) if ours else {}
        rest.append(note)
    return stated, rest


def sampling(notes: Sequence[str], benchmark: str | None) -> dict[str, str | int | float]:
    """Sampling settings that the notes state for this benchmark's score: each only if exactly one value of it is named
    anywhere in them, save where sentences are about benchmarks by name."""
    named, notes = _by_name(_not_excepting(notes, benchmark), benchmark)
    stated: dict[str, str | int | float] = {}
    for name, pattern in FIELDS.items():
        values = {match.replace(",", "") for text in notes for match in pattern.findall(text)}
        if len(values) == 1:
            value = values.pop()
            stated[name] = int(value) if name in ("top_k", "max_tokens") else float(value)
    if "temperature" not in stated and _all_greedy(notes):
        stated["temperature"] = 0.0
    prompts = {name for name, pattern in _PROMPTS.items() if any(pattern.search(text) for text in notes)}
    if len(prompts) == 1:
        stated["prompt"] = prompts.pop()
    return stated | named
