"""From what the user wrote to a release: a model id at a commit, or a local folder."""

from __future__ import annotations

import re
from pathlib import Path

from evaluators.records import Release, UserError
from evaluators.weights.file_entries import listing_path
from evaluators.weights.hub import hub_listing
from evaluators.weights.listing import local_commit, local_listing
from evaluators.weights.repo_files import stated_name

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
COMMIT = re.compile(r"[0-9a-f]{40}")


def resolve(model: str, revision: str | None = None) -> Release:
    """The release that `model` names.

    model: `org/name` on the hub, with `@revision` if wanted, or the path of a folder laid out like a hub repository.
    revision: branch, tag or commit on the hub; None is the default branch. A full commit whose listing is known is
    not asked for again, so a pinned release works without a network.

    Raises UserError if there is no such folder, release or revision, if it is gated or private, or if the hub cannot be
    reached (within 10 s).
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return _local(path, revision)
    if path.is_file():
        raise UserError(f"{model} is a file; give its folder {path.parent}, and the file by its quantization")
    if model.startswith((".", "/", "~")):
        raise UserError(f"no folder {model}; check the path")
    name, _, stated = model.partition("@")
    revision = revision or stated or None
    if not HUB_NAME.fullmatch(name):
        raise UserError(f"{model} is neither a folder nor a hub name; write it as org/name")
    if revision and COMMIT.fullmatch(revision) and listing_path(name, revision).exists():
        return Release(model=name, commit=revision, location="hub")
    info, _ = hub_listing(name, revision)
    return Release(model=info.id, commit=str(info.sha), location="hub")


def _local(folder: Path, revision: str | None) -> Release:
    folder = folder.resolve()
    entries = local_listing(folder)
    if not entries:
        raise UserError(f"{folder} holds no files; give a folder laid out like a hub repository")
    commit = local_commit(entries)
    if revision is not None and not (len(revision) >= 7 and commit.startswith(revision)):
        raise UserError(f"{folder} is now at {commit[:12]}, not at {revision}; its files have changed")
    card = folder / "README.md"
    name = stated_name(card.read_text(encoding="utf-8", errors="replace")) if card.is_file() else None
    return Release(model=name or folder.name, commit=commit, location=str(folder))
