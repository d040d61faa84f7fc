"""What all servers that somebody else runs have in common: we neither start nor end them."""

from __future__ import annotations

import os
import time
from typing import Self

import httpx

from evaluators.records import UserError

HEALTH_TIMEOUT = 10.0
"""Seconds a busy server may take to answer its health check."""
COMEBACK = 120.0
"""Most seconds to wait for a server that went away."""
POLL = 0.5


class RemoteServer:
    """A server at a URL. A backend says how to tell that it is well, what it serves, and `describe`."""

    backend: str
    health_paths: tuple[str, ...]
    """The first that does not answer 404 counts."""

    def __init__(self, url: str, key_variable: str | None, patience: float) -> None:
        """`url` may end in `/v1`. The key is the value of the environment variable. Raises UserError if that
        is unset."""
        self.url = url.rstrip("/").removesuffix("/v1").rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise UserError(f"'{url}' is no URL of a server; give one like http://127.0.0.1:8080")
        self.key: str | None = os.environ.get(key_variable) if key_variable else None
        if key_variable and not self.key:
            raise UserError(f"the environment variable {key_variable} is not set; put the server's key into it")
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
                status = self._client.get(path, timeout=HEALTH_TIMEOUT).status_code
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
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise UserError(f"{self.url}{path} does not answer ({type(error).__name__}); check the server") from None
        if answer.status_code in (401, 403):
            raise UserError(f"{self.url} refuses the key; name the environment variable that holds the right one")
        if answer.is_error:
            return None
        try:
            found = answer.json()
        except ValueError:
            return None
        return found if isinstance(found, dict) else None
