"""What `claimcheck claims import` reads: files, folders of files, releases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluators.records import UserError
from warehouse.claims.source_reading import Reading
from warehouse.home import Home

KINDS = frozenset({".md", ".html", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".parquet"})


def import_claims(
    home: Home, source: str, *, model: str | None, revision: str | None, url: str | None, keep: bool
) -> dict[str, Any]:
    """Read and (with `keep`) store. Returns per file its claims, mentions, unread parts or problem, and how many
    claims were new. Raises UserError if the only file cannot be read."""
    from warehouse.claims.ledger import save_readings

    files: list[dict[str, Any]] = []
    readings: list[tuple[Reading, str | bytes]] = []
    for name, read in _sources(source, model, revision, url):
        try:
            reading, page = read()
        except UserError as problem:
            files.append({"file": name, "problem": str(problem)})
            continue
        readings.append((reading, page))
        files.append(
            {
                "file": name,
                "kind": reading.source.kind,
                "claims": len(reading.claims),
                "mentions": len(reading.mentions),
                "unresolved": _unresolved(reading),
                "unread": [asdict(part) for part in reading.unread],
            }
        )
    if len(files) == 1 and "problem" in files[0]:
        raise UserError(files[0]["problem"])
    new = save_readings(home, readings) if keep and readings else 0
    return {"files": files, "new": new, "kept": keep}


def _unresolved(reading: Reading) -> list[dict[str, Any]]:
    """Benchmarks that the catalogue does not know, with names that look alike for a person to confirm."""
    from warehouse.claims.text.names import suggest_benchmarks

    names = dict.fromkeys(claim.benchmark_text for claim in reading.claims if claim.benchmark is None)
    return [{"benchmark": name, "suggestions": list(suggest_benchmarks(name))} for name in list(names)[:50]]


def _sources(source: str, model: str | None, revision: str | None, url: str | None) -> Iterator[tuple[str, Any]]:
    path = Path(source)
    if source == "shipped":
        from warehouse.claims.readers.ledger_yaml import SHIPPED

        for file in sorted(SHIPPED.glob("*.yaml")):
            yield file.name, lambda file=file: _file(file, None, f"claimcheck:ledgers/{file.name}")
    elif path.is_dir() and not _is_release(path):
        for file in sorted(found for found in path.rglob("*") if found.suffix in KINDS and found.is_file()):
            yield str(file.relative_to(path)), lambda file=file: _file(file, model, None)
    elif path.is_file():
        yield source, lambda: _file(path, model, url)
    elif path.is_dir() or _is_hub_id(source):
        yield from _release(source, model, revision)
    else:
        raise UserError(f"{source} is no file, folder or org/name on the hub; check the spelling")


def _is_release(folder: Path) -> bool:
    return (folder / "README.md").exists() and (folder / "config.json").exists()


def _is_hub_id(source: str) -> bool:
    return source.count("/") == 1 and not source.startswith((".", "/"))


def _file(path: Path, model: str | None, url: str | None) -> tuple[Reading, str | bytes]:
    from warehouse.claims.readers.detect import read_any

    if path.suffix == ".parquet":
        return read_any(path, model=model, url=url), path.read_bytes()
    reading = read_any(path, model=model, url=url)
    return reading, path.read_bytes().decode("utf-8")


def _release(source: str, model: str | None, revision: str | None) -> Iterator[tuple[str, Any]]:
    """The card of a release and its `.eval_results` files."""
    from evaluators.weights.resolve import resolve
    from flows.verification.read_claims import pages_of

    release = resolve(source, revision)
    pages = pages_of(release, model)
    if not pages:
        raise UserError(f"{release.model} has no model card; import another source")
    for name, read in pages:
        yield f"{release.model} {name}", read
