"""A small server for the demo sums that misbehaves on demand and counts what it is asked, by sampling seed.

    python -m tests.harness.fake_server '{"latency": 0.005, "error": 0.05}'

It prints its port. Options: `latency` (seconds), `slow_right` (seconds more for right answers), `wrong` (share of wrong
answers), and shares of seeds whose first request meets a fault: `error` (HTTP 500), `silent` (never answered), `broken`
(malformed JSON); `poison` (share of seeds that always get 500), `refused` (share that always get 400); `dies_after`
(answers after which it crashes); `drips_after` (answers after which it sends a blank now and then, for ever); `log`, a
file that gets the seed of every request, to be read after a kill; `model`, the name that it serves, at /v1/models.
GET /counts gives {seed: requests}, GET /order the seeds as they were answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def share(seed: object, what: str) -> float:
    """A number in [0, 1) that is fixed by seed and purpose."""
    return int.from_bytes(hashlib.sha256(f"{what}|{seed}".encode()).digest()[:4], "big") / 2**32


def answer(prompt: str, chance: str, wrong: float) -> tuple[str, bool]:
    """(text, whether it is right) for the last sum in the prompt; `chance` decides."""
    found = re.findall(r"What is ([0-9+-]+)\?", prompt)
    total = sum(int(term) for term in re.findall(r"[+-]?\d+", found[-1])) if found else 0
    right = share(chance, "wrong") >= wrong
    return f" #### {total if right else total + 1}", right


class Fake:
    """State of the server."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self.order: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int((re.search(rb"content-length: (\d+)", head.lower()) or [b"", b"0"])[1])
                body = json.loads(await reader.readexactly(length)) if length else {}
                path = head.split(b" ", 2)[1].decode()
                status, content = await self.reply(path, body)
                if path == "/v1/completions" and len(self.order) > self.options.get("drips_after", 10**9):
                    writer.write(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n")
                    while True:
                        writer.write(b"1\r\n \r\n")
                        await writer.drain()
                        await asyncio.sleep(0.05)
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                lines = f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                writer.write(lines.encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def reply(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """(status, content) for one request."""
        if path == "/counts":
            return 200, self.counts
        if path == "/order":
            return 200, self.order
        if path == "/v1/models" and "model" in self.options:
            return 200, {"data": [{"id": self.options["model"], "max_model_len": 1024}]}
        if path == "/tokenize":
            return 200, {"tokens": list(range(len(str(body.get("content", body.get("prompt"))).split())))}
        if path != "/v1/completions":
            return 404, {}
        seed = body["seed"]
        self.counts[str(seed)] += 1
        if "log" in self.options:
            with Path(self.options["log"]).open("a") as file:
                file.write(f"{seed}\n")
        first, kind, options = self.counts[str(seed)] == 1, share(seed, "fault"), self.options
        if share(seed, "poison") < options.get("poison", 0):
            return 500, {"error": "poison"}
        if share(seed, "refused") < options.get("refused", 0):
            return 400, {"error": "no"}
        chance = f"{body['prompt']}{seed if body['temperature'] else ''}"
        text, right = answer(body["prompt"], chance, options.get("wrong", 0.3))
        if first:
            if kind < (edge := options.get("error", 0)):
                return 500, {"error": "fault"}
            if kind < (edge := edge + options.get("silent", 0)):
                await asyncio.sleep(3600)
            if kind < edge + options.get("broken", 0):
                return 200, b'{"choices": [{"text": "'
        await asyncio.sleep(options.get("latency", 0.0) + (options.get("slow_right", 0.0) if right else 0.0))
        self.order.append(seed)
        if len(self.order) == options.get("dies_after"):
            os._exit(1)
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        return 200, {"choices": [{"index": 0, "text": text, "finish_reason": "stop"}], "usage": usage}


async def main() -> None:
    """Serve until killed."""
    fake = Fake(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})
    port = int(fake.options.get("port", 0))
    server = await asyncio.start_server(fake.serve, "127.0.0.1", port, limit=2**24, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
