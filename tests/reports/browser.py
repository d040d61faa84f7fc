"""A real headless Chromium, driven over its debugging protocol: what a page asks for, says and looks like."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
)  # fmt: skip

LOOKS = ((360, "dark"), (1280, "light"))
"""Widths in px and schemes: a width moves things, a scheme colours them, and neither does the other's."""


@dataclass
class Visit:
    """What one page did while it was open."""

    requests: list[str] = field(default_factory=list)
    """Addresses it asked for, its own among them."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings on the console, exceptions, violations of its content policy."""
    answers: dict[str, Any] = field(default_factory=dict)
    """What the questions gave."""
    picture: bytes = b""
    """The whole page as PNG, where it was asked for."""


class Chromium:
    """One browser; `visit` opens a page in a tab of its own."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._session, self._socket, self._number = session, socket, 0

    async def visit(self, url: str, *, width: int, scheme: str, questions: dict[str, str], picture: bool) -> Visit:
        """Open a page and ask it: name -> JavaScript expression. width: px; scheme: light or dark."""
        visit, loaded = Visit(), False
        target = (await self._send("Target.createTarget", url="about:blank"))["targetId"]
        tab = (await self._send("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        for domain in ("Network", "Runtime", "Log", "Page"):
            await self._send(f"{domain}.enable", tab)
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        await self._send("Emulation.setEmulatedMedia", tab, features=media)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        await self._send("Emulation.setDeviceMetricsOverride", tab, **size)
        self._seen: list[dict[str, Any]] = []
        await self._send("Page.navigate", tab, url=url)
        while not loaded:
            loaded = any(event["method"] == "Page.loadEventFired" for event in self._seen)
            if not loaded:
                await self._receive()
        for name, expression in questions.items():
            found = await self._send("Runtime.evaluate", tab, expression=expression, returnByValue=True)
            visit.answers[name] = found["result"].get("value")
        if picture:
            shot = await self._send("Page.captureScreenshot", tab, captureBeyondViewport=True)
            visit.picture = base64.b64decode(shot["data"])
        for event in self._seen:
            _note(visit, event)
        await self._send("Target.closeTarget", targetId=target)
        return visit

    async def _send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        await self._socket.send_str(json.dumps(message))
        while True:
            answer = await self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])

    async def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads((await self._socket.receive(timeout=120)).data)
        if "method" in message and hasattr(self, "_seen"):
            self._seen.append(message)
        return message


def _note(visit: Visit, event: dict[str, Any]) -> None:
    said = event.get("params", {})
    match event["method"]:
        case "Network.requestWillBeSent":
            visit.requests.append(said["request"]["url"])
        case "Runtime.exceptionThrown":
            visit.complaints.append(said["exceptionDetails"]["text"])
        case "Runtime.consoleAPICalled":
            visit.complaints.append(str(said["args"]))
        case "Log.entryAdded":
            visit.complaints.append(said["entry"]["text"])


@asynccontextmanager
async def chromium() -> AsyncIterator[Chromium]:
    """A browser with an empty profile, ended with the block."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank", stderr=asyncio.subprocess.PIPE
        )
        try:
            address = await asyncio.wait_for(_address(process), 120)
            async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
                yield Chromium(session, socket)
        finally:
            process.kill()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if "DevTools listening on " in line:
            return line.partition("DevTools listening on ")[2].strip()
    raise AssertionError("Chromium ended before it listened")


def visit_all(
    pages: list[Path], questions: dict[str, str], pictures: bool = False
) -> dict[tuple[str, int, str], Visit]:
    """Every page in each of `LOOKS`: (page, width, scheme) -> visit, with a picture of each if `pictures`."""

    async def work() -> dict[tuple[str, int, str], Visit]:
        async with chromium() as browser:
            return {
                (page.name, width, scheme): await browser.visit(
                    page.absolute().as_uri(), width=width, scheme=scheme, questions=questions, picture=pictures
                )
                for page in pages
                for width, scheme in LOOKS
            }

    return asyncio.run(work())
