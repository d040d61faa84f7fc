"""Where the pages lie. A release's address follows from its name alone, so that it is the same for ever."""

from __future__ import annotations

import hashlib
import re

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
"""One part of a hub id; a name of other characters gets a part of its hash, so that no two names meet."""


def release_path(model: str) -> str:
    """Path of a release's page without its ending, e.g. `releases/Qwen/Qwen3.6-35B-A3B`."""
    parts = model.split("/")
    usable = len(parts) <= 2 and all(PLAIN_NAME.fullmatch(part) and not part.endswith(".html") for part in parts)
    if usable:
        return "releases/" + "/".join(parts)
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")[:60]
    return f"releases/{words}~{hashlib.sha256(model.encode('utf-8', 'replace')).hexdigest()[:12]}"


def to_root(path: str) -> str:
    """From a page back to the root: `../` for each folder."""
    return "../" * path.count("/")
