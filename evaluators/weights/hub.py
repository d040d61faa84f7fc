"""Questions to the hub, and its refusals in one line each."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from evaluators.records import UserError
from evaluators.weights.file_entries import FileEntry, keep_listing

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

TIMEOUT = 6.0
"""Seconds to wait for the hub's answer: with no network the whole command ends within 10 s."""
PATIENCE = 120
"""Longest `Retry-After` in seconds that is waited for."""

HASH = re.compile(r"[0-9a-f]*")
T = TypeVar("T")


def api() -> HfApi:
    """The hub's client, at `$HF_ENDPOINT` and with the token that huggingface_hub finds."""
    from huggingface_hub import HfApi

    return HfApi(library_name="claimcheck")


@contextmanager
def hub_errors(model: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the hub's client raises into a UserError of one line with the next step."""
    import httpx2
    from huggingface_hub import constants, errors

    at = f"{model}@{revision}" if revision else model
    page = f"{constants.ENDPOINT}/{model}"
    try:
        yield
    except errors.GatedRepoError:
        raise UserError(f"{model} is gated: accept its terms at {page} and set HF_TOKEN") from None
    except errors.DisabledRepoError:
        raise UserError(f"{model} is disabled on the hub; choose another release") from None
    except errors.RevisionNotFoundError:
        raise UserError(f"{model} has no revision {revision}; see {page}/commits") from None
    except errors.RepositoryNotFoundError:
        raise UserError(
            f"no release {model} on the hub, or it is private: check the spelling or set HF_TOKEN"
        ) from None
    except errors.RemoteEntryNotFoundError as error:
        raise UserError(f"{at} lacks a file that it lists ({_first_line(error)}); resolve it again") from None
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise UserError(
                f"the hub refuses access to {model} (HTTP {status}): set HF_TOKEN to a token that may read it"
            ) from None
        if status == 429:
            raise UserError(f"the hub asks to come back later about {model} (HTTP 429); set HF_TOKEN or wait") from None
        raise UserError(f"the hub answers HTTP {status} about {at}; try again later") from None
    except errors.OfflineModeIsEnabled:
        raise UserError(
            f"{at} is not on this machine and HF_HUB_OFFLINE is set: unset it or give a local folder"
        ) from None
    except errors.LocalEntryNotFoundError as error:
        raise UserError(
            f"cannot get {at} from the hub ({_first_line(error)}); check the network or give a local folder"
        ) from None
    except (httpx2.TransportError, ConnectionError, TimeoutError) as error:
        raise UserError(
            f"cannot reach the hub at {constants.ENDPOINT} for {at} ({type(error).__name__}): check the network, or "
            f"give a local folder"
        ) from None


def patient(ask: Callable[[], T], *, tries: int = 4, wait: Callable[[float], None] = time.sleep) -> T:
    """Ask the hub; on HTTP 429 wait as long as its `Retry-After` says (at most `PATIENCE` seconds) and ask again."""
    from huggingface_hub.errors import HfHubHTTPError

    for attempt in range(tries):
        try:
            return ask()
        except HfHubHTTPError as error:
            stated = error.response.headers.get("Retry-After", "")
            delay = float(stated) if stated.isdigit() else 2.0**attempt
            if error.response.status_code != 429 or delay > PATIENCE or attempt == tries - 1:
                raise
            wait(delay)
    raise AssertionError("not reached")


def hub_listing(model: str, revision: str | None) -> tuple[ModelInfo, tuple[FileEntry, ...]]:
    """Metadata and files of a release at a revision, in one request; the listing is kept under its commit.

    Raises UserError if there is no such release or revision, if it is gated or private, or if the hub cannot
    be reached.
    """
    with hub_errors(model, revision):
        info = patient(lambda: api().model_info(model, revision=revision, files_metadata=True, timeout=TIMEOUT))
    entries = tuple(
        FileEntry(file.rfilename, file.size or 0, file.lfs.sha256 if file.lfs else None, file.blob_id)
        for file in info.siblings or ()
    )
    for entry in entries:
        path = PurePosixPath(entry.name)
        if path.is_absolute() or ".." in path.parts or not HASH.fullmatch(entry.sha256 or entry.git_sha1 or "0"):
            raise UserError(
                f"{model} lists {entry.name!r} in a way that no hub does; choose another release or endpoint"
            )
    if not info.sha:
        raise UserError(f"the hub names no commit for {model}; give one with its revision")
    keep_listing(model, info.sha, entries)
    return info, entries


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
