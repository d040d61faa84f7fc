"""A paced server that passes for `llama-server`: takes its flags and says of itself what claimcheck asks.

Started as a program: one JSON object of settings (see paced_server.PACE), then llama-server's command line.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from paced_server import PACE, Handler, Server

from evaluators.backends.llama_cpp.model_file import read_header


class LlamaHandler(Handler):
    flags: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        if self.path == "/health":
            return self._whole(200, {"status": "ok"})
        if self.headers.get("Authorization") != f"Bearer {os.environ['LLAMA_API_KEY']}":
            return self._whole(401, {"error": {"message": "Invalid API Key"}})
        slots = int(self.flags["--parallel"])
        if self.path == "/props":
            context = int(self.flags["--ctx-size"]) // slots
            return self._whole(200, {
                "model_path": self.flags["--model"], "total_slots": slots, "build_info": "b1-paced",
                "default_generation_settings": {"n_ctx": context},
            })  # fmt: skip
        vocabulary = read_header(Path(self.flags["--model"])).vocabulary
        return self._whole(200, {"data": [{"id": self.flags["--alias"], "meta": {"n_vocab": vocabulary}}]})


if __name__ == "__main__":
    words = sys.argv[2:]
    LlamaHandler.flags = {name: value for name, value in pairwise(words) if name.startswith("--")}
    LlamaHandler.pace = {**PACE, **json.loads(sys.argv[1])}
    with Server(("127.0.0.1", int(LlamaHandler.flags["--port"])), LlamaHandler) as server:
        server.serve_forever()
