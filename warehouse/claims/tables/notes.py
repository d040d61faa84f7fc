"""Sentences near a table that state settings: kept word for word, and given to the rows and cells they are about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from warehouse.claims.tables.document import Heading, Words
from warehouse.claims.tables.grid import Grid
from warehouse.claims.tables.ownership.closeness import names_another
from warehouse.claims.tables.ownership.identity import Identity
from warehouse.claims.text.brackets import without_brackets
from warehouse.claims.text.names import name_tokens, normalise, resolve_benchmark
from warehouse.claims.text.stated_sampling import COUNTED
from warehouse.claims.text.vocabulary import TUNED, UNTUNED

LONGEST = 800
MOST = 30
_SETTINGS = re.compile(
    r"(?i)temperature|top[\s_-]?[pk]\b|min[\s_-]?p\b|max(?:imum)?[\s_-]?(?:new[\s_-]?)?(?:tokens?|length|output)|"
    r"output (?:length|tokens?)|tokens?\b.*\b(?:limit|length|budget)|\bmax \d+\s?k\b|\d+[\s-]?shot|few[\s-]?shot|"
    r"context (?:length|window)|thinking|reasoning (?:effort|mode|budget)|scaffold|agent framework|judge|averag|"
    r"\bavg@|pass@|maj@|cons@|\bruns\b|harness|lm[\s_-]?eval|lighteval|evalplus|simple-evals|opencompass|vllm|sglang|"
    r"openhands|\bgreedy\b|sampling|system prompt|chat template|prompt(?:ed|ing|s)?\b|win rate|\bmetric|evaluat|"
    r"\bscores?\b|results?\b.*(?:report|taken|from)|subset|with tools|without tools|marked|asterisk|batch size|"
    r"concurren|hardware|quantiz"
)
_BEFORE = re.compile(
    r"(?i)temperature|top[\s_-]?[pk]\b|max(?:imum)?[\s_-]?(?:new[\s_-]?)?(?:tokens?|output)|\d+[\s-]?shot|"
    r"(?:few|zero|one)[\s-]?shot|\bavg@|pass@|harness|lm[\s_-]?eval|lighteval|simple-evals|opencompass|\bvllm\b|sglang|"
    r"llama\.cpp|\bgreedy\b|sampling|judge|averaged|thinking mode|reasoning (?:effort|mode)|batch size|concurren|"
    r"measured (?:on|with)|tested (?:on|with)|evaluated (?:on|with|using|at|in)"
)
_LEGEND = re.compile(
    r"(?i)^\W{0,3}?(\*{1,3}|[†‡§¶✱▲▼#^]|\(\?\)|\d{1,2}(?=[\s.)])|[a-f](?=[.):]\s))|(?:marked|asterisk|denoted?)\D{0,40}?([*†‡§¶✱▲▼#])|([✱▲▼†‡§¶])\s*[:=]"
)
_FOOTNOTES = re.compile(
    r"(?<=[\w.)%])\s+(?=(?:[†‡§¶✱]|\*{2,3}(?!\w)|\[?\^\d\]?:)\s*\w)|"
    r"(?<=[.!])\s+(?=All (?:other |the )?(?:models|results|scores|benchmarks|evaluations|numbers|tests)\b)"
)
"""Where the next footnote of a paragraph begins, or a sentence about all of its numbers."""


@dataclass(frozen=True)
class Note:
    """One sentence or footnote near a table."""

    text: str
    """Word for word, shortened to 800 characters."""
    about: tuple[str, ...] = ()
    """Benchmarks or row labels (normalised) it begins with; empty: all."""
    mark: str | None = None
    """Footnote marker it explains; None: all."""


def notes_near(blocks: Sequence[Heading | Words | Grid], index: int) -> tuple[Note, ...]:
    """Notes for the table at `place`: the words before it up to the last heading or table, and after it up to the
    next, as far as they speak of settings."""
    before: list[Words] = []
    for block in reversed(blocks[max(0, index - 8) : index]):
        if not isinstance(block, Words):
            break
        before.insert(0, block)
    after: list[Words] = []
    for block in blocks[index + 1 : index + 1 + MOST]:
        if not isinstance(block, Words):
            break
        after.append(block)
    if len(blocks) > index + 1 + len(after) and isinstance(blocks[index + 1 + len(after)], Grid):
        after = [words for words in after if _LEGEND.search(words.text) or not _introduces(words.text)]
    notes = [_note(words.text) for words in before if _BEFORE.search(words.text) and not _LEGEND.match(words.text)]
    texts = [text for words in after for text in _FOOTNOTES.split(words.text)]
    notes += [_note(text) for text in texts if _SETTINGS.search(text) or _LEGEND.search(text)]
    return (*notes, *(_note(text) for text in _of_whole_section(blocks, index + 1 + len(after))))


_OF_ALL = re.compile(
    r"(?i)^\W*(?:\d+(?:\.\d+)*\.?\s+)?all (?:of )?(?:the |our |reported )?"
    r"(?:benchmarks?|evaluations?|results|scores|experiments|tests|numbers)\b(?! (?:of|for|by|from) )"
)


def _of_whole_section(blocks: Sequence[Heading | Words | Grid], index: int) -> list[str]:
    """Sentences behind the tables that follow, up to the next heading, that are about all benchmarks, or tell by name
    how often some were run: footnotes of a section stand behind its last table."""
    texts: list[str] = []
    for block in blocks[index : index + 1 + 2 * MOST]:
        if isinstance(block, Heading):
            break
        mark = _LEGEND.search(block.text) if isinstance(block, Words) else None
        if isinstance(block, Words) and (mark is None or (mark[1] or "").isdigit()):
            every = _OF_ALL.search(block.text) and _SETTINGS.search(block.text)
            texts += [block.text] if every or any(pattern.search(block.text) for pattern in _REPEATS_FOR) else []
    return texts


def words_around(blocks: Sequence[Heading | Words | Grid], index: int) -> list[str]:
    """The texts of the words right before and after the table at `place`, up to the next heading or table."""
    before, after = reversed(blocks[max(0, index - 12) : index]), blocks[index + 1 : index + 1 + MOST]
    runs = (takewhile(lambda block: isinstance(block, Words), part) for part in (before, after))
    return [block.text for run in runs for block in run if isinstance(block, Words)]


def words_over(blocks: Sequence[Heading | Words | Grid], index: int, *, nearest: bool = False) -> list[str]:
    """The texts of the words that stand directly under one of the headings over the table at this place (`nearest`: the
    nearest), in order: what they say may be about all that the heading is over."""
    over: list[str] = []
    under: list[str] = []
    level = 7
    for block in reversed(blocks[max(0, index - 120) : index]):
        if isinstance(block, Words):
            under.insert(0, block.text)
        elif isinstance(block, Heading):
            over = [*under, *over] if block.level < level else over
            level, under = min(level, block.level), []
            if nearest:
                break
    return over if level < 7 else under


def _introduces(text: str) -> bool:
    """Whether the words lead in what follows, e.g. end in a colon."""
    return text.rstrip().endswith(":")


def _note(text: str) -> Note:
    plain = re.sub(r"^(?:[•\-–>]\s*|\[!\w+\]\s*|notes?:\s*)+", "", text, flags=re.IGNORECASE).strip()
    mark = None
    if legend := _LEGEND.search(plain):
        mark = legend[1] or legend[2] or legend[3]
    about: tuple[str, ...] = ()
    if head := re.match(r"^([^:.]{2,160}):\s+\S", plain):
        names = [part.strip() for part in re.split(r"\s*(?:&|,|\band\b)\s+", head[1]) if part.strip()]
        if names and all(_named(name) for name in names):
            about = tuple(key for name in names for key in _keys(name))
    elif head := re.match(r"^(?:For|On|In) ([^:.,;]{2,60}(?:, [^:.,;]{2,30})*?(?:,? and [^:.,;]{2,40})?), \w", plain):
        names = [name.strip("`'\" ") for name in re.split(r"\s*(?:&|,|\band\b)\s+", head[1]) if name.strip()]
        besides = {resolve_benchmark(word).name for word in re.findall(r"\b[A-Z][\w-]+", plain[head.end() :])} - {None}
        named = {resolve_benchmark(name).name for name in names}
        if names and None not in named and besides <= named:
            about = tuple(key for name in names for key in _keys(name))
    return Note(re.sub(r"^\[!\w+\]\s*", "", text)[:LONGEST], about, mark)


def _named(text: str) -> bool:
    core = re.sub(r"\([^()]*\)", "", text).strip()
    return (
        resolve_benchmark(text).name is not None
        or resolve_benchmark(core).name is not None
        or (len(core.split()) <= 3 and any(c.isupper() for c in core[1:]) and core.casefold() not in ("notes", "note"))
    )


def _keys(text: str) -> tuple[str, ...]:
    core = re.sub(r"\([^()]*\)", "", text).strip()
    names = (resolve_benchmark(text).name, resolve_benchmark(core).name)
    return tuple(dict.fromkeys(key for key in (*names, normalise(text), normalise(core)) if key))


def notes_for(notes: Sequence[Note], *, label: str, benchmark: str | None, marks: str) -> tuple[str, ...]:
    """Those of the notes that are about a cell: by its row's benchmark or label, and by its markers."""
    keys = {key for key in (benchmark, normalise(label), *_keys(label)) if key}
    texts = []
    for note in notes:
        if note.mark is not None and note.mark not in borne_by(marks):
            continue
        if note.about and not keys & set(note.about):
            continue
        texts.append(note.text)
    return tuple(texts)


_DECIDES = re.compile(
    r"(?i)\bmaj(?:ority)?\b|\bmaj@|\bcons@|\bvot(?:e|ing)|best[- ]of|ensembl|parallel (?:sampl|comput|think)|"
    r"\bsubset\b|\btools?\b|\bsearch\b|translated|\bcloze\b|self[- ]consisten|test[- ]time comput"
)
"""Words of a sentence that make another measurement of a benchmark."""


def borne_by(marks: str) -> frozenset[str]:
    """The single footnote markers of a cell."""
    return frozenset(re.findall(r"\d+|\(\?\)|\*+|\S", marks))


def footnotes(notes: Sequence[Note], marks: str) -> tuple[str, ...]:
    """The footnotes that these marks point to."""
    borne = borne_by(marks)
    return tuple(note.text for note in notes if note.mark is not None and note.mark in borne)


def says_how(footnote: str) -> bool:
    """Whether a footnote speaks of how numbers were measured."""
    return _SETTINGS.search(footnote) is not None


def binding(near: Sequence[str], notes: Sequence[Note]) -> tuple[str, ...]:
    """Those of the sentences near a number that say how this very number was made: its own footnotes, sentences that
    begin with its benchmark, and those that name another way to measure. The others only stand nearby."""
    targeted = {note.text for note in notes if note.mark is not None or note.about}
    return tuple(text for text in near if text in targeted or _DECIDES.search(text))


def without_numbering(notes: Sequence[Note], marks: str) -> tuple[Note, ...]:
    """The notes of a table whose cells bear these marks: a number that no cell bears is no footnote's."""
    borne = borne_by(marks)
    return tuple(
        replace(note, mark=None) if note.mark and note.mark.isalnum() and note.mark not in borne else note
        for note in notes
    )


_SHOTS_FOR = (
    re.compile(r"(?i)\b(\d{1,2}|zero|one)[\s-]shots?(?: \w+)? (?:for|on) (?P<names>[^.;()]{2,200})"),
    re.compile(r"(?i)(?P<names>[^.;:()]{2,200}?) (?:is|are|was|were) (?:evaluated |tested |measured )?"
               r"(?:with |in |using |at )?(?:a )?(\d{1,2}|zero|one)[\s-]shots?\b"),
    re.compile(r"(?P<names>[^，,；;。:：]{2,120}?)\s*(?:采用|使用|均采用|均使用|为|测试|评测)了?\s*(\d{1,2})[\s-]shots?(?![A-Za-z])"),
)  # fmt: skip
_SHOTS_FOR_ALL = re.compile(
    r"(?i)\b(?:uniformly|consistently)\s+(?:uses?|used|adopt(?:s|ed)?)\s+\W{0,3}(\d{1,2})[\s-]shot\b|"
    r"\ball (?:evaluations?|results?|benchmarks?|scores?|tasks?|numbers) (?:are|were) "
    r"(?:evaluated |reported |measured )?"
    r"(?:in |with |using |at )?(?:an? )?(\d{1,2}|zero|one)[\s-]shot\b|"
    r"均(?:采用|使用|为|以)了?\s*(\d{1,2})[\s-]?shots?(?![A-Za-z])"
)


def _shots(words: str) -> int:
    return {"zero": 0, "one": 1}[words.casefold()] if words.isalpha() else int(words)


def shots_for(near: Sequence[str], benchmark: str | None, *, tuned: bool) -> int | None:
    """The shots that sentences near a number state for its benchmark by name (`0-shot for MMLU, GSM8K and C-Eval`) or
    for all (`uniformly use 5-shot`); None where none or several do. A sentence about base or about chat models alone
    holds for these."""
    counts: set[int] = set()
    for text in near if benchmark else ():
        speaks_of = {kind for kind, pattern in _SPEAKS_OF.items() if pattern.search(text)}
        if len(speaks_of) == 1 and speaks_of != {"tuned" if tuned else "base"}:
            continue
        every = [next(filter(None, groups)) for groups in _SHOTS_FOR_ALL.findall(text)]
        counts |= {_shots(words) for words in every}
        for pattern in _SHOTS_FOR:
            for match in pattern.finditer(text):
                names = re.split(r"\s*(?:,|&|/|、|和|与|\band\b)\s*", match["names"])
                bare = [re.sub(r"^.*[\u4e00-\u9fff]\s*(?=[A-Za-z])", "", name.strip(" *_`")) for name in names]
                if any(resolve_benchmark(name).name == benchmark for name in bare):
                    words = next(group for group in match.groups() if group and group != match["names"]).casefold()
                    counts.add(_shots(words))
    return counts.pop() if len(counts) == 1 else None


_REPEATED = rf"(?:over|of|across|from) (\d{{1,4}}) (?:independent |random |separate )?{COUNTED}"
_REPEATS_FOR = (
    re.compile(
        r"(?i)(?P<names>[^.;:]{2,120}?) (?:(?:is|are|was|were) (?:run|evaluated|tested|sampled|repeated) )?"
        r"(\d{1,3}) times \(avg ?@ ?\2\)"
    ),
    re.compile(
        r"(?i)(?P<names>[^.;:]{2,200}?) (?:is|are|was|were) (?:reported |evaluated |measured |scored )?"
        rf"(?:with |as |by |using )?(?:the |an? )?(?:averaged?|mean)(?: scores?| accuracy| results?)? {_REPEATED}"
    ),
    re.compile(
        rf"(?i)\b(?:for|on) (?P<names>[^.;:]{{2,200}}?), (?:we |results? |scores? )[^.;:]{{0,40}}?averaged? {_REPEATED}"
    ),
)


def repeats_for(near: Sequence[str], benchmark: str | None) -> int | None:
    """How often the mean was taken that sentences near a number state for its benchmark by name (`AIME24 and GPQA are
    averaged over 8 runs`); None where none or several do."""
    counts: set[int] = set()
    for text in near if benchmark else ():
        for pattern in _REPEATS_FOR:
            for match in (*pattern.finditer(text), *pattern.finditer(without_brackets(text))):
                names = [name.strip(" *_`>") for name in re.split(r"\s*(?:,|&|/|\band\b)\s*", match["names"])]
                if any(resolve_benchmark(name).name == benchmark for name in names):
                    counts.add(int(match[2]))
    return counts.pop() if len(counts) == 1 else None


_SHOTS_OVER = re.compile(
    r"(?i)^\W*(\d{1,2}|zero|one)[\s-]shot (?:performance|results?|evaluations?|accuracy|scores?)\b"
)


_SHOTS_OF_RESULTS = re.compile(r"(?i)\bresults? (?:on|of|in|for) (\d{1,2}|zero|one)[\s-]shot\b")


def shots_over(texts: Sequence[str]) -> int | None:
    """The shots that the words right over a table begin with, as `Zero-shot performance. Evaluated using ...`, or that
    a heading further up states of all results, as `Results on zero-shot tasks`."""
    first = _SHOTS_OVER.match(texts[-1]) if texts else None
    every = [match for text in texts if (match := _SHOTS_OF_RESULTS.search(text))]
    stating = first or (every[-1] if every else None)
    return _shots(stating[1]) if stating else None


_SPEAKS_OF = {
    "base": re.compile(r"(?i)\b(?:base|pre-?trained) models?\b|基座模型|base模型|预训练模型"),
    "tuned": re.compile(r"(?i)\b(?:chat|instruct|instruction-tuned|fine-?tuned|aligned) models?\b|chat模型|对话模型"),
}


_RESULTS_OF = re.compile(
    r"(?i)\b(?:results?|scores?|numbers?|figures?|values?|performance|evaluation|measured|evaluated|reported|obtained)\b"
    r"(?:[^.;]{0,40}?)\b(?:of|for|from|with|on|by|are|is)\b (?P<whose>[^.;]{2,120})"
)

_JUDGED = re.compile(
    r"(?i)\bjudg|\bgrad(?:er|ed|ing)|\bextract|"
    r"\b(?:evaluated|scored|rated|compared|measured) (?:by|with|using|against)\b"
)


def is_of_another(footnote: str, identity: Identity) -> bool:
    """Whether a footnote says that the numbers it is about are another model's, or the base model's of a tuned release
    (and the other way round)."""
    said = _RESULTS_OF.search(footnote)
    if said is None or _JUDGED.search(footnote):
        return False
    if names_another(said["whose"], identity):
        return True
    whose = re.match(
        r"(?i)(?:the |our |its )?([\w-]+)[- ]?(?:tuned )?(?:model|version|variant|checkpoint)\b", said["whose"]
    )
    if whose is None:
        return False
    words, ours = name_tokens(whose[1]), name_tokens(identity.model)
    if words & UNTUNED:
        return not ours & UNTUNED and not identity.has_tuned_sibling
    return bool(words & (TUNED | {"instruction", "tuned"})) and (bool(ours & UNTUNED) or identity.has_tuned_sibling)
