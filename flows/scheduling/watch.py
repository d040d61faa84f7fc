"""Watching: what vendors and known quantizers pushed to the hub since the last scan.

Plain functions; the weekly flow and `claimcheck watch` call them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from pydantic import ValidationError

from evaluators.files import read_plain
from evaluators.records import Record, Release, UserError
from evaluators.weights.hub_changes import HubModel, Pages, base_model, changed_since, exclusion_reason
from evaluators.weights.listing import listing
from evaluators.weights.naming import is_needed
from warehouse.home import Home
from warehouse.hub_scans import HubScan, Seen, SeenModel, last_seen, save_hub_scan, scan_cursors

DEFAULT = Path(__file__).with_name("watch.yaml")


class WatchList(Record):
    """Whom and what to watch."""

    organisations: tuple[str, ...] = ()
    """Vendors: every new text model of theirs is a release."""
    packers: tuple[str, ...] = ()
    """Organisations that publish quantized repositories of others' models."""
    searches: tuple[str, ...] = ()
    """Words in model names, whoever published them."""
    results: tuple[str, ...] = ()
    """Where others publish results: a folder, a URL, `dataset:ORG/NAME` of the hub, `github:OWNER/REPO/FOLDER`."""
    first_days: int = 30
    """How many days back the first scan of a source goes."""


class SourceScan(Record):
    """What one scan of the whole watch list gave."""

    models: tuple[SeenModel, ...]
    """Models and commits that can be verified, newest first."""
    excluded: tuple[SeenModel, ...]
    """The others, each with its reason."""
    failed: dict[str, str]
    """Source -> why it could not be scanned; the next scan begins where the last good one ended."""
    pages: int
    """Pages of the hub's list that it cost."""


def watch_list(home: Home) -> WatchList:
    """The watch list: `watch.yaml` of the home folder if there is one, else the one that comes with the program.

    Raises UserError if the file cannot be read.
    """
    own = home.root / "watch.yaml"
    path = own if own.exists() else DEFAULT
    try:
        return WatchList.model_validate(yaml.safe_load(read_plain(path)) or {})
    except (OSError, yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no watch list ({str(error).splitlines()[0]}); compare it with {DEFAULT}") from None


def scan_source(
    home: Home, watch: WatchList | None = None, *, now: datetime | None = None, store: bool = True
) -> SourceScan:
    """Look at every source of the watch list once and store what is new (`store`: False leaves the warehouse alone).

    A source without news costs one page. A source that fails is named in `failed` and stops none of the others. Raises
    UserError if every source failed.
    """
    watch, now = watch or watch_list(home), now or datetime.now(UTC)
    known, begins, pages = last_seen(home), scan_cursors(home), Pages()
    models: list[SeenModel] = []
    failed: dict[str, str] = {}
    for source in sources(watch):
        before = pages.read
        try:
            since = begins.get(source, now - timedelta(days=watch.first_days))
            hub_models = changed_since(since, pages, **_query(source))
        except UserError as problem:
            failed[source] = str(problem)
            continue
        new = [model for model in hub_models if known.get(model.model, Seen("", None, None)).commit != model.commit]
        here = [describe(model, source, watch, known) for model in new]
        cursor = max([since, *(model.modified for model in hub_models)])
        if store and (here or cursor != begins.get(source)):
            cost = pages.read - before
            save_hub_scan(home, HubScan(source=source, scanned_at=now, cursor=cursor, pages=cost, found=tuple(here)))
        known |= {model.model: Seen(model.commit, model.weights, model.reason) for model in here}
        models += here
    if failed and len(failed) == len(sources(watch)):
        raise UserError(next(iter(failed.values())))
    return _looked(models, failed, pages.read)


def sources(watch: WatchList) -> list[str]:
    """The sources of a watch list, vendors before packers, so that a base model is known before its quantizations."""
    kinds = (("org", watch.organisations), ("search", watch.searches), ("packer", watch.packers))
    return [f"{kind}:{name}" for kind, names in kinds for name in names]


def describe(
    hub_model: HubModel,
    source: str,
    watch: WatchList,
    known: dict[str, Seen],
    fingerprint: Callable[[HubModel], str | None] | None = None,
) -> SeenModel:
    """What a model on the hub is: a release, a new commit of one, a quantized repository, or one that is excluded."""
    base, reason, weights = base_model(hub_model.tags, "quantized"), exclusion_reason(hub_model), None
    kind = "quantized" if base else "commit" if hub_model.model in known else "release"
    if source.startswith("packer:") and reason is None:
        if base is None:
            reason = "a packer's repository that names no base model"
        elif base not in known and base.partition("/")[0] not in watch.organisations:
            reason = f"its base model {base} is not watched"
    if reason is None:
        weights = (fingerprint or weights_of)(hub_model)
        before = known.get(hub_model.model)
        if kind == "commit" and weights and before and before.weights == weights:
            kind = "card"
    return SeenModel.model_validate(
        {
            "model": hub_model.model,
            "commit": hub_model.commit,
            "kind": kind,
            "base": base,
            "modified": hub_model.modified,
            "created": hub_model.created,
            "reason": reason,
            "weights": weights,
        }
    )


def weights_of(hub_model: HubModel) -> str | None:
    """SHA-256 (hex) over names and hashes of a commit's weights, config and tokenizer, by the hub's listing.

    None if the listing cannot be had now: the commit then counts as new weights.
    """
    try:
        entries = listing(Release(model=hub_model.model, commit=hub_model.commit, location="hub"))
    except UserError:
        return None
    lines = sorted(f"{entry.name}:{entry.sha256 or entry.git_sha1}" for entry in entries if is_needed(entry.name))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _query(source: str) -> dict[str, str]:
    kind, _, name = source.partition(":")
    return {"search": name} if kind == "search" else {"author": name}


def _looked(models: Iterable[SeenModel], failed: dict[str, str], pages: int) -> SourceScan:
    newest = sorted(models, key=lambda model: model.modified, reverse=True)
    return SourceScan(
        models=tuple(model for model in newest if model.reason is None),
        excluded=tuple(model for model in newest if model.reason is not None),
        failed=failed,
        pages=pages,
    )
