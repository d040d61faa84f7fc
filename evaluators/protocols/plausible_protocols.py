"""The protocols under which a claim may have been made, most plausible first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import get_args

from evaluators.backends.openai_api.chat import EFFORTS
from evaluators.catalogue import CHAT_ANSWER, Benchmark, Score, catalogue
from evaluators.protocols.release_kind import ReleaseKind, kind_words
from evaluators.protocols.repeats_words import place_repeats
from evaluators.protocols.standard_protocols import Mode, standard_protocol, with_release
from evaluators.protocols.template_switches import NO_EFFORT
from evaluators.protocols.vendor_habits import Habit
from evaluators.records import Origin, Protocol, Settings, UserError

MODES: tuple[Mode, ...] = get_args(Mode)
ASKED = (
    "shots", "prompt", "system_prompt", "thinking", "effort", "temperature", "top_p", "top_k", "min_p",
    "presence_penalty", "frequency_penalty", "repetition_penalty", "max_tokens", "repeats",
)  # fmt: skip
"""What a claim may state about how the model was asked, and a run here can follow."""
Asked = tuple[str | None, Settings]
"""Catalogue name of a formulation (None: the claim's own benchmark) and settings."""
OF_SEVERAL = re.compile(r"_(?:pass|maj)@\d+$")
"""End of the name of a score that is made of several answers."""
REPEATED = 0.6
"""Temperature for several answers an item where neither claim nor release state one: greedy ones would be copies."""


@dataclass(frozen=True)
class Plausible:
    """The protocols of a claim."""

    protocols: tuple[Protocol, ...]
    """Most plausible first; those that only the user asked for come last."""
    missing: tuple[str, ...] = ()
    """Plausible ways of asking that nothing here can run: while there are any, no claim is refuted under each."""

    count: int = 1
    """Number of plausible protocols, chosen by the user or not: under each the claim is confirmed at alpha divided by
    it, so that asking for one after the other gives no more false confirmations."""


def plausible_protocols(
    benchmark: Benchmark,
    kind: ReleaseKind,
    stated: Settings,
    *,
    user: Settings | None = None,
    only: Iterable[Mode] = (),
    habits: Iterable[Habit] = (),
) -> Plausible:
    """The protocols for a claim that states `stated` about a release of this kind.

    What the claim states holds in all of them. `user`: options of the command, for fields that the claim leaves open;
    a protocol that they change is not one of the plausible ones unless it is the same as one of these. `only`: modes to
    run (`completion`, `chat`, `thinking`) where the claim leaves that open; the others stay plausible and are named as
    missing, and one that the release does not suggest is run without being plausible. `habits`: how the
    release's vendor says that it measures, which comes before the catalogue.
    """
    stated = place_repeats(stated, benchmark)
    likely = _modes(benchmark, kind, stated)
    chosen = _chosen(only, user)
    if any(value is not None for value in (stated.prompt, stated.thinking, stated.effort)):
        chosen &= set(likely)
    extra: list[Mode] = [mode for mode in MODES if mode in chosen and mode not in likely]
    by_request: dict[Asked, Protocol] = {}
    modes: dict[Asked, Mode] = {}
    missing: list[str] = []
    ways = [(mode, *way) for mode in (*likely, *extra) for way in _formulations(benchmark, mode, stated)]
    for mode, target, lacks in ways:
        if target is None:
            missing.append(lacks)
            continue
        base, origins = with_release(standard_protocol(target, mode), target, mode, kind)
        for changes, source in _variants(target, mode, base, stated, habits, kind):
            settings = base.model_copy(update=changes)
            settings, whose = _with_claim(settings, origins, stated, target)
            for score in _scores(target, mode, stated):
                protocol = _named(target, benchmark, mode, settings, whose, score, base, source)
                by_request.setdefault(_asked(protocol), protocol)
                modes.setdefault(_asked(protocol), mode)
    if kind.kind == "unknown" and not kind.has_template and stated.prompt is None:
        unread = not kind.evidence or "files" in kind.evidence
        missing.append(
            "chat, thinking: the files of the release were not read" if unread else "chat: no chat template was found"
        )
    count = max(1, sum(mode in likely for mode in modes.values()))
    if chosen:
        missing += [f"{mode} was not asked for" for mode in likely if mode not in chosen]
    shown = kind_words(kind)
    protocols = [
        protocol.model_copy(update={"kind": shown, "plausible": modes[asked] in likely})
        for asked, protocol in by_request.items()
        if not chosen or modes[asked] in chosen
    ]
    if user is not None:
        protocols = list(_with_user(protocols, user, stated))
        if any(not protocol.plausible for protocol in protocols):
            missing.append("settings were chosen on the command line")
    return Plausible(tuple(protocols), tuple(dict.fromkeys(missing)), count)


def _asked(protocol: Protocol) -> Asked:
    """What sets a protocol apart: two formulations may have the same settings."""
    return protocol.benchmark, protocol.settings


def _chosen(only: Iterable[Mode], user: Settings | None) -> set[Mode]:
    """The modes that the user's options leave; empty if they choose none."""
    chosen = set(only)
    if user is None:
        return chosen
    left = chosen or set(MODES)
    if user.prompt is not None:
        left &= {"completion"} if user.prompt == "completion" else {"chat", "thinking"}
    if user.thinking == "on" or (user.effort is not None and user.effort not in NO_EFFORT):
        left &= {"thinking"}
    elif user.thinking == "off" or user.effort is not None:
        left -= {"thinking"}
    if not left:
        raise UserError("--protocol, --prompt, --thinking and --effort exclude each other; leave one of them out")
    return left if left != set(MODES) else chosen


def _modes(benchmark: Benchmark, kind: ReleaseKind, stated: Settings) -> list[Mode]:
    """Modes that the claim and the release allow."""
    if stated.thinking == "on":
        return ["thinking"]
    if stated.prompt == "completion":
        return ["completion"]
    by_kind: dict[str, list[Mode]] = {
        "base": ["completion"],
        "instruct": ["chat", "completion"],
        "thinking": ["thinking", "completion"] if kind.thinking == "always" else ["thinking", "chat", "completion"],
        "unknown": ["completion", "chat"] if kind.has_template else ["completion"],
    }
    modes = by_kind[kind.kind]
    if kind.kind in ("unknown", "instruct") and kind.thinking == "unknown" and kind.has_template:
        modes = [mode for mode in ("chat", "thinking", "completion") if mode in modes or mode == "thinking"]
    if stated.thinking == "off":
        modes = [mode for mode in modes if mode != "thinking"] or ["chat"]
    if stated.effort is not None:
        modes = ["chat"] if stated.effort in NO_EFFORT else ["thinking"]
    if stated.prompt == "chat":
        modes = [mode for mode in modes if mode != "completion"] or ["chat"]
    if benchmark.output != "generate_until" and _is_likelihood(benchmark, stated):
        modes = [mode for mode in modes if mode != "thinking"] or ["completion"]
    if benchmark.output != "generate_until":
        modes = sorted(modes, key=MODES.index)
    return modes


def _is_likelihood(benchmark: Benchmark, stated: Settings) -> bool:
    """Whether the claim names a score that only likelihoods give: one normalised by the length of the answers."""
    try:
        return stated.metric is not None and "norm" in benchmark.score(stated.metric, stated.filter).metric
    except UserError:
        return False


def _formulations(benchmark: Benchmark, mode: Mode, stated: Settings) -> list[tuple[Benchmark | None, str]]:
    """The catalogue entries that are run for a mode, most plausible first; None with what is missing. Thinking needs a
    generated answer, and through a chat template an answer may have been generated."""
    if mode != "completion" and benchmark.chat_as is not None:
        return [(catalogue()[benchmark.chat_as], "")]
    if mode != "completion" and benchmark.completion_only:
        return [(None, f"{benchmark.title} in chat: the catalogue has no formulation for it")]
    generates, others = benchmark.output == "generate_until", _other_formulations(benchmark, mode, stated)
    lacking: list[tuple[Benchmark | None, str]] = [
        (None, f"{benchmark.title} with {text}: nothing here runs it")
        for text in (benchmark.formulations_lacking if _leaves_formulation(benchmark, stated) else ())
    ]
    if generates:
        return [(benchmark, ""), *others, *lacking]
    asked: list[tuple[Benchmark | None, str]] = [] if mode == "thinking" else [(benchmark, ""), *others, *lacking]
    if mode == "completion" or (mode == "chat" and not _leaves_formulation(benchmark, stated)):
        return asked
    other = catalogue().get(benchmark.generated_as or "")
    if other is not None and other.evaluator == "lm-eval" and not other.cannot_run:
        return [*asked, (other, "")]
    how = "with thinking" if mode == "thinking" else "in chat"
    return [*asked, (None, f"{benchmark.title} {how}: the catalogue has no formulation with generated answers")]


def _other_formulations(benchmark: Benchmark, mode: Mode, stated: Settings) -> list[tuple[Benchmark | None, str]]:
    """Other ways of asking the same items that the claim may mean: of likelihoods others in a completion, and generated
    answers through a template."""
    if not _leaves_formulation(benchmark, stated):
        return []
    entries, generates = [catalogue()[name] for name in benchmark.formulations], benchmark.output == "generate_until"
    return [
        (entry, "") for entry in entries if generates or (entry.output == "generate_until") is (mode != "completion")
    ]


def _leaves_formulation(benchmark: Benchmark, stated: Settings) -> bool:
    """Whether a claim leaves open how the items are put: it names neither a score that only one way of asking has, nor
    the harness whose task the catalogue runs."""
    return not (stated.by_lm_eval or _is_likelihood(benchmark, stated))


def _variants(
    benchmark: Benchmark, mode: Mode, base: Settings, stated: Settings, habits: Iterable[Habit], kind: ReleaseKind
) -> list[tuple[dict[str, object], str | None]]:
    """What is tried: the vendor's documented habits, each with its address, then the catalogue's own way, which a habit
    never replaces, then the numbers of examples that are in use. Where the claim states a number, only that one, and
    habits that say it too or say none."""
    if mode == "thinking" and kind.switch in EFFORTS and stated.effort is None:
        return [({"effort": effort}, None) for effort in kind.efforts or ("high", "medium", "low")]
    tried: list[tuple[dict[str, object], str | None]] = []
    for habit in habits:
        fits = stated.shots is None or habit.settings.shots in (None, stated.shots)
        if fits and habit.benchmark == benchmark.name and habit.mode in (None, mode):
            changes = habit.settings.model_dump(exclude_none=True, exclude={"notes", "metric", "filter"})
            tried.append((changes, habit.address))
    usual: list[int] = []
    if stated.shots is None:
        usual += benchmark.usual_shots if mode != "thinking" else ()
        usual += [0] if mode == "chat" and benchmark.output == "generate_until" else []
    tried.append(({}, None))
    tried.extend(({"shots": number}, None) for number in dict.fromkeys(usual))
    return tried


def _with_claim(
    settings: Settings, origins: dict[str, Origin], stated: Settings, target: Benchmark
) -> tuple[Settings, dict[str, Origin]]:
    fields = ASKED if target.output == "generate_until" else ("shots", "prompt", "system_prompt")
    if target.windowed or target.sized:
        fields = (*fields, "subset")
    said = stated.model_dump(exclude_none=True, include=set(fields))
    settings = settings.model_copy(update=said)
    if (settings.repeats or 1) > 1 and not settings.temperature and stated.temperature is None:
        settings = settings.model_copy(update={"temperature": REPEATED})
    return settings, origins | dict.fromkeys(said, Origin.claim)


def _scores(benchmark: Benchmark, mode: Mode, stated: Settings) -> Iterator[tuple[Score, bool]]:
    """Scores of a run that the claim may be about, each with whether the claim names it."""
    named = benchmark.scores[0]
    if stated.filter is not None or stated.metric is not None:
        try:
            named = benchmark.score(stated.metric, stated.filter)
        except UserError:
            named = benchmark.scores[0]
        if stated.filter is not None or len({score.filter for score in benchmark.scores}) == 1:
            yield named, True
            return
        base = OF_SEVERAL.sub("", named.metric)
        same = [score.model_copy(update={"metric": named.metric}) for score in benchmark.scores if score.metric == base]
    else:
        whole = benchmark.scores[0].composite  # then the benchmark is an average itself
        same = [score for score in benchmark.scores if score.composite is whole]
    same = [score for score in same if not score.beside] or same
    if mode != "completion" and benchmark.answer:
        metric = benchmark.scores[0].metric if stated.metric is None else named.metric
        yield Score(metric=metric, filter=CHAT_ANSWER), False
    for score in same:
        yield score, False


def _named(
    target: Benchmark,
    asked: Benchmark,
    mode: Mode,
    settings: Settings,
    origins: dict[str, Origin],
    choice: tuple[Score, bool],
    base: Settings,
    source: str | None,
) -> Protocol:
    score, by_claim = choice
    words: list[str] = [mode]
    if target.formulation and target.name != asked.name and mode != "thinking":
        words.append(target.formulation)
    if settings.effort is not None and settings.effort != base.effort:
        words.append(f"{settings.effort} effort")
    if settings.shots is not None and settings.shots != base.shots:
        words.append(f"{settings.shots}-shot")
    if not by_claim and len(target.scores) + bool(target.answer) > 1:
        words.append(score.filter if score.filter != "none" else score.metric)
    chosen = dict.fromkeys(("metric", "filter"), Origin.claim if by_claim else Origin.benchmark)
    return Protocol(
        name=", ".join(words),
        settings=settings.model_copy(update={"metric": score.metric, "filter": score.filter}),
        origins=origins | chosen,
        benchmark=target.name if target.name != asked.name else None,
        source=source,
    )


def _with_user(protocols: list[Protocol], user: Settings, stated: Settings) -> Iterator[Protocol]:
    """The protocols with the user's options in the fields that the claim leaves open, each once."""
    said = {
        name: value
        for name, value in user.model_dump(exclude_none=True, exclude={"notes"}).items()
        if getattr(stated, name) is None and name not in ("prompt", "thinking")
    }
    known = {_asked(protocol) for protocol in protocols}
    seen: set[Asked] = set()
    for protocol in protocols:
        settings = protocol.settings.model_copy(update=said)
        asked = protocol.benchmark, settings
        if asked in seen:
            continue
        seen.add(asked)
        changed = {name for name, value in said.items() if getattr(protocol.settings, name) != value}
        label = [f"{name.replace('_', ' ')} {getattr(settings, name)}" for name in sorted(changed)]
        yield protocol.model_copy(
            update={
                "name": ", ".join([protocol.name, *label]),
                "settings": settings,
                "origins": protocol.origins | dict.fromkeys(said, Origin.user),
                "plausible": protocol.plausible and asked in known,
            }
        )
