"""What kind of release it is, read from its own files, with the evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from evaluators.protocols.card_switches import words_of_card
from evaluators.protocols.recommended_sampling import (
    output_length_of_card,
    sampling_of_card,
    sampling_of_config,
    sampling_of_gguf,
)
from evaluators.protocols.template_switches import template_facts
from evaluators.records import Artifact, Record, Release, Settings, UserError
from evaluators.weights.gguf_header import read_gguf_header
from evaluators.weights.listing import listing
from evaluators.weights.naming import is_weights_gguf
from evaluators.weights.repo_files import front_matter, small_file, source
from evaluators.weights.sources import LocalSource
from evaluators.weights.stranger_files import default_template

BASE_NAME = re.compile(r"(?:^|[-_.])(?:base|pt|pretrain(?:ed)?)(?:$|[-_.])", re.I)
TUNED_NAME = re.compile(
    r"(?:^|[-_.])(?:instruct|inst|it|chat|sft|dpo|rlhf|tulu|assistant|thinking|reasoning|reasoner)(?:$|[-_.\d])", re.I
)
TUNED_TAGS = {"conversational", "chat", "instruct", "instruction-tuned", "sft", "dpo", "rlhf", "grpo", "trl"}
BASE_TAGS = {"base", "base_model", "pretrained"}


class ReleaseKind(Record):
    """What kind of release it is."""

    kind: Literal["base", "instruct", "thinking", "unknown"]
    """`unknown`: its files do not say."""
    thinking: Literal["none", "always", "switchable", "unknown"]
    """Whether it thinks before it answers."""
    switch: str | None = None
    """Template variable that switches thinking or sets its effort."""
    words: tuple[str, str] | None = None
    """Words of a system prompt that switch thinking on and off, where no variable does."""
    efforts: tuple[str, ...] = ()
    """Efforts that the template knows, the longest thinking first; empty where it names none."""
    no_effort: str | None = None
    """The effort that switches thinking off; None: none does."""
    tells_budget: bool = False
    """Whether the template tells the model how long it may think, so that a budget changes all of its thinking."""
    has_template: bool = False
    """Whether a chat template was found."""
    sampling: Settings = Settings()
    """Sampling that its files recommend for any mode."""
    sampling_by_mode: dict[str, Settings] = {}  # noqa: RUF012
    """Sampling that its card recommends, by mode: thinking `on` or `off`."""
    max_tokens: int | None = None
    """Answer length that its card recommends, in tokens."""
    evidence: dict[str, str] = {}  # noqa: RUF012
    """By file: what it shows."""

    def recommended(self, thinking: str | None) -> Settings:
        """Recommended sampling for a mode (`on`, `off`, None): the card's advice for it, then the files'."""
        own = self.sampling_by_mode.get(thinking or "off") or self.sampling_by_mode.get("any") or Settings()
        stated = own.model_dump(exclude_none=True, exclude={"notes"})
        return self.sampling.model_copy(update=stated)


def read_release_kind(
    release: Release, artifact: Artifact | None = None, weights: Release | None = None
) -> ReleaseKind:
    """The kind of a release. `artifact`: the weights that are run, where they are here; `weights`: the repository that
    they will come from. A quantizer's GGUF may carry the template that the release itself lacks. Where files cannot be
    read, the kind is unknown."""
    try:
        return _read(release, artifact, weights)
    except (UserError, OSError) as problem:
        return ReleaseKind(kind="unknown", thinking="unknown", evidence={"files": f"cannot be read ({problem})"})


def _read(release: Release, artifact: Artifact | None, weights: Release | None) -> ReleaseKind:
    config = _json(release, "tokenizer_config.json")
    generation = _json(release, "generation_config.json")
    card = small_file(release, "README.md") or ""
    header = _gguf_metadata(release, artifact) or (_gguf_metadata(weights, None) if weights else None)
    template, where = _template(release, config, header)
    return kind_of_files(
        release.model,
        template=template,
        template_file=where,
        generation=generation,
        card=card,
        gguf=header or {},
        own_dialogue=_own_dialogue(release),
    )


def kind_words(kind: ReleaseKind) -> str:
    """One line for people: the kind and what shows it."""
    thinking = {
        "always": ", thinks always",
        "switchable": f", thinks when told to ({kind.switch or 'by the system prompt'})",
    }.get(kind.thinking, "")
    shown = "; ".join(f"{where}: {what}" for where, what in kind.evidence.items())
    return f"kind of release: {kind.kind}{thinking} ({shown or 'no file of it was read'})"


def kind_of_files(
    model: str,
    *,
    template: str | None,
    template_file: str = "chat template",
    generation: Mapping[str, Any] | None = None,
    card: str = "",
    gguf: Mapping[str, Any] | None = None,
    own_dialogue: str | None = None,
) -> ReleaseKind:
    """The kind by what the files hold: pure, so that every combination can be tried. `own_dialogue`: a file with which
    a program of the vendor's builds dialogues, so that the lack of a template says nothing."""
    evidence: dict[str, str] = {}
    name = model.rsplit("/", 1)[-1]
    tuned = _tuned(name, card, evidence)
    sampling = sampling_of_gguf(gguf or {})
    if stated := _said(sampling):
        evidence["GGUF metadata"] = stated
    if generation:
        configured = sampling_of_config(generation)
        if stated := _said(configured):
            evidence["generation_config.json"] = stated
        sampling = sampling.model_copy(update=configured.model_dump(exclude_none=True, exclude={"notes"}))
    advice, length = sampling_of_card(card), output_length_of_card(card)
    for mode, settings in advice.items():
        evidence[f"README.md, sampling{'' if mode == 'any' else f' with thinking {mode}'}"] = _said(settings)
    shared: dict[str, Any] = {"sampling": sampling, "sampling_by_mode": advice, "max_tokens": length}
    if not template:
        evidence[own_dialogue or template_file] = "dialogues by mistral-common" if own_dialogue else "no chat template"
        kind: Any = "unknown" if tuned or (own_dialogue and tuned is None) else "base"
        return ReleaseKind(kind=kind, thinking="none" if kind == "base" else "unknown", evidence=evidence, **shared)
    facts = template_facts(template)
    words = facts.words or words_of_card(card, name)
    thinking, switch = _thinking(template, name, words, evidence, template_file)
    shared["tells_budget"] = facts.tells_budget
    if switch is None and thinking == "switchable":
        shared["words"] = words
    if switch == facts.effort:
        shared |= {"efforts": facts.efforts, "no_effort": facts.no_effort}
    if tuned is False:
        return ReleaseKind(kind="base", thinking="none", switch=switch, has_template=True, evidence=evidence, **shared)
    kind = "thinking" if thinking in ("always", "switchable") else "instruct" if tuned else "unknown"
    if thinking == "none" and not facts.marks and tuned is None:
        kind = "unknown"
    return ReleaseKind(kind=kind, thinking=thinking, switch=switch, has_template=True, evidence=evidence, **shared)


def _thinking(
    template: str, name: str, words: tuple[str, str] | None, evidence: dict[str, str], where: str
) -> tuple[Any, str | None]:
    """(thinking, switch) by the template, and what shows it."""
    facts = template_facts(template)
    if facts.switch:
        evidence[where] = f"switch {facts.switch}"
        return "switchable", facts.switch
    if facts.effort and facts.no_effort:
        evidence[where] = f"switch {facts.effort}, {facts.no_effort} for no thinking"
        return "switchable", facts.effort
    if facts.effort:
        evidence[where] = f"switch {facts.effort}: thinks always, for longer or shorter"
        return "always", facts.effort
    if words:
        source = where if facts.words else "README.md"
        evidence[source] = f"the system prompt switches thinking: {words[0] or 'on by itself'}, {words[1]} for off"
        return "switchable", None
    if facts.opens_thinking:
        evidence[where] = f"an answer begins with {facts.marks[0]}"
        return "always", None
    if facts.marks:
        evidence[where] = f"knows {facts.marks[0]}, with no switch"
        return ("unknown" if re.search(r"instruct", name, re.I) else "always"), None
    evidence[where] = "a chat template without marks of thinking"
    return "none", None


def _tuned(name: str, card: str, evidence: dict[str, str]) -> bool | None:
    """Whether name and card say that the release was tuned for dialogue; None where they say nothing, or both."""
    head = front_matter(card)
    stated = head.get("tags")
    listed = stated.split(",") if isinstance(stated, str) else stated if isinstance(stated, list) else []
    tags = {str(tag).strip().casefold() for tag in listed if isinstance(tag, (str, int))}
    signs = {True: [], False: []}  # type: dict[bool, list[str]]
    for tuned, pattern, known_tags in ((True, TUNED_NAME, TUNED_TAGS), (False, BASE_NAME, BASE_TAGS)):
        if pattern.search(name):
            signs[tuned].append(f"name {name}")
        signs[tuned] += [f"tag {tag}" for tag in sorted(tags & known_tags)]
    if head.get("base_model") and str(head.get("base_model_relation", "finetune")) == "finetune":
        signs[True].append("card names the base model it was tuned from")
    for tuned, grounds in signs.items():
        if grounds:
            evidence["name and card" if tuned else "name and card, for a base model"] = ", ".join(grounds)
    if bool(signs[True]) == bool(signs[False]):
        return None
    return bool(signs[True])


def _said(settings: Settings) -> str:
    values = settings.model_dump(exclude_none=True, exclude={"notes"})
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def _template(release: Release, config: Mapping[str, Any], header: Mapping[str, Any] | None) -> tuple[str | None, str]:
    """The chat template and the file that it is from: the release's own, then the GGUF's."""
    if text := small_file(release, "chat_template.jinja"):
        return text, "chat_template.jinja"
    for name, content in (
        ("chat_template.json", _json(release, "chat_template.json")),
        ("tokenizer_config.json", config),
    ):
        if template := default_template(content.get("chat_template")):
            return template, name
    packed = (header or {}).get("tokenizer.chat_template")
    if isinstance(packed, str) and packed:
        return packed, "GGUF metadata"
    return None, "tokenizer files"


def _own_dialogue(release: Release) -> str | None:
    """The file of a tokenizer of Mistral's own format, whose program (mistral-common) knows how dialogues are put; None
    without."""
    names = (entry.name for entry in listing(release))
    return next(
        (name for name in names if re.fullmatch(r"tekken\.json|tokenizer(?:\.mm)?\.model\.v\d+\w*", name)), None
    )


def _gguf_metadata(release: Release, artifact: Artifact | None) -> Mapping[str, Any] | None:
    """Metadata of the GGUF file that is run, else of the release's first one; None if there is none to be read."""
    if artifact is not None and artifact.format == "gguf" and Path(artifact.path).is_file():
        return read_gguf_header(LocalSource.of(Path(artifact.path), artifact.path)).metadata
    entry = next((entry for entry in listing(release) if is_weights_gguf(entry.name)), None)
    return None if entry is None else read_gguf_header(source(release, entry.name, entry.size)).metadata


def _json(release: Release, name: str) -> dict[str, Any]:
    text = small_file(release, name)
    try:
        content = json.loads(text.removeprefix("\ufeff")) if text else {}
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
