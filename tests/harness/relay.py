"""A relay before a real model server that counts what it is asked, by sampling seed, and misbehaves on demand.

    python -m tests.harness.relay '{"target": "http://127.0.0.1:8080", "error": 0.05}'

It prints its port. `target`: where requests go; `routes`: other targets, by how a path begins. Shares of seeds whose
first request meets a fault, as in `fake_server`: `error` (HTTP 500), `silent` (never answered), `broken` (half of the
real answer). GET /counts gives {seed: requests}; a request without a seed counts by its body.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections import Counter
from typing import Any

import aiohttp
from aiohttp import web

from tests.harness.fake_server import share

WORK = ("/v1/completions", "/v1/chat/completions", "/completion")
"""Paths that cost the model something."""
PASSED = ("Content-Type", "Authorization")


class Relay:
    """State of the relay."""

    def __init__(self, options: dict[str, Any], http: aiohttp.ClientSession) -> None:
        self.options = options
        self.http = http
        self.counts: Counter[str] = Counter()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        if request.path == "/counts":
            return web.json_response(self.counts)
        content = await request.read()
        fault = 1.0
        if request.path in WORK:
            seed = str(json.loads(content).get("seed") or int(hashlib.sha256(content).hexdigest()[:15], 16))
            self.counts[seed] += 1
            if self.counts[seed] == 1:
                fault = share(seed, "fault")
        error, silent, broken = (float(self.options.get(name, 0.0)) for name in ("error", "silent", "broken"))
        if fault < error:
            return web.json_response({"error": "fault"}, status=500)
        if fault < error + silent:
            await asyncio.sleep(3600)
        routes: dict[str, str] = self.options.get("routes", {})
        target = next((url for begin, url in routes.items() if request.path.startswith(begin)), self.options["target"])
        headers = {name: request.headers[name] for name in PASSED if name in request.headers}
        try:
            async with self.http.request(request.method, target + request.path, data=content, headers=headers) as reply:
                body = await reply.read()
        except aiohttp.ClientError:
            assert request.transport is not None
            request.transport.abort()  # what a dead server does to a connection
            raise
        if fault < error + silent + broken:
            body = body[: len(body) // 2]
        return web.Response(status=reply.status, body=body, content_type=reply.content_type)


async def main() -> None:
    """Serve until killed."""
    options = json.loads(sys.argv[1])
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(keepalive_timeout=2)) as http:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", Relay(options, http).handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
