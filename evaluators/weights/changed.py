"""What changed on the hub since a moment: one page of a list at a time, newest first, no further than needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evaluators.weights.hub import TIMEOUT, api, hub_problems, patient

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

FIELDS = (
    "sha", "lastModified", "createdAt", "tags", "pipeline_tag", "gated", "disabled", "private", "siblings", "config",
)  # fmt: skip
"""What is asked for about each model."""
PAGE = 100
"""Models on a page; the hub gives at most 1000."""


@dataclass(frozen=True)
class Listed:
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
) -> list[Listed]:
    """Models of an organisation (`author`) or that match a search term, pushed to at or after `since`, newest first.

    Reads pages until one ends before `since`; counts them in `pages`. Raises Problem if the hub refuses or cannot be
    reached (within 10 s).
    """
    found = []
    with hub_problems(author or f"a search for {search}"):
        for info in _newest_first({"author": author, "search": search}, pages):
            listed = _listed(info)
            if listed.modified < since:
                break
            found.append(listed)
    return found


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


def _listed(info: ModelInfo) -> Listed:
    modified = info.last_modified or info.created_at or datetime.now(UTC)
    return Listed(
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
