#!/usr/bin/env python3
"""A program that speaks SGLang's protocol: `python sglang_stand_in.py -m sglang.launch_server --model-path ...`.

A token is a byte; the log-probability of token t after token s is planted: -((t + s) % 7 + 1) / 8, and the most likely
token of a position has -1/8. A text in which `NaN` stands gets null for a log-probability, as JSON spells it.
"""

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml


def logprob(token: int, before: int) -> float:
    return -((token + before) % 7 + 1) / 8


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else an answer's body waits for the word that its head has come
    given: argparse.Namespace
    key: str

    def log_message(self, *_: object) -> None:
        pass

    def send(self, body: object, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def allowed(self) -> bool:
        return self.path == "/health" or self.headers.get("Authorization") == f"Bearer {self.key}"

    def do_GET(self) -> None:
        if not self.allowed():
            return self.send({"error": "Unauthorized"}, 401)
        context = int(self.given.context_length or 2048)
        row = {"id": self.given.served_model_name, "owned_by": "sglang", "max_model_len": context}
        answers = {
            "/health": {},
            "/v1/models": {"data": [row]},
            "/get_model_info": {"model_path": self.given.model_path, "is_generation": True},
            "/get_server_info": {
                "version": "0.5.9", "max_running_requests": int(self.given.max_running_requests),
                "sampling_defaults": self.given.sampling_defaults,
            },
        }  # fmt: skip
        return self.send(answers[self.path]) if self.path in answers else self.send({}, 404)

    def do_POST(self) -> None:
        if not self.allowed():
            return self.send({"error": "Unauthorized"}, 401)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/tokenize":
            lead = [1] if body["add_special_tokens"] else []
            return self.send({"tokens": lead + list(body["prompt"].encode()), "max_model_len": 2048})
        if self.path == "/generate":
            return self.send(self.scored(body))
        if self.path == "/v1/completions":
            text = " " + str(sum(int(word) for word in body["prompt"].split() if word.isdigit()))
            usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": len(text)}
            return self.send({"choices": [{"index": 0, "text": text, "finish_reason": "stop"}], "usage": usage})
        return self.send({}, 404)

    def scored(self, body: dict) -> dict:
        ids, begin = body["input_ids"], body["logprob_start_len"]
        assert body["return_logprob"] and body["top_logprobs_num"] == 1
        values: list[list] = [[None, ids[begin], None]]
        tops: list[list | None] = [None]
        for position in range(begin + 1, len(ids)):
            value = logprob(ids[position], ids[position - 1])
            values.append([None if b"NaN" in bytes(ids) else value, ids[position], None])
            tops.append([[-1 / 8, ids[position] if value == -1 / 8 else 0, None]])
        return {"text": "x", "meta_info": {"input_token_logprobs": values, "input_top_logprobs": tops}}


def main() -> None:
    parser = argparse.ArgumentParser()
    names = "model-path served-model-name host port max-running-requests dtype kv-cache-dtype sampling-defaults config"
    for name in names.split():
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--context-length")
    given = parser.parse_args(sys.argv[sys.argv.index("sglang.launch_server") + 1 :])
    Handler.given, Handler.key = given, yaml.safe_load(Path(given.config).read_text())["api-key"]
    ThreadingHTTPServer((given.host, int(given.port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
