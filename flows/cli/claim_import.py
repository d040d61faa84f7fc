"""What `claimcheck claims import` reads: files, folders of files, releases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluators.records import UserError
from flows.runtime.proposing_model import ProposingModel
from warehouse.claim_records import Claim
from warehouse.claims.source_reading import Reading, told_by
from warehouse.home import Home

KINDS = frozenset({".md", ".html", ".txt", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".parquet"})


def import_claims(
    home: Home,
    source: str,
    *,
    model: str | None,
    revision: str | None,
    url: str | None,
    keep: bool,
    own: tuple[str, ...] = (),
    said_by: SaidBy | None = None,
    proposer: ProposingModel | None = None,
) -> dict[str, Any]:
    """Read and (with `keep`) store; without, every claim, mention and candidate is listed. Returns per file its claims,
    mentions, candidates, pictures, unread parts or problem, and how many claims were new. Raises UserError if the only
    file cannot be read."""
    from warehouse.claims.ledger import save_readings
    from warehouse.claims.model_aliases import model_names, with_hub_ids

    files: list[dict[str, Any]] = []
    readings: list[tuple[Reading, str | bytes]] = []
    names = model_names(home)
    for name, read in _sources(source, model, revision, url, own):
        try:
            reading, page = read()
        except UserError as problem:
            files.append({"file": name, "problem": str(problem)})
            continue
        if proposer is not None and isinstance(page, str):
            from warehouse.claims.readers.proposed import add_proposed

            add_proposed(reading, page, proposer.ask, proposer.name, model=model)
        if said_by is not None:
            reading = told_by(reading, said_by.claimant, said_by.by, said_by.date)
        drafts = with_hub_ids(reading, names)
        readings.append((reading, page))
        listed = {} if keep else {key: [_line(claim) for claim in getattr(reading, key)] for key in _LISTS}
        files.append(
            {
                "file": name,
                "kind": reading.source.kind,
                "claims": len(reading.claims),
                "mentions": len(reading.mentions),
                "candidates": len(reading.candidates),
                "pictures": reading.pictures,
                "names": [asdict(draft) for draft in drafts],
                "unresolved": _unresolved(reading),
                "unread": [asdict(part) for part in reading.unread],
                "listed": listed,
            }
        )
    if len(files) == 1 and "problem" in files[0]:
        raise UserError(files[0]["problem"])
    new = save_readings(home, readings) if keep and readings else 0
    return {"files": files, "new": new, "kept": keep}


_LISTS = ("claims", "mentions", "candidates")


@dataclass(frozen=True)
class SaidBy:
    """Who published a text, where its reader cannot know."""

    claimant: str | None = None
    by: str | None = None
    date: str | None = None


def _line(claim: Claim) -> dict[str, Any]:
    """A claim as a dry run lists it."""
    settings = claim.settings.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
    return {
        "model": claim.model,
        "benchmark": claim.benchmark,
        "benchmark_text": claim.benchmark_text,
        "said": claim.said,
        "claimant": claim.claimant.value,
        "settings": settings,
        "place": claim.place,
        "sentence": claim.note if claim.proposed_by else None,
    }


def _unresolved(reading: Reading) -> list[dict[str, Any]]:
    """Benchmarks that the catalogue does not know, with names that look alike for a person to confirm."""
    from warehouse.claims.text.names import suggest_benchmarks

    names = dict.fromkeys(claim.benchmark_text for claim in reading.claims if claim.benchmark is None)
    return [{"benchmark": name, "suggestions": list(suggest_benchmarks(name))} for name in list(names)[:50]]


def _sources(
    source: str, model: str | None, revision: str | None, url: str | None, own: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    path = Path(source)
    if source == "shipped":
        from warehouse.claims.readers.ledger_yaml import SHIPPED

        for file in sorted(SHIPPED.glob("*.yaml")):
            yield file.name, lambda file=file: _file(file, None, f"claimcheck:ledgers/{file.name}")
    elif path.is_dir() and not _is_release(path):
        for file in sorted(entry for entry in path.rglob("*") if entry.suffix in KINDS and entry.is_file()):
            yield str(file.relative_to(path)), lambda file=file: _file(file, model, None, own)
    elif path.is_file():
        yield source, lambda: _file(path, model, url, own)
    elif path.is_dir() or _is_hub_id(source):
        yield from _release(source, model, revision, own)
    else:
        raise UserError(f"{source} is no file, folder or org/name on the hub; check the spelling")


def _is_release(folder: Path) -> bool:
    return (folder / "README.md").exists() and (folder / "config.json").exists()


def _is_hub_id(source: str) -> bool:
    return source.count("/") == 1 and not source.startswith((".", "/"))


def _file(path: Path, model: str | None, url: str | None, own: tuple[str, ...] = ()) -> tuple[Reading, str | bytes]:
    from warehouse.claims.readers.detect import read_any

    if path.suffix == ".parquet":
        return read_any(path, model=model, url=url), path.read_bytes()
    reading = read_any(path, model=model, url=url, own=own)
    return reading, path.read_bytes().decode("utf-8")


def _release(source: str, model: str | None, revision: str | None, own: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The card of a release and its `.eval_results` files."""
    from evaluators.weights.resolve import resolve
    from flows.verification.read_claims import pages_of

    release = resolve(source, revision)
    pages = pages_of(release, model, own)
    if not pages:
        raise UserError(f"{release.model} has no model card; import another source")
    for name, read in pages:
        yield f"{release.model} {name}", read
