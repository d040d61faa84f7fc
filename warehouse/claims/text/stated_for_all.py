"""Settings that a heading, a caption or a sentence over a table states of all its scores, or of those it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluators.catalogue import catalogue
from warehouse.claims.text.brackets import BRACKET
from warehouse.claims.text.labels import SHOTS, read_label, stated_by
from warehouse.claims.text.names import resolve_benchmark
from warehouse.claims.text.stated_sampling import COUNTED, FIELDS

Settings = tuple[tuple[str, str | int | float], ...]


@dataclass(frozen=True)
class StatedForAll:
    """What a heading or sentence states of many scores at once."""

    settings: Settings
    """Settings, as (field, value)."""
    text: str = ""
    """The words that state them; empty for a heading."""
    only: frozenset[str] = frozenset()
    """The benchmarks that they are stated of; empty: all."""
    but: frozenset[str] = frozenset()
    """Benchmarks that the sentence excepts."""


def stated_for_all(headings: Sequence[str], paragraphs: Sequence[str]) -> tuple[StatedForAll, ...]:
    """What the `headings` over a table (the nearest last), and the `paragraphs` that stand directly under them, state
    of its scores."""
    above = [StatedForAll(settings) for text in headings if (settings := _of_heading(text, headings))]
    said = [
        statement
        for index, paragraph in enumerate(paragraphs)
        for statement in _of_paragraph(paragraph, paragraphs[index + 1 :])
    ]
    return (*above, *said)


def settings_for(
    statements: Sequence[StatedForAll], benchmark: str | None
) -> tuple[dict[str, str | int | float], list[str]]:
    """The settings that the statements give to a benchmark's score, and the sentences that state them. Statements that
    differ on a field, and are of one kind, give none of it."""
    if benchmark is None or catalogue()[benchmark].unit not in ("fraction", "points"):
        return {}, []
    stated: dict[str, str | int | float] = {}
    differing: set[str] = set()
    texts: list[str] = []
    for statement in statements:
        if benchmark in statement.but or (statement.only and benchmark not in statement.only):
            continue
        for name, value in statement.settings:
            if statement.text and name in stated and stated[name] != value:
                differing.add(name)
            stated[name] = value
        texts += [statement.text] if statement.text else []
    return {name: value for name, value in stated.items() if name not in differing}, texts


_OF_ALL = frozenset({"shots", "repeats", "tools", "metric", "temperature", "top_p", "top_k", "max_tokens"})


def _of_heading(text: str, headings: Sequence[str]) -> Settings:
    """The settings that a heading states: its shots, and what stands in its brackets. `pass@1` says nothing that is not
    usual, and a heading further up that names a benchmark is about that one."""
    if text != headings[-1] and read_label(text).benchmark is not None:
        return ()
    stated: dict[str, str | int | float] = {}
    shots = {match[1] or match[2].casefold() for match in SHOTS.finditer(text)} - {"few"}
    if len(shots) == 1:
        stated["shots"] = _count(shots.pop())
    for bracket in BRACKET.findall(text):
        settings, left = stated_by(bracket, None)
        if settings and not left and settings.keys() <= _OF_ALL and settings.get("metric") != "pass@1":
            stated |= settings
    return tuple(stated.items())


_N = r"(?P<shots>\d{1,2}|zero|one)[\s-]shots?\b"
_SETS = r"(?:data ?sets?|benchmarks?|tasks?|evaluations?|tests?|suites?)"
_SHOTS_OF_ALL = (
    re.compile(
        r"(?i)\ball (?:of )?(?:the |our |these |evaluation |reported |following |other )*"
        rf"(?:{_SETS}|results?|scores?|numbers|experiments|models)\b[^.;:]{{0,40}}?"
        r"\b(?:uses?|used|using|with|in|under|at|adopt\w*|employ\w*|follow\w*)\b"
        rf"(?:\s[\w\W]{{0,3}}(?:an?|the|standard|same|unified|uniform))?[\s*_`]+{_N}"
    ),
    re.compile(
        rf"(?i)\b{_N} (?:results?|performance|accuracy|scores?|evaluations?) "
        rf"(?:for|on|across|of) all (?:the )?{_SETS}"
    ),
    re.compile(
        r"(?i)\b(?:conduct|perform|ran|run|carr|did|do|use|adopt|report)\w*(?: out)?[\s*_`]+(?:an? |the )?"
        rf"{_N}(?: \w+)? ?(?:on|for|across) (?:all |each of )?(?:the |these )?"
        rf"(?P<list>following|above|below)?\s?{_SETS}"
    ),
    re.compile(
        r"(?:(?P<list>下列|以下|上述|下面)|所有|全部|各个?|这些)(?:的)?[^。；;]{0,12}(?:数据集|评测集|测试集|任务|基准|榜单)上?[^。；;]{0,8}?"
        r"(?:进行|采用|使用|做|以|为)了?[\s*`]*(?P<shots>\d{1,2})[\s-]?shots?(?![A-Za-z])"
    ),
    re.compile(r"(?:统一|一律|均|都)(?:采用|使用|以|为|用)了?[\s*`]*(?P<shots>\d{1,2})[\s-]?shots?(?![A-Za-z])"),
)  # fmt: skip
_MEANS_OF_ALL = re.compile(
    r"(?i)\b(?:all|we report|we present|reported|results?|scores?|numbers|accurac\w+|pass@1)\b[^.;:]{0,60}?"
    r"\baveraged?\s(?:results? |scores? |accuracy )?(?:over|across|of|from) (?P<repeats>\d{1,4}) "
    rf"(?:independent |random |separate )?{COUNTED}"
)
_MODE = r"(?P<{0}>(?:non[\s-]?|no[\s-])?(?:thinking|reasoning)(?:[\s-](?:on|off))?)"
_MODE_OF_ALL = re.compile(
    rf"(?i)\b(?:in|with|under|using) (?:the )?[\W_]{{0,3}}{_MODE.format('mode')}[\W_]{{0,3}} ?(?:modes?|enabled)?[\s,]*"
    rf"(?:across|on|for) all (?:the |of the )?{_SETS}"
    r"(?:,? (?:except|excluding)(?: for)? (?P<but>[^.;]*?)(?:,? (?:which|where)\b[^.;]*?"
    rf"\bin [\W_]{{0,3}}{_MODE.format('other')}.*)?)?(?:[.;]|$)"
)
_MODE_OF_NAMED = re.compile(
    r"(?i)(?:\bscores? (?:of|on|for) |^|[.;] )(?P<only>(?:[^.;:]|\.(?=\d)){2,120}?) (?:is|are|was|were) "
    r"(?:evaluated |calculated |measured |reported |tested |computed |obtained )?(?:with|in|using) (?:the )?"
    r"(?P<mode>thinking ?= ?true|thinking ?= ?false|(?:non-?)?(?:thinking|reasoning)(?: mode| enabled| on| off))\b"
)
_SAVE = re.compile(r"(?i)\b(?:except|excluding|apart from|other than)\b(?: for)? (?P<names>[^.;]+)")
"""Words that except some scores."""
_OUTPUT_LENGTH = re.compile(
    r"(?i)\bwe (?:set|use|limit|fix)\b[^.;]{0,80}?\bmax(?:imum)? (?:output|generation|generated|new)[ _]?(?:tokens?)?"
    r" ?(?:length)? (?:to|of|as|at|=) \W{0,3}(\d{1,3}(?:,\d{3})+|\d{3,6})\b(?!\s*[kK]\b)"
)
_ADVISED = re.compile(r"(?i)\brecommend|\bsuggest|\bshould\b|\btrain|\bfine-?tun")
_RESTRICTED = re.compile(
    r"(?i)\b(?:base|pre-?trained|chat|instruct|fine-?tuned|aligned) (?:language )?models?\b|"
    r"基座|底座|预训练模型|chat模型|对话模型"
)
"""Words of a sentence that is about base or about chat models alone."""


def _of_paragraph(paragraph: str, after: Sequence[str]) -> Iterator[StatedForAll]:
    """What a paragraph states of all scores; `after`: the paragraphs behind it, perhaps the list that it leads in."""
    yield from _shots_of_each(paragraph)
    for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z*`])|(?<=[。！？])", paragraph[:1500]):
        saved = _SAVE.search(sentence)
        but = _named_in(saved["names"]) if saved else frozenset[str]()
        if saved and not but:
            continue
        if not _RESTRICTED.search(sentence):
            yield from _shots_in(sentence, paragraph, after, but)
        yield from _shots_of_one(sentence, paragraph)
        yield from _sampling_in(sentence[: saved.start()] if saved else sentence, but)
        lengths = {int(match[1].replace(",", "")) for match in _OUTPUT_LENGTH.finditer(sentence)}
        if len(lengths) == 1 and not _ADVISED.search(sentence):
            yield StatedForAll((("max_tokens", lengths.pop()),), sentence, only=_named_in(sentence) - but, but=but)
        if (means := _MEANS_OF_ALL.search(sentence)) and not _named_in(
            sentence[: saved.start()] if saved else sentence
        ):
            yield StatedForAll((("repeats", int(means["repeats"])),), sentence, but=but)
        if mode := _MODE_OF_ALL.search(sentence):
            excepted = _named_in(mode["but"] or "")
            yield StatedForAll((("thinking", _on_or_off(mode["mode"])),), sentence, but=excepted)
            if mode["other"] and excepted:
                yield StatedForAll((("thinking", _on_or_off(mode["other"])),), sentence, only=excepted)
        for named in _MODE_OF_NAMED.finditer(sentence):
            if only := _every_name(named["only"]):
                yield StatedForAll((("thinking", _on_or_off(named["mode"])),), sentence, only=only)


def _shots_in(sentence: str, paragraph: str, after: Sequence[str], but: frozenset[str]) -> Iterator[StatedForAll]:
    counts = {}
    for pattern in _SHOTS_OF_ALL:
        for match in pattern.finditer(sentence):
            counts[_count(match["shots"])] = "list" in match.groupdict() and bool(match["list"])
    if len(counts) != 1 or len({number for number, _ in SHOTS.findall(sentence)} - {""}) > 1:
        return
    [(shots, listed)] = counts.items()
    only = _named_in(paragraph) - but
    if listed and after:
        only |= frozenset(name for text in after for name in _named_in(text[:60]))
    yield StatedForAll((("shots", shots),), sentence, only=only, but=but)


_SAMPLED = re.compile(
    r"(?i)^\W*(?:we (?:used?|evaluated?|reported|ran|set|sampled?)|(?:all|our) (?:of our )?(?:results|benchmarks|"
    r"evaluations?|models|scores|experiments)|(?:the )?(?:results|scores|benchmarks|evaluations) (?:are|were))\b"
)
_NOT_OF_ALL = re.compile(
    r"(?i)\b(?:recommend\w*|suggest\w*|deploy\w*|serv\w+|train\w*|data|rollouts?|some|most|other|off|only|judge|either|"
    r"generat\w+ (?:data|responses)|synthe\w+)\b"
)


def _sampling_in(sentence: str, but: frozenset[str]) -> Iterator[StatedForAll]:
    """The sampling that a sentence states of all scores: `We used temperature=0.6 and top_p=0.95`."""
    if not _SAMPLED.search(sentence) or _NOT_OF_ALL.search(sentence) or _named_in(sentence):
        return
    said = {name: set(pattern.findall(sentence)) for name, pattern in FIELDS.items()}
    settings = tuple(
        (name, int(value) if name in ("top_k", "max_tokens") else float(value))
        for name, values in said.items()
        if len(values) == 1 and (value := next(iter(values)).replace(",", ""))
    )
    if settings:
        yield StatedForAll(settings, sentence, but=but)


_ENTRY = re.compile(r"(?P<name>[A-Z][\w+.-]*(?: [A-Z\d][\w+.-]*){0,2}) ?\((?P<shots>\d{1,2})[\s-]?shots?\)")
"""One of a list of benchmarks, each with its shots: `MMLU (5-shot), BBH (3-shot)`."""


def _shots_of_each(paragraph: str) -> Iterator[StatedForAll]:
    """The shots of each benchmark, where a paragraph lists several with theirs."""
    entries = [(resolve_benchmark(entry["name"]).name, int(entry["shots"])) for entry in _ENTRY.finditer(paragraph)]
    others = _OTHERWISE.search(paragraph) or re.search(r"(?i)\breport(?:s|ed)?\b|\bthey\b|\btheir\b", paragraph)
    for name, shots in entries if len(entries) > 1 and not others else ():
        if name is not None:
            yield StatedForAll((("shots", shots),), paragraph[:200], only=frozenset({name}))


_SHOTS_OF_ONE = (
    re.compile(
        rf"(?i)\b(?:evaluat|report|measur|test)\w* (?:the |its |their )?{_N}"
        r"(?: (?:validation|test|dev|and|sets?|/))* (?:accuracy|performance|results?|scores?)\b"
    ),
    re.compile(
        rf"(?i)\b(?:conduct|perform|ran|run|carr|did|do)\w*(?: out)? an? {_N} (?:tests?|evaluations?)"
        r"(?: on (?:all (?:the )?models|the (?:test|validation|dev) set|it))?(?=\s*[.,;]|\s*$)"
    ),
)
"""What says how the one benchmark of a paragraph was asked: `conducted a 5-shot test on all models`."""


def _shots_of_one(sentence: str, paragraph: str) -> Iterator[StatedForAll]:
    """The shots that a sentence states of the one benchmark that its paragraph names."""
    counts = {_count(match["shots"]) for pattern in _SHOTS_OF_ONE for match in pattern.finditer(sentence)}
    named = _named_in(paragraph)
    if len(counts) == len(named) == 1 and len(set(_shots_said(paragraph))) == 1:
        stated = {"shots": counts.pop(), **_accuracy_in(sentence, named)}
        yield StatedForAll(tuple(stated.items()), sentence, only=named)


def _accuracy_in(sentence: str, named: frozenset[str]) -> dict[str, str | int | float]:
    """The metric of the one benchmark, where the sentence speaks of its accuracy and of no other measure."""
    measures = {match[0].casefold() for match in _MEASURE.finditer(sentence)}
    return stated_by("accuracy", next(iter(named)))[0] if measures == {"accuracy"} else {}


def _shots_said(text: str) -> list[int]:
    return [_count(word) for match in SHOTS.finditer(text) if (word := match[1] or match[2]).casefold() != "few"]


_MEASURE = re.compile(
    r"(?i)\baccuracy\b|\bF1\b|\bexact match\b|\bEM\b|pass@\d+|\bBLEU\b|\bROUGE\b|\bmaj(?:ority)?\b|\bwin rate\b"
)
_SHOWN = re.compile(
    r"(?i)\b(?:below|following|as follows|table|demonstrated?|show[ns]?|presented?|reported?|provided)\b|如下|下表|以下"
)
_OTHERWISE = re.compile(r"(?i)\b(?:unlike|instead|rather|not|except|whereas|while|but|respectively)\b")
_SPLIT_SET = re.compile(r"(?i)\b(?:validation|val|dev(?:elopment)?|test(?:ing)?)[ -](?:set|split)\b")


def stated_right_over(paragraph: str) -> tuple[StatedForAll, ...]:
    """What the paragraph right over a table states of the one benchmark that it says to be shown there: its shots, and
    the split that was scored, as in `The zero-shot accuracy on the C-Eval validation set is shown below`."""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z*`])|(?<=[。！？])", paragraph[-1500:])
    for sentence in reversed(sentences):
        named = _named_in(sentence)
        if not _SHOWN.search(sentence) or len(named) != 1 or _OTHERWISE.search(sentence):
            continue
        stated = _accuracy_in(sentence, named)
        if len(shots := set(_shots_said(sentence))) == 1:
            stated["shots"] = shots.pop()
        splits = {match[0].casefold() for match in _SPLIT_SET.finditer(sentence)}
        tested = all(catalogue()[name].cannot_run is None for name in named) and "test" in "".join(splits)
        if len(splits) == 1 and not tested:  # what is run is the test split, where there is one
            stated["subset"] = splits.pop()
        return (StatedForAll(tuple(stated.items()), only=named),) if stated else ()
    return ()


def _count(word: str) -> int:
    return {"zero": 0, "one": 1}[word.casefold()] if word.isalpha() else int(word)


def _on_or_off(mode: str) -> str:
    return "off" if re.search(r"(?i)^no|\boff$|false$", mode.strip()) else "on"


def exceptions_in(sentence: str) -> frozenset[str]:
    """The benchmarks that a sentence excepts: `all but X`, `except for X and Y`."""
    saved = _SAVE.search(sentence)
    return _named_in(saved["names"]) if saved else frozenset()


_RUN = re.compile(r"(?a)[A-Za-z][\w.+-]*(?: [A-Z\d][\w.+-]*){0,2}")

_BOTH_ARC = re.compile(r"(?i:\bARC)[ -](?i:easy|e) ?(?:and|&|/) ?(?i:ARC[ -])?(?i:challenge|c)\b")
"""The two halves of ARC in one breath: `ARC easy and challenge`."""


def _named_in(text: str) -> frozenset[str]:
    """The benchmarks with scores that a text names."""
    named = {"arc_easy", "arc_challenge"} if _BOTH_ARC.search(text) else set()
    for run in _RUN.findall(text):
        words = run.strip(".").split()
        for start in range(len(words)):
            said = [" ".join(words[start:end]) for end in range(len(words), start, -1)]
            names = [resolve_benchmark(text).name for text in said if not text.islower()]  # `multiple` is a word
            if name := next((n for n in names if n and catalogue()[n].unit in ("fraction", "points")), None):
                named.add(name)
                break
    return frozenset(named)


def _every_name(text: str) -> frozenset[str]:
    """The benchmarks of an enumeration that names nothing else."""
    bare = [
        re.sub(r"(?i)^(?:scores? (?:of|on|for) |the )", "", name) for name in re.split(r"\s*(?:,|&|/|\band\b)\s*", text)
    ]
    names = [resolve_benchmark(name.strip(" *_`")).name for name in bare if name.strip()]
    return frozenset(name for name in names if name) if names and all(names) else frozenset()
