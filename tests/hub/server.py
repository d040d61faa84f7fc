"""A hub on loopback: list, info, tree, resolve with ranges, ETag and commit headers, gates, rate limits, LFS hashes.

Speaks to the real huggingface_hub client. Content lives in memory; `Hub.requests` says what was asked and how many
bytes were sent; faults are set per file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlparse

LFS_FROM = 10_000
"""Files from this many bytes on are LFS files, as are all weights."""


@dataclass
class Repository:
    """One model repository with its commits."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    gated: bool = False
    readers: set[str] = field(default_factory=set)
    info: dict[str, Any] = field(default_factory=dict)


@dataclass
class Request:
    """One request as it was answered."""

    method: str
    path: str
    status: int
    range: str | None
    sent: int = 0


@dataclass
class Hub:
    """The state that the server serves."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    busy: int = 0
    """How many of the next requests are answered with 429 and `Retry-After: 0`."""
    flipped: set[str] = field(default_factory=set)
    """File names whose content comes with one flipped byte."""
    held: dict[str, int] = field(default_factory=dict)
    """File name -> bytes after which the answer stops until `release`."""
    release: threading.Event = field(default_factory=threading.Event)
    page: int = 2
    """Models on a page of the list."""

    def commit(self, name: str, files: dict[str, bytes], date: str = "2026-04-01", **info: Any) -> str:
        """Push files as the new head of main; the commit's id."""
        repository = self.repositories.setdefault(name, Repository())
        whole = {**repository.commits.get(repository.branches.get("main", ""), {}), **files}
        seed = f"{name}{len(repository.commits)}".encode() + b"".join(whole.values())
        commit = hashlib.sha1(seed).hexdigest()
        repository.commits[commit] = whole
        repository.branches["main"] = commit
        repository.dates[commit] = f"{date}T00:00:00.000Z"
        repository.info.update(info)
        return commit

    def sent(self, file: str) -> list[Request]:
        """Requests with content of a file."""
        return [request for request in self.requests if request.method == "GET" and request.path.endswith(file)]


def git_sha1(content: bytes) -> str:
    """Git blob id."""
    return hashlib.sha1(b"blob %d\x00" % len(content) + content).hexdigest()


def is_lfs(name: str, content: bytes) -> bool:
    """Whether the hub keeps a file in LFS."""
    return len(content) >= LFS_FROM or name.endswith((".gguf", ".safetensors", ".bin"))


def etag(name: str, content: bytes) -> str:
    """SHA-256 for LFS files, git blob id for others."""
    return hashlib.sha256(content).hexdigest() if is_lfs(name, content) else git_sha1(content)


class Handler(BaseHTTPRequestHandler):
    """Answers for `self.server.hub`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    @property
    def hub(self) -> Hub:
        """The state."""
        return self.server.hub  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        """Route."""
        with contextlib.suppress(ConnectionError):
            self.route()

    do_HEAD = do_GET

    def route(self) -> None:
        """Find what was asked for."""
        address = urlparse(self.path)
        path, query = unquote(address.path).strip("/"), parse_qs(address.query)
        if self.hub.busy:
            self.hub.busy -= 1
            return self.refuse(429, "", {"Retry-After": "0"})
        if path == "api/models":
            return self.list_models(query)
        if path.startswith(("api/models/", "api/datasets/")):
            _, kind, *parts = path.split("/")
            prefix = "datasets/" if kind == "datasets" else ""
            return self.about(prefix + "/".join(parts[:2]), parts[2:], query)
        if "/resolve/" in path or path.startswith("lfs/"):
            name, _, rest = path.removeprefix("lfs/").partition("/resolve/")
            revision, _, file = rest.partition("/")
            return self.content(name, revision, file, stored=path.startswith("lfs/"))
        return self.refuse(404, "RepoNotFound")

    def commit_of(self, name: str, revision: str | None) -> str | None:
        """Commit that a revision means; None if there is none. An answer is sent if there is no such repository."""
        repository = self.hub.repositories[name]
        wanted = revision or "main"
        commit = repository.branches.get(wanted, wanted)
        return commit if commit in repository.commits else None

    def about(self, name: str, rest: list[str], query: dict[str, list[str]]) -> None:
        """Info or tree of a repository."""
        if name not in self.hub.repositories:
            return self.refuse(401, "RepoNotFound")
        revision = rest[1] if len(rest) > 1 else None
        commit = self.commit_of(name, revision)
        if commit is None:
            return self.refuse(404, "RevisionNotFound")
        if rest[:1] == ["tree"]:
            folder = "/".join(rest[2:])
            files = {f: c for f, c in self.hub.repositories[name].commits[commit].items() if f.startswith(folder)}
            return self.send_json([{"type": "file", **self.file_entry(f, c)} for f, c in files.items()])
        return self.send_json(self.info(name, commit, blobs="blobs" in query))

    def info(self, name: str, commit: str, blobs: bool = False) -> dict[str, Any]:
        """Metadata of a model."""
        repository = self.hub.repositories[name]
        files = repository.commits[commit]
        siblings = [{"rfilename": file} for file in files]
        if blobs:
            siblings = [{"rfilename": file, **self.file_entry(file, content)} for file, content in files.items()]
        return {
            "_id": "0", "id": name, "modelId": name, "author": name.split("/")[0], "sha": commit, "private": False,
            "gated": "manual" if repository.gated else False, "disabled": False, "downloads": 0, "likes": 0,
            "lastModified": repository.dates[commit], "createdAt": min(repository.dates.values()),
            "tags": [], "siblings": siblings, **repository.info,
        }  # fmt: skip

    def file_entry(self, name: str, content: bytes) -> dict[str, Any]:
        """Size and hashes as the hub lists them."""
        entry: dict[str, Any] = {"path": name, "size": len(content), "oid": git_sha1(content)}
        entry["blobId"] = git_sha1(content)
        if is_lfs(name, content):
            sha256 = hashlib.sha256(content).hexdigest()  # `sha256` in a model's siblings, `oid` in a tree
            entry["lfs"] = {"sha256": sha256, "oid": sha256, "size": len(content), "pointerSize": 134}
        return entry

    def list_models(self, query: dict[str, list[str]]) -> None:
        """One page of the list, newest change first, with a link to the next."""
        author, search = query.get("author", [""])[0], query.get("search", [""])[0].lower()
        found = []
        for name, repository in self.hub.repositories.items():
            if (not author or name.startswith(author + "/")) and search in name.lower():
                found.append(self.info(name, repository.branches["main"]))
        found.sort(key=lambda info: info["lastModified"], reverse=True)
        start = int(query.get("cursor", ["0"])[0])
        size = min(int(query.get("limit", ["1000"])[0]), self.hub.page)
        headers = {}
        if start + size < len(found):
            following = {**{key: values[0] for key, values in query.items()}, "cursor": start + size}
            headers["Link"] = f'<{self.hub.url}/api/models?{urlencode(following)}>; rel="next"'
        self.send_json(found[start : start + size], headers)

    def content(self, name: str, revision: str, file: str, stored: bool) -> None:
        """Content of a file, whole or a range; LFS files behind a redirect, as on the hub."""
        if name not in self.hub.repositories:
            return self.refuse(401, "RepoNotFound")
        repository = self.hub.repositories[name]
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if repository.gated and token not in repository.readers:
            return self.refuse(403 if token else 401, "GatedRepo")
        commit = self.commit_of(name, revision)
        if commit is None:
            return self.refuse(404, "RevisionNotFound")
        if file not in repository.commits[commit]:
            return self.refuse(404, "EntryNotFound", {"X-Repo-Commit": commit})
        content = repository.commits[commit][file]
        headers = {"X-Repo-Commit": commit, "ETag": f'"{etag(file, content)}"', "Accept-Ranges": "bytes"}
        if is_lfs(file, content) and not stored:
            headers |= {"X-Linked-ETag": f'"{etag(file, content)}"', "X-Linked-Size": str(len(content))}
            headers["Location"] = f"{self.hub.url}/lfs{self.path}"
            return self.answer(302, b"", headers)
        return self.send_range(file, content, headers)

    def send_range(self, file: str, content: bytes, headers: dict[str, str]) -> None:
        """The bytes that were asked for."""
        if file in self.hub.flipped:
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        wanted, status, total = self.headers.get("Range"), 200, len(content)
        if wanted:
            begin, _, end = wanted.removeprefix("bytes=").partition("-")
            first, last = int(begin), min(int(end) if end else total - 1, total - 1)
            content, status = content[first : last + 1], 206
            headers["Content-Range"] = f"bytes {first}-{last}/{total}"
        self.answer(status, content, headers, hold=self.hub.held.get(file))

    def send_json(self, value: Any, headers: dict[str, str] | None = None) -> None:
        """A JSON answer."""
        self.answer(200, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})

    def refuse(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        """A refusal as the hub words it."""
        named = {"X-Error-Code": code} if code else {}
        self.answer(status, json.dumps({"error": code or "refused"}).encode(), {**named, **(headers or {})})

    def answer(self, status: int, body: bytes, headers: dict[str, str], hold: int | None = None) -> None:
        """Send and note what was sent."""
        note = Request(self.command, urlparse(self.path).path, status, self.headers.get("Range"))
        self.hub.requests.append(note)
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if hold is not None and hold < len(body):
            self.wfile.write(body[:hold])
            note.sent = hold
            self.hub.release.wait(60)
            body = body[hold:]
        self.wfile.write(body)
        note.sent += len(body)


@contextlib.contextmanager
def serve(hub: Hub):
    """Serve a hub on a free port of loopback while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.hub = hub  # type: ignore[attr-defined]
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.release.set()
        server.shutdown()
        server.server_close()
