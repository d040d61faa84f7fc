"""What all servers that somebody else runs have in common: we neither start nor end them."""

from __future__ import annotations

import os
import time
from typing import Self
from urllib.parse import urlsplit

import httpx

from evaluators.backends.bounded_http import fetch_bounded
from evaluators.backends.reply_reader import decode_object, one_line
from evaluators.records import UserError

HEALTH_TIMEOUT = 10.0
"""Seconds a busy server may take to answer its health check."""
COMEBACK = 120.0
"""Most seconds to wait for a server that went away."""
POLL = 0.5


def plain_url(url: str) -> str:
    """The base URL of a server, without `/v1`. Raises UserError for what is none, and for one that holds secrets:
    a URL is stored with the run and shows in the list of processes."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UserError("the server's URL is none; give one like http://127.0.0.1:8080")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UserError(
            "the server's URL holds more than a place; put the key into an environment variable and name it by "
            "--key-variable"
        )
    return parts.geturl().rstrip("/").removesuffix("/v1").rstrip("/")


def server_key(variable: str | None) -> str | None:
    """The API key in an environment variable; None where none is named. Raises UserError if it is not set."""
    key = os.environ.get(variable) if variable else None
    if variable and not key:
        raise UserError(f"the environment variable {variable} is not set; put the server's key into it")
    return key


class RemoteServer:
    """A server at a URL. A backend says how to tell that it is well, what it serves, and `describe`."""

    backend: str
    health_paths: tuple[str, ...]
    """The first that does not answer 404 counts."""

    def __init__(self, url: str, key_variable: str | None, patience: float) -> None:
        """`url` may end in `/v1`. The key is the value of the environment variable. Raises UserError if that
        is unset."""
        self.url = plain_url(url)
        self.key = server_key(key_variable)
        self.patience = min(patience, COMEBACK)
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def __enter__(self) -> Self:
        if not self.alive():
            raise UserError(f"nothing answers at {self.url}; start the server or correct the URL")
        self.attach()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def attach(self) -> None:
        """Find or make the model to use; raises UserError if it cannot be had."""

    def alive(self) -> bool:
        """Whether it still answers its health check."""
        for path in self.health_paths:
            try:
                status, _ = fetch_bounded(self._client, "GET", path, seconds=HEALTH_TIMEOUT)
            except httpx.HTTPError:
                return False
            if status != 404:
                return status < 500
        return False

    def restart(self) -> None:
        """It is not ours to start: wait until it is back. Raises UserError if that takes too long."""
        deadline = time.monotonic() + self.patience
        while not self.alive():
            if time.monotonic() > deadline:
                raise UserError(f"the server at {self.url} went away; start it again and repeat the command")
            time.sleep(POLL)

    def stop(self) -> None:
        """It is not ours to end."""

    def ask(self, method: str, path: str, body: dict[str, object] | None = None) -> dict[str, object] | None:
        """A JSON object, or None if the server has no such path; raises UserError for a refused key and for no
        answer."""
        try:
            status, content = fetch_bounded(self._client, method, path, json=body)
        except httpx.DecodingError as error:
            raise UserError(f"{self.url}{path}: {one_line(str(error))}; check the URL and the server") from None
        except httpx.HTTPError as error:
            raise UserError(f"{self.url}{path} does not answer ({type(error).__name__}); check the server") from None
        if status in (401, 403):
            raise UserError(f"{self.url} refuses the key; name the environment variable that holds the right one")
        if 300 <= status < 400:
            raise UserError(f"{self.url}{path} redirects to another place; give the URL of the server itself")
        return decode_object(content) if status == 200 else None
