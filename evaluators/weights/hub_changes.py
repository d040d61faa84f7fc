"""What changed on the hub since a moment: one page of a list at a time, newest first, no further than needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evaluators.weights.hub import TIMEOUT, api, hub_errors, patient
from evaluators.weights.naming import DRAFT, is_pickle, is_weights_gguf

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo


FIELDS = (
    "sha", "lastModified", "createdAt", "tags", "pipeline_tag", "gated", "disabled", "private", "siblings", "config",
)  # fmt: skip
"""What is asked for about each model."""
PAGE = 100
"""Models on a page; the hub gives at most 1000."""


@dataclass(frozen=True)
class HubModel:
    """One model as the hub lists it."""

    model: str
    """Hub id."""
    commit: str
    """Head of its default branch."""
    modified: datetime
    """Last push, UTC."""
    created: datetime
    """First push, UTC."""
    gated: bool
    """Its terms have to be accepted."""
    disabled: bool
    """Disabled or private."""
    task: str | None
    """The hub's `pipeline_tag`."""
    tags: tuple[str, ...]
    """All tags; `base_model:quantized:org/name` links to a base model."""
    architectures: tuple[str, ...]
    """As config.json says."""
    files: tuple[str, ...]
    """File names."""


@dataclass
class Pages:
    """How many pages a look cost."""

    read: int = 0


def changed_since(
    since: datetime, pages: Pages, *, author: str | None = None, search: str | None = None
) -> list[HubModel]:
    """Models of an organisation (`author`) or that match a search term, pushed to at or after `since`, newest first.

    Reads pages until one ends before `since`; counts them in `pages`. Raises UserError if the hub refuses or cannot be
    reached (within 10 s).
    """
    models = []
    with hub_errors(author or f"a search for {search}"):
        for info in _newest_first({"author": author, "search": search}, pages):
            model = _listed(info)
            if model.modified < since:
                break
            models.append(model)
    return models


def _newest_first(query: dict[str, str | None], pages: Pages) -> Iterator[ModelInfo]:
    from huggingface_hub.hf_api import ModelInfo
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    url = f"{api().endpoint}/api/models"
    asked: dict[str, Any] = {key: value for key, value in query.items() if value}
    asked |= {"sort": "lastModified", "direction": "-1", "limit": PAGE, "expand": list(FIELDS)}
    headers = build_hf_headers(library_name="claimcheck")

    def ask() -> Any:
        response = get_session().get(url, params=asked or None, headers=headers, timeout=TIMEOUT)
        hf_raise_for_status(response)
        return response

    while url:
        response = patient(ask)
        pages.read += 1
        for item in response.json():
            yield ModelInfo(**{"siblings": None, **item})
        url, asked = response.links.get("next", {}).get("url", ""), {}


def _listed(info: ModelInfo) -> HubModel:
    modified = info.last_modified or info.created_at or datetime.now(UTC)
    return HubModel(
        model=info.id,
        commit=info.sha or "",
        modified=modified,
        created=info.created_at or modified,
        gated=bool(info.gated),
        disabled=bool(info.disabled or info.private),
        task=info.pipeline_tag,
        tags=tuple(info.tags or ()),
        architectures=tuple((info.config or {}).get("architectures") or ()),
        files=tuple(file.rfilename for file in info.siblings or ()),
    )


TEXT_TASKS = ("text-generation", "text2text-generation", "image-text-to-text", "audio-text-to-text", "any-to-any")
TEXT_ARCHITECTURES = re.compile(r"(ForCausalLM|ForConditionalGeneration|LMHeadModel)$")
NOT_TEXT = re.compile(r"(Whisper|Wav2Vec|SpeechT5|Speech2Text|Bark|MusicGen|Seamless|VisionEncoder|TrOCR)")


def base_model(tags: tuple[str, ...], relation: str) -> str | None:
    """The model that a repository is derived from by `quantized`, `adapter` or `finetune`; None if it is not."""
    prefix = f"base_model:{relation}:"
    return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)), None)


def exclusion_reason(listed: HubModel) -> str | None:
    """Why a listed model cannot be verified, in one clause; None if it can."""
    name, files = listed.model.rpartition("/")[2], listed.files
    weights = [file for file in files if file.endswith(".safetensors") or is_weights_gguf(file)]
    adapter = any(file.rpartition("/")[2] == "adapter_config.json" for file in files)
    if listed.disabled:
        return "disabled or private"
    if listed.gated:
        return "gated: its terms have to be accepted on the hub"
    if DRAFT.search(name):
        return "draft model for speculative decoding"
    if base_model(listed.tags, "adapter") or (adapter and all("adapter" in file for file in weights)):
        return "adapter only: no model of its own"
    if not weights:
        pickles = any(is_pickle(file) for file in files)
        return "pickle weights only" if pickles else "draft: no weights yet"
    if listed.task is not None and listed.task not in TEXT_TASKS:
        return f"no text generation: {listed.task}"
    if any(NOT_TEXT.search(name) for name in listed.architectures):
        return f"no text generation: {listed.architectures[0]}"
    if listed.task is None and not any(TEXT_ARCHITECTURES.search(name) for name in listed.architectures):
        known = any(is_weights_gguf(file) for file in files) or "text-generation" in listed.tags
        return None if known else "says neither task nor architecture"
    return None
