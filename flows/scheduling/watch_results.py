"""Results that others publish, looked through once a week: what is new about releases in the ledger comes in.

Plain functions; the weekly flow and `claimcheck watch` call them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from evaluators.files import read_plain
from evaluators.outside.bounded_reading import LARGEST_DOCUMENT, MOST_FILES, json_document
from evaluators.outside.formats.eval_ever_records import is_eval_ever_file
from evaluators.outside.read_outside import read_outside
from evaluators.records import UserError
from flows.verification.import_results import ImportRequest, import_results, is_url, local_copy, plain_file_name
from warehouse.claims.text.names import name_key
from warehouse.home import Home, write_atomic
from warehouse.queries.imported import models_of_claims

RESULTS = re.compile(r".*\.(?:json|jsonl|eval|parquet)")
GITHUB = "https://api.github.com/repos/{repository}/git/trees/HEAD?recursive=1"
RAW = "https://raw.githubusercontent.com/{repository}/HEAD/{path}"


@dataclass
class ResultsNews:
    """What a look at the sources of results gave."""

    runs: int = 0
    """Runs that are new in the warehouse."""
    claims: int = 0
    """Claims by vendors or third parties that are new in the ledger."""
    headlines: list[str] = field(default_factory=list)
    """Verdicts that followed."""
    failed: dict[str, str] = field(default_factory=dict)
    """Source or file -> why it could not be read."""


@dataclass(frozen=True)
class ResultsFile:
    """One file of a source."""

    name: str
    """Path inside the source."""
    version: str
    """Changes when its content does."""
    address: str
    """Its local path or URL."""
    beside: str | None = None
    """URL of a file that belongs to it, two folders above as `metadata.yaml`."""


def scan_results(home: Home, sources: Sequence[str]) -> ResultsNews:
    """Read what is new in each source about models whose claims are in the ledger. A source or file that fails is named
    and stops none of the others."""
    news = ResultsNews()
    wanted = {name_key(model): model for model in models_of_claims(home)}
    for source in sources:
        record = home.root / "results_scans" / f"{hashlib.sha256(source.encode()).hexdigest()[:32]}.json"
        seen: dict[str, str] | None = None
        try:
            seen = _seen_before(record)
            for file in source_files(source):
                if seen.get(file.name) == file.version or not _is_about(file.name, source, wanted):
                    continue
                if _bring(home, file, news, wanted):
                    seen[file.name] = file.version
        except UserError as problem:
            news.failed[source] = str(problem)
        if seen is not None:
            write_atomic(record, json.dumps(seen, indent=0).encode())
    return news


def _seen_before(record: Path) -> dict[str, str]:
    """File -> version, as the scan before left it. Raises UserError for a note that cannot be read."""
    try:
        seen = json.loads(read_plain(record)) if record.exists() else {}
        return {str(name): str(version) for name, version in seen.items()}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise UserError(f"{record} is damaged ({error}); remove it") from error


def source_files(source: str) -> Iterator[ResultsFile]:
    """The results files of a source. Raises UserError if it cannot be listed."""
    if source.startswith("dataset:"):
        yield from _dataset(source.removeprefix("dataset:"))
    elif source.startswith("github:"):
        yield from _github(source.removeprefix("github:"))
    elif is_url(source):
        with local_copy(source) as path:
            version = hashlib.sha256(path.read_bytes()).hexdigest()
        yield ResultsFile(source, version, source)
    else:
        folder = Path(source).expanduser()
        if not folder.exists():
            raise UserError(f"{source} does not exist; correct `results` in watch.yaml")
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if path.is_file() and RESULTS.fullmatch(path.name) and not path.name.startswith("samples_"):
                version = f"{path.stat().st_size} {path.stat().st_mtime_ns}"
                yield ResultsFile(str(path), version, str(path))


def _dataset(address: str) -> Iterator[ResultsFile]:
    """Files of a data set on the hub: `ORG/NAME` or `ORG/NAME/FOLDER`."""
    from huggingface_hub import constants
    from huggingface_hub.hf_api import RepoFile

    from evaluators.weights.hub import api, hub_errors

    repository, folder = "/".join(address.split("/")[:2]), "/".join(address.split("/")[2:]) or "data"
    with hub_errors(repository):
        for entry in api().list_repo_tree(repository, folder, recursive=True, repo_type="dataset"):
            if isinstance(entry, RepoFile) and RESULTS.fullmatch(entry.path):
                url = f"{constants.ENDPOINT}/datasets/{repository}/resolve/main/{entry.path}"
                yield ResultsFile(entry.path, entry.blob_id, url)


def _github(address: str) -> Iterator[ResultsFile]:
    """Files of a folder of a repository: `OWNER/REPO/FOLDER`. The whole list is one question."""
    repository, folder = "/".join(address.split("/")[:2]), "/".join(address.split("/")[2:])
    with local_copy(GITHUB.format(repository=repository)) as path:
        tree = json_document(path)
    entries = tree.get("tree") if isinstance(tree, dict) else None
    if not isinstance(entries, list):
        raise UserError(f"github.com lists no files of {repository}; correct `results` in watch.yaml")
    for entry in entries[: 50 * MOST_FILES]:
        name = str(entry.get("path"))
        if name.startswith(f"{folder}/" if folder else "") and PurePosixPath(name).name == "results.json":
            url = RAW.format(repository=repository, path=name)
            about = RAW.format(repository=repository, path=f"{PurePosixPath(name).parent.parent}/metadata.yaml")
            yield ResultsFile(name, str(entry.get("sha")), url, about)


def _is_about(name: str, source: str, wanted: dict[str, str]) -> bool:
    """Whether a file may be about a release in the ledger. In a data set of records the folder names the model; in the
    experiments the folder's name holds it; a folder or URL of the user's own is read whole."""
    if source.startswith("dataset:"):
        return len(PurePosixPath(name).parts) < 3 or name_key(PurePosixPath(name).parts[-2]) in wanted
    if source.startswith("github:"):
        plain = name_key(name.replace("/", " "))
        return any(model in plain for model in wanted if len(model) > 4)
    return True


def _bring(home: Home, file: ResultsFile, news: ResultsNews, wanted: dict[str, str]) -> bool:
    """Import one file: first-party records and registries as claims, others' results as runs. False where it is about
    no release of the ledger: it may be, once there are claims about it."""
    try:
        with _local_files(file) as path:
            if _states_claims(path):
                news.claims += _claims(home, path, file.address)
                return True
            release = _release_of(path, wanted)
            if release is None:
                return False
            report = import_results(home, str(path), ImportRequest(release=release), label=file.address)
    except UserError as problem:
        news.failed[file.name] = str(problem)
        return True
    news.runs += report.new
    news.headlines += [verdict.headline for verdict in report.verdicts]
    return True


@contextmanager
def _local_files(file: ResultsFile) -> Iterator[Path]:
    """The file, and where another belongs to it both, laid out as in the source."""
    if file.beside is None:
        with local_copy(file.address) as path:
            yield path
        return
    parts = [plain_file_name(part) or "_" for part in PurePosixPath(file.name).parts]
    with (
        tempfile.TemporaryDirectory(prefix="claimcheck-") as folder,
        local_copy(file.address) as results,
        local_copy(file.beside) as about,
    ):
        path = Path(folder).joinpath(*parts)
        path.parent.mkdir(parents=True)
        shutil.copy(results, path)
        shutil.copy(about, path.parent.parent / "metadata.yaml")
        yield path


def _release_of(path: Path, wanted: dict[str, str]) -> str | None:
    """The hub id that the ledger has for the model of a file, which names it in its own way; None: it has none."""
    named = {
        name for run in read_outside(path)[0] for name in (run.model, *(result.model for result in run.results)) if name
    }
    releases = {wanted[key] for name in named if (key := name_key(name)) in wanted}
    return releases.pop() if len(releases) == 1 else None


def _states_claims(path: Path) -> bool:
    """Whether a file holds what vendors say: a first-party record, or a registry such as LLM-Stats."""
    from warehouse.claims.readers.llm_stats import is_llm_stats

    if path.suffix != ".json" or path.stat().st_size > LARGEST_DOCUMENT:
        return False
    content = json_document(path)
    if is_eval_ever_file(content):
        about = content.get("source_metadata")
        return isinstance(about, dict) and about.get("evaluator_relationship") == "first_party"
    return is_llm_stats(content)


def _claims(home: Home, path: Path, url: str) -> int:
    from warehouse.claims.ledger import save_readings
    from warehouse.claims.readers.detect import read_any

    return save_readings(home, [(read_any(path, url=url), path.read_bytes().decode("utf-8"))])
