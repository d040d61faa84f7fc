"""What a server whose weights nobody has seen answers to a few items: how it is told from what it served before.

The first PROBES items of a run are asked for LENGTH tokens each, greedy and one after another; a further run on the
same server asks the first of them only. Two fingerprints are of one server if every answer is the same text and the
log-probabilities differ by what kernels and batches make of one model (TOLERANCE); then the id of the first one is
kept, so that a run finds its journal again. A mended template, other weights, another quantization or another model
behind the same URL and name give another id, and so a run of its own.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from evaluators.backends import ModelServer
from evaluators.backends.bounded_http import fetch_object
from evaluators.backends.reply_reader import BadReply, log_probability
from evaluators.backends.retry import known_silent
from evaluators.files import write_atomic
from evaluators.records import ServerDescription

PROBES, LENGTH = 16, 16
TOLERANCE = 0.05
"""Natural logarithm, summed over an answer's tokens."""
TIMEOUT = 120.0
"""Seconds for one answer of LENGTH tokens."""
AGAIN = 30.0
"""The same of a server that gave no answer in the run before."""
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts at a server that is not to be reached."""
FOLDER = "fingerprints"
"""Folder beside the runs, one file a server."""

Answer = tuple[str | None, float | None]
"""Text, and the sum of its tokens' log-probabilities; None for what the server does not give."""


def with_fingerprint(
    server: ModelServer,
    description: ServerDescription,
    prompts: Sequence[str],
    chat: bool,
    folder: Path,
    ask: Callable[[ModelServer, str, Sequence[str], bool], list[Answer]] | None = None,
) -> ServerDescription:
    """The description with the id of what the server answers now. `prompts`: those of a run's items, in its order.
    `folder`: root of all runs. `ask`: how the server is asked; None: by `ask_probes`."""
    answers = (ask or ask_probes)(server, description.model, prompts[:PROBES], chat)
    address = f"{description.flags.get('url', server.url)} {description.model}"
    return description.model_copy(update={"fingerprint": fingerprint_id(folder, address, answers)})


def ask_probes(server: ModelServer, model: str, prompts: Sequence[str], chat: bool) -> list[Answer]:
    """Answers to the prompts (with `chat`: message histories as JSON). What the server refuses is (None, None)."""
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    answers: list[Answer] = []
    with httpx.Client(base_url=server.url, headers=headers, timeout=TIMEOUT) as http:
        for prompt in prompts:
            try:
                answers.append(_ask(http, model, prompt, chat, AGAIN if known_silent(server.url) else TIMEOUT))
            except httpx.TransportError:  # the others would be waited for as long
                return [*answers, (None, None)]
    return answers


def _ask(http: httpx.Client, model: str, prompt: str, chat: bool, seconds: float) -> Answer:
    body: dict[str, Any] = {"model": model, "max_tokens": LENGTH, "temperature": 0, "seed": 0}
    if chat:
        path, asked = "/v1/chat/completions", {"messages": json.loads(prompt)}
    else:
        path, asked = "/v1/completions", {"prompt": prompt}
    wanted: list[dict[str, Any]] = [{"logprobs": True if chat else 1}, {}]
    for more in wanted:
        reply = _fetch(http, path, body | asked | more, seconds)
        if reply is not None:
            return _read(reply)
    return None, None


def _fetch(http: httpx.Client, path: str, body: dict[str, Any], seconds: float) -> dict[str, Any] | None:
    """The answer, or None where the server refuses. A server that dies and comes back is asked the same again: what it
    did not answer at that moment would make it another server. Raises httpx.TransportError if it stays away."""
    for pause in PAUSES:
        try:
            return fetch_object(http, "POST", path, json=body, seconds=seconds)
        except httpx.TimeoutException:
            raise
        except httpx.TransportError:
            time.sleep(pause)
        except httpx.HTTPError:
            return None
    return fetch_object(http, "POST", path, json=body, seconds=seconds)


def _read(data: Any) -> Answer:
    """The answer of a reply of either route; odd shapes are no answer."""
    try:
        choice = data["choices"][0]
        message = choice.get("message")
        text = message.get("content") if isinstance(message, dict) else choice.get("text")
        logprobs = choice.get("logprobs") or {}
        rows = logprobs.get("content")
        numbers = [row["logprob"] for row in rows] if isinstance(rows, list) else logprobs.get("token_logprobs") or []
        total = sum(log_probability(number) for number in numbers if number is not None) if numbers else None
    except (KeyError, IndexError, TypeError, AttributeError, BadReply):
        return None, None
    return (text if isinstance(text, str) else None), (None if total is None else round(total, 4))


def fingerprint_id(folder: Path, address: str, answers: Sequence[Answer]) -> str:
    """The id (16 hex digits) of these answers: that of an equal fingerprint seen at this place before, else a new one,
    which is remembered."""
    digest = hashlib.sha256(address.encode()).hexdigest()[:32]
    path = folder / FOLDER / f"{digest}.json"
    known = _known(path)
    for entry in known:
        if alike(entry["answers"], answers):
            return str(entry["id"])
    content = json.dumps([list(answer) for answer in answers])
    new = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    write_atomic(path, json.dumps([*known, {"id": new, "place": address, "answers": list(answers)}]).encode())
    return new


def _known(path: Path) -> list[dict[str, Any]]:
    """The fingerprints of a file; none where it is damaged: equal answers give the same id again."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [{**entry, "answers": [(text, number) for text, number in entry["answers"]]} for entry in entries]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def alike(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Whether two fingerprints are of one model under one set-up. A shorter one is compared as far as it goes."""
    for (text, logprob), (said, number) in zip(first, second, strict=False):
        if text != said or (logprob is None) != (number is None):
            return False
        if logprob is not None and abs(logprob - number) > TOLERANCE:
            return False
    return bool(first) and bool(second)
