"""A server that streams tokens at a pace we set, in the ways of llama.cpp, vLLM, Ollama and OpenAI.

Token k of an answer leaves at a time fixed when the request came, so that a busy machine does not add up delays.
Started as a program: one JSON object of settings as argument; prints its port.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PACE = {
    "per_token": 0.002,  # seconds between tokens
    "per_depth": 0.0,  # seconds more between tokens for every token of the prompt
    "per_prompt_token": 0.0,  # seconds per prompt token before the first token
    "slow_after": 10**9,  # answers after which everything takes `slow_factor` times as long
    "slow_factor": 1.0,
    "fail_after": 10**9,  # answers after which one breaks, as `failure` says
    "failure": "status",  # status, error, drop, short
    "lump": False,  # the whole answer at once
    "spin": False,  # compute instead of sleeping while waiting
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come
    pace = PACE
    answers = 0

    def log_message(self, *args: object) -> None:
        """Silence."""

    def do_POST(self) -> None:
        came = time.perf_counter()
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            text = asked.get("content", asked.get("prompt"))
            return self._whole(200, {"tokens": list(range(len(text.split())))})
        Handler.answers += 1
        self.number = Handler.answers
        broken = self.number > self.pace["fail_after"]
        if broken and self.pace["failure"] == "status":
            return self._whole(503, {"error": {"message": "no slot"}})
        self._stream(came, asked, broken)
        return None

    def _whole(self, status: int, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, came: float, asked: dict, broken: bool) -> None:
        prompt = asked["prompt"].split() if isinstance(asked["prompt"], str) else asked["prompt"]
        tokens = asked.get("n_predict") or asked.get("max_tokens") or asked["options"]["num_predict"]
        factor = self.pace["slow_factor"] if self.number > self.pace["slow_after"] else 1.0
        step = factor * (self.pace["per_token"] + self.pace["per_depth"] * len(prompt))
        begin = came + factor * self.pace["per_prompt_token"] * len(prompt)
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if broken and self.pace["failure"] == "short":
            tokens //= 2
        lump = b""
        for number in range(1, tokens + 1):
            self._wait(begin + step * number)
            if broken and number == 5 and self.pace["failure"] == "drop":
                self.connection.close()
                return
            if broken and number == 5 and self.pace["failure"] == "error":
                self._send(b'data: {"error": {"message": "out of memory"}}\n\n')
                break
            event = self._event(number, len(prompt), last=number == tokens)
            if self.pace["lump"]:
                lump += event
            else:
                self._send(event)
        if lump:
            self._send(lump)
        self.wfile.write(b"0\r\n\r\n")

    def _wait(self, until: float) -> None:
        while self.pace["spin"] and time.perf_counter() < until:
            pass
        time.sleep(max(until - time.perf_counter(), 0))

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _event(self, number: int, prompt: int, last: bool) -> bytes:
        match self.path:
            case "/completion":
                event = {"content": "a", "tokens_predicted": number, "tokens_evaluated": prompt, "stop": False}
                end = {**event, "content": "", "stop": True, "timings": {"cache_n": 0, "prompt_n": prompt}}
                return b"".join(
                    b"data: %s\n\n" % json.dumps(one).encode() for one in ([event, end] if last else [event])
                )
            case "/api/generate":
                lines = [{"response": "a", "done": False}]
                lines += [{"response": "", "done": True, "eval_count": number, "prompt_eval_count": prompt}] * last
                return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            case _:
                usage = {"prompt_tokens": prompt, "completion_tokens": number}
                text = {"choices": [{"text": "a"}], "usage": usage if self.server.counts else None}
                data = b"data: %s\n\n" % json.dumps(text).encode()
                if last:
                    data += b"data: %s\n\ndata: [DONE]\n\n" % json.dumps({"choices": [], "usage": usage}).encode()
                return data


class Server(ThreadingHTTPServer):
    daemon_threads = True
    counts = True


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    Server.counts = given.pop("counts", True)
    Handler.pace = {**PACE, **given}
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
