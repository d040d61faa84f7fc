"""Pages as read: kept under their SHA-256, compressed, never changed."""

from __future__ import annotations

import gzip
import hashlib
import zlib

from evaluators.files import read_plain, write_atomic
from evaluators.records import UserError
from warehouse.home import Home


def keep_page(home: Home, content: str | bytes) -> str:
    """Store a page (text as it was read) and return its SHA-256; one that is there already is left alone."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    address = hashlib.sha256(data).hexdigest()
    path = home.sources / f"{address}.gz"
    if not path.exists():
        write_atomic(path, gzip.compress(data, mtime=0))
    return address


def page(home: Home, sha256: str) -> bytes:
    """A stored page. Raises UserError if it is not there or is not what its name says."""
    path = home.sources / f"{sha256}.gz"
    try:
        data = gzip.decompress(read_plain(path))
    except FileNotFoundError as error:
        raise UserError(f"no stored page {sha256[:16]}; import its source again") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} is damaged ({error}); remove it and import its source again") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UserError(f"{path} does not hold what its name says; remove it and import its source again")
    return data
