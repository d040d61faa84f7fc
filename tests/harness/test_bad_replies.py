"""Whatever a server sends becomes an answer or one failed item, and the rest of the run stands."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from evaluators.backends.openai_api.replies import read_chat, read_completion
from evaluators.backends.reply_reader import BadReply
from evaluators.harness import RetryLimits, run_benchmark
from evaluators.harness.answers.cut_prompts import cut_prompt_share
from evaluators.records import Run, RunStatus, Settings
from tests.harness.conftest import FACTS, FEW_SUMS, SUMS
from tests.harness.fakes import ARTIFACT
from tests.harness.scripted_server import ScriptedServer, generated, messaged

ITEMS = 60
LIMITS = RetryLimits(timeout=5.0, backoff=0.001, longest=0.01, throttled=0.0, allowed_failed=1.0)
CHAT = FEW_SUMS.model_copy(update={"protocol": FEW_SUMS.protocol.model_copy(update={"prompt": "chat"})})


def solve(body: dict[str, Any]) -> int:
    """The right answer to the last sum of a prompt."""
    asked = body.get("prompt") or "\n".join(str(message["content"]) for message in body["messages"])
    return sum(int(part) for part in re.findall(r"[+-]?\d+", re.findall(r"What is ([0-9+-]+)\?", asked)[-1]))


def right(body: dict[str, Any]) -> dict[str, Any]:
    return generated(f" #### {solve(body)}")


def run(make: Callable[[Any], Any], folder: Path, limits: RetryLimits = LIMITS, **more: Any) -> Run:
    """The first demo sums, each answered by `make`."""
    options = {"limit": ITEMS, "checks": False} | more
    with ScriptedServer({"/v1/completions": make, "/v1/chat/completions": make}) as server:
        benchmark = options.pop("benchmark", FEW_SUMS)
        return run_benchmark(benchmark, ARTIFACT, server, Settings(), folder=folder, limits=limits, **options)


def rarely(broken: Callable[[dict[str, Any]], Any]) -> Callable[[Any], Any]:
    """Sound answers, but for the items whose sum ends in 7."""
    return lambda body: broken(right(body)) if solve(body) % 10 == 7 else right(body)


def changed(**choice: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda reply: reply | {"choices": [reply["choices"][0] | choice]}


BROKEN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no choices": lambda reply: reply | {"choices": []},
    "choices a text": lambda reply: reply | {"choices": "hello"},
    "choices of null": lambda reply: reply | {"choices": [None]},
    "text a number": changed(text=42),
    "text a list": changed(text=["42"]),
    "finish_reason a number": changed(finish_reason=7),
    "finish_reason null": changed(finish_reason=None),
    "finish_reason error": changed(finish_reason="error"),
    "finish_reason abort": changed(finish_reason="abort"),
    "the prompt cut": lambda reply: reply | {"truncated": True},
    "the prompt cut, said beside": lambda reply: reply | {"__verbose": {"truncated": True}},
    "the prompt cut, said by the choice": changed(prompt_truncated=True),
    "error of the choice": changed(error={"code": 502, "message": "provider disconnected"}),
    "usage a text": lambda reply: reply | {"usage": "many"},
    "usage negative": lambda reply: reply | {"usage": {"prompt_tokens": -5}},
    "usage huge": lambda reply: reply | {"usage": {"completion_tokens": 10**30}},
    "usage infinite": lambda reply: json.dumps(reply).replace("12}", "1e999}").encode(),
    "a list": lambda reply: [reply],
    "null": lambda reply: b"null",
    "nested 100,000 deep": lambda reply: b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "two million parts": lambda reply: b'{"choices":[' + b"{}," * 2_000_000 + b"{}]}",
    "digits without end": lambda reply: b'{"choices":' + b"9" * 10_000 + b"}",
    "not JSON": lambda reply: b"<html>login</html>",
    "not UTF-8": lambda reply: b'{"choices":[{"text":"\xff\xfe","finish_reason":"stop"}]}',
    "an error at 200": lambda reply: {"error": {"message": "quota exceeded", "code": 429}},
    "more bytes than it may have": lambda reply: json.dumps(reply).encode() + b" " * 2**24,
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_answer_costs_its_item(kind: str, tmp_path: Path) -> None:
    found = run(rarely(BROKEN[kind]), tmp_path)
    measured = found.measurements[0]
    assert found.status is RunStatus.finished, found.reason
    assert 0 < measured.failed < ITEMS / 3
    assert [value for value in measured.values if value is not None] == [1.0] * (ITEMS - measured.failed)
    assert found.requests_sent <= ITEMS + LIMITS.attempts * measured.failed


def test_half_an_emoji_is_text(tmp_path: Path) -> None:
    """A lone surrogate, which no file can hold, is replaced; the answers beside it stay."""
    found = run(rarely(lambda reply: changed(text="\ud83d" + reply["choices"][0]["text"])(reply)), tmp_path)
    assert (found.measurements[0].failed, found.measurements[0].score) == (0, 1.0)


def test_content_in_chunks() -> None:
    chunks = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "4"},
        {"type": "text", "text": "2"},
    ]
    reply = read_chat(messaged(chunks))
    assert (reply.content, reply.reasoning) == ("42", "hm")
    with pytest.raises(BadReply):
        read_chat(messaged([{"type": "image_url", "image_url": "x"}]))


@pytest.mark.parametrize(
    ("content", "more", "expected"),
    [
        ([{"text": "42"}], {}, ("42", None)),
        ({"type": "text", "text": "42"}, {}, ("42", None)),
        ([{"type": "text", "text": {"value": "42", "annotations": []}}], {}, ("42", None)),
        ([{"type": "output_text", "text": "42"}, {"type": "reference", "reference_ids": [1]}], {}, ("42", None)),
        ([{"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "42"}], {}, ("42", None)),
        ([{"type": "reasoning_text", "text": "hm"}, {"type": "text", "text": "42"}], {}, ("42", "hm")),
        ([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}, "42"], {}, ("42", "hm")),
        ("42", {"thinking": "hm"}, ("42", "hm")),
        ("42", {"thoughts": "hm", "name": "x"}, ("42", "hm")),
        ("42", {"reasoning": None, "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}, ("42", "hm")),
    ],
)  # fmt: skip
def test_content_and_reasoning_in_the_shapes_of_many_servers(
    content: Any, more: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    reply = read_chat(messaged(content, **more))
    assert (reply.content, reply.reasoning) == expected


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_a_server_that_ignores_stop_strings_is_read_up_to_them(finish: str, tmp_path: Path) -> None:
    """What comes after a stop string is no part of the answer, also where the limit ends it, and the run is sound."""

    def talk(body: dict[str, Any]) -> dict[str, Any]:
        reply = generated(f" #### {solve(body)}\n\nQuestion: What is 1+1?\nAnswer: #### 2", finish)
        return reply | {"usage": {"completion_tokens": body["max_tokens"]}}

    found = run(talk, tmp_path, checks=True)
    measured = found.measurements[0]
    assert (found.status, measured.score, measured.truncated) == (RunStatus.finished, 1.0, 0)
    assert "cut here" in found.checks["stop"] and found.signals["continues_share"] == 0.0


def test_thinking_that_nobody_asked_about_is_set_apart_and_said(tmp_path: Path) -> None:
    """It is no reason to refuse the run; what refuses it is thinking that was switched off."""

    def think(body: dict[str, Any]) -> dict[str, Any]:
        part = {"type": "thinking", "thinking": [{"type": "text", "text": "a\n\nb #### 1"}]}
        return messaged([part, {"type": "text", "text": f"#### {solve(body)}"}])

    found = run(think, tmp_path, benchmark=CHAT, checks=True)
    assert found.status is RunStatus.finished and found.measurements[0].score == 1.0
    assert found.signals["reasoning_share"] == 1.0 and "server thinks" in found.checks["thinking"]
    off = CHAT.model_copy(update={"protocol": CHAT.protocol.model_copy(update={"thinking": "off"})})
    refused = run(think, tmp_path, benchmark=off, checks=True)
    assert refused.status is RunStatus.invalid and "switched off" in str(refused.reason)


def test_an_answer_of_the_longest_length_is_cut_whatever_it_says(tmp_path: Path) -> None:
    def full(body: dict[str, Any]) -> dict[str, Any]:
        reply = right(body)
        return reply | {"usage": {"completion_tokens": body["max_tokens"]}} if solve(body) % 10 == 7 else reply

    measured = run(full, tmp_path).measurements[0]
    assert 0 < measured.truncated < ITEMS / 3


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
def test_finish_reasons_of_cut_answers(finish: str, tmp_path: Path) -> None:
    measured = run(rarely(changed(finish_reason=finish)), tmp_path).measurements[0]
    assert measured.truncated > 0 and measured.failed == 0


def counted(most: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Right answers of a server that reads `most` tokens of a prompt, a token for four characters."""
    return lambda body: right(body) | {"usage": {"prompt_tokens": min(len(body["prompt"]) // 4, most)}}


def test_prompts_cut_in_silence_make_the_run_unsound(tmp_path: Path) -> None:
    """A third of the prompts is longer than the server reads; its answers are not used again."""
    original = f"{FEW_SUMS.tasks_folder}/few_sums.yaml"
    padded = "{{'word ' * (id % 3 * 300)}}Question: {{question}}\\nAnswer:"
    text = f'include: {original}\ntask: demo_sums\ndoc_to_text: "{padded}"\n'
    (tmp_path / "demo_sums.yaml").write_text(text, encoding="utf-8")
    benchmark = FEW_SUMS.model_copy(update={"tasks_folder": str(tmp_path)})
    found = run(counted(500), tmp_path / "runs", benchmark=benchmark)
    assert found.status is RunStatus.invalid and "cut" in str(found.reason)
    again = run(
        counted(9999), tmp_path / "runs", benchmark=benchmark, limit=ITEMS + 1, reuse=[tmp_path / "runs" / found.run_id]
    )
    assert again.status is RunStatus.finished and again.requests_reused == 0


def test_cut_prompts_by_their_counts() -> None:
    """A quarter of the prompts is longer than the server reads: seen, also where those have nearly one length. Prompts
    of one length, and few-shot prompts that differ little, are honest."""
    random = Random(3)
    honest = [(characters, characters // 4) for characters in (random.randint(2000, 9000) for _ in range(400))]
    cut = [(characters, min(tokens, 1800)) for characters, tokens in honest]
    assert cut_prompt_share(honest) == 0.0 and 0.1 < cut_prompt_share(cut) < 0.5
    long = [(10_000 + random.randint(0, 99), 2050) for _ in range(100)]
    short = [(6000 + random.randint(0, 99), 1513 + random.randint(-9, 9)) for _ in range(300)]
    assert cut_prompt_share(short + long) == 0.25
    assert cut_prompt_share([(4000 + random.randint(0, 40), 1000 + random.randint(0, 3)) for _ in range(300)]) == 0.0
    assert cut_prompt_share([(4000, 1000)] * 300) == 0.0


def test_a_model_that_changes_half_way_makes_the_run_unsound(tmp_path: Path) -> None:
    asked = iter(range(10**6))
    found = run(lambda body: right(body) | {"model": "fake" if next(asked) < 30 else "cheap"}, tmp_path)
    assert found.status is RunStatus.invalid and "cheap" in str(found.reason)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int, tmp_path: Path) -> None:
    with ScriptedServer({"/v1/completions": right}) as other:
        found = run(lambda body: (status, b"", {"Location": f"{other.url}/v1/completions"}), tmp_path, limit=3)
        assert not other.asked
    assert found.measurements == () or found.measurements[0].failed == 3
    assert found.requests_sent == 3


def test_turned_away_until_the_window_opens(tmp_path: Path) -> None:
    """429 without Retry-After for longer than the attempts take: waited for, as long as the server may relent."""
    opens = time.monotonic() + 1.0
    limits = RetryLimits(backoff=0.001, longest=0.05, throttled=30.0)
    found = run(
        lambda body: right(body) if time.monotonic() > opens else (429, {"error": "slow down"}, {}), tmp_path, limits
    )
    assert found.status is RunStatus.finished and found.measurements[0].failed == 0


def test_the_journal_takes_all_or_nothing(tmp_path: Path) -> None:
    from evaluators.harness.journal import Journal
    from evaluators.records import RequestKind, Response, ResponseStatus

    def answer(doc_id: int, text: str) -> tuple[str, Response]:
        return "key", Response(
            task="t", doc_id=doc_id, index=0, kind=RequestKind.generate, status=ResponseStatus.ok, text=text
        )

    journal = Journal(tmp_path / "journal.sqlite")
    with pytest.raises(ValueError, match="surrogates"):
        journal.commit([answer(1, "sound"), answer(2, "\ud800")], sent=2)
    assert (list(journal.finished()), journal.counter("sent")) == ([], 0)
    journal.commit([answer(1, "sound")], sent=1)
    journal.close()
    assert [place[1] for place, _ in Journal(tmp_path / "journal.sqlite").finished()] == [1]


def scored(mode: Any) -> dict[str, Any]:
    """Routes of a llama-server whose log-probabilities are `mode` for the items about one letter."""

    def tokenize(body: dict[str, Any]) -> dict[str, Any]:
        content = body["content"] if isinstance(body["content"], list) else [body["content"]]
        tokens: list[int] = []
        for part in content:
            tokens += [part] if isinstance(part, int) else [min(ord(sign), 3999) for sign in part]
        return {"tokens": tokens}

    def complete(body: dict[str, Any]) -> Any:
        forced = [int(token) for token in re.findall(r"\d+", body.get("grammar", ""))] or [body["logit_bias"][0][0]]
        broken = sum(body["prompt"][-40:]) % 5 == 0
        steps = [
            {"id": token, "logprob": value, "top_logprobs": [{"id": token, "logprob": value}]}
            for token in forced
            for value in [mode if broken else -1.0 - token / 4000]
        ]
        return {"completion_probabilities": steps}

    properties = {"default_generation_settings": {"n_ctx": 4096}, "bos_token": "", "eos_token": "e"}
    models = {"data": [{"id": "fake", "meta": {"n_vocab": 4000}}]}
    return {
        "/tokenize": tokenize, "/completion": complete, "/props": lambda _: properties, "/v1/models": lambda _: models,
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        None,
        float("inf"),
        0.5,
        *(pytest.param(odd, marks=pytest.mark.long) for odd in (float("nan"), "−1", 10**400, {})),
    ],
)
def test_what_is_no_log_probability_fails_the_item(value: Any, tmp_path: Path) -> None:
    with ScriptedServer(scored(value), backend="llama.cpp") as server:
        found = run_benchmark(
            FACTS, ARTIFACT, server, Settings(), folder=tmp_path, limit=ITEMS, checks=False, limits=LIMITS
        )
    measured = found.measurements[0]
    assert found.status is RunStatus.finished and 0 < measured.failed < ITEMS
    assert sum(value is None for value in measured.values) == measured.failed


def test_log_probabilities_behind_a_cut_prompt_fail_the_item(tmp_path: Path) -> None:
    """A llama-server that moves its context says `truncated`; it has read something else then."""
    routes = scored(-1.0)
    complete = routes["/completion"]
    routes["/completion"] = lambda body: complete(body) | {"truncated": sum(body["prompt"][-40:]) % 5 == 0}
    with ScriptedServer(routes, backend="llama.cpp") as server:
        found = run_benchmark(
            FACTS, ARTIFACT, server, Settings(), folder=tmp_path, limit=ITEMS, checks=False, limits=LIMITS
        )
    assert 0 < found.measurements[0].failed < ITEMS and "cut the prompt" in found.checks["failures"]


def test_an_answer_that_its_limit_ends_is_cut_as_before() -> None:
    """`truncated` of a long answer: the limit is what counts."""
    assert read_completion(generated("4", "length") | {"truncated": True}).finish == "length"
    assert read_completion(generated("4") | {"truncated": False, "truncation": True}).content == "4"


def test_probabilities_below_the_smallest_number_make_the_run_unsound(tmp_path: Path) -> None:
    with ScriptedServer(scored(-3.4e38), backend="llama.cpp") as server:
        found = run_benchmark(
            FACTS, ARTIFACT, server, Settings(), folder=tmp_path, limit=ITEMS, checks=False, limits=LIMITS
        )
    assert found.status is RunStatus.invalid and found.signals["underflow_share"] > 0.02


ODD = (None, True, 0, -1, 10**30, 1e308, float("nan"), "", "\ud800", [], {}, [None], {"type": "text"}, "x" * 10_000)


def mutate(value: Any, random: Random) -> Any:
    """The JSON value with one place of it replaced, dropped or wrapped."""
    if isinstance(value, dict) and value and random.random() < 0.75:
        name = random.choice(list(value))
        if random.random() < 0.1:
            return {key: entry for key, entry in value.items() if key != name}
        return value | {name: mutate(value[name], random)}
    if isinstance(value, list) and value and random.random() < 0.75:
        return [mutate(value[0], random), *value[1:]]
    return random.choice([*ODD, [value], {"text": value}])


def spoil(reply: dict[str, Any], random: Random) -> bytes:
    """The bytes of a mutated reply, now and then cut or with a flipped byte."""
    for _ in range(random.randint(1, 3)):
        reply = mutate(reply, random)
    data = bytearray(json.dumps(reply).encode())
    if data and random.random() < 0.15:
        data = data[: random.randrange(len(data))]
    elif data and random.random() < 0.15:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def fuzzed(count: int) -> Iterator[tuple[dict[str, Any], Random]]:
    for seed in range(count):
        yield generated(" #### 42") if seed % 2 else messaged(" #### 42"), Random(seed)


def test_fuzzed_replies_are_read_or_refused() -> None:
    """Readers raise nothing but BadReply, and what they read has its types."""
    for reply, random in fuzzed(400):
        from evaluators.backends.reply_reader import decode

        reader = read_chat if "message" in reply["choices"][0] else read_completion
        try:
            found = reader(decode(spoil(reply, random)))
        except BadReply:
            continue
        assert isinstance(found.content, str) and found.content.encode() is not None
        assert found.generated_tokens is None or 0 <= found.generated_tokens <= 10**9


@pytest.mark.parametrize("replies", [60, pytest.param(1000, marks=pytest.mark.long)])
def test_fuzzed_replies_through_a_run(replies: int, tmp_path: Path) -> None:
    """Every item ends with the right score, or without a whole answer, or as another answer that was read; the run
    ends by itself, and a second one is not asked for what the first has."""

    def make(body: dict[str, Any]) -> Any:
        random = Random(f"{body['seed']}|{body.get('prompt') or body['messages']}")
        reply = messaged(f" #### {solve(body)}") if "messages" in body else right(body)
        return spoil(reply, random) if random.random() < 0.5 else reply

    for benchmark in (SUMS, SUMS.model_copy(update={"protocol": CHAT.protocol})):
        found = run(make, tmp_path, benchmark=benchmark, limit=replies)
        assert found.status in (RunStatus.finished, RunStatus.invalid), found.reason
        assert sum(measured.items for measured in found.measurements[:1]) == replies
        measured = found.measurements[0]
        assert measured.failed and measured.score is not None and measured.score > 0.5
