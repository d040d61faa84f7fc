"""Streams of every backend, read from bytes and their times."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.backends.openai_api.dialect import OPENAI, Dialect
from evaluators.backends.registry import backend
from evaluators.speed.stream import StreamFailed, read

LLAMA_CPP, VLLM, OLLAMA = (backend(name).dialect for name in ("llama.cpp", "vllm", "ollama"))
LLAMA_TEXT = b"".join(
    b'data: {"content":"a","tokens":[5],"stop":false,"tokens_predicted":%d,"tokens_evaluated":7}\n\n' % number
    for number in range(1, 11)
) + (
    b'data: {"content":"","stop":true,"tokens_predicted":10,"tokens_evaluated":7,'
    b'"timings":{"cache_n":3,"prompt_n":4}}\n\n'
)
VLLM_TEXT = (
    b"".join(
        b'data: {"choices":[{"text":"a"}],"usage":{"prompt_tokens":7,"completion_tokens":%d}}\n\n' % number
        for number in range(1, 11)
    )
    + b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":10,'
    b'"prompt_tokens_details":{"cached_tokens":3}}}\n\ndata: [DONE]\n\n'
)
OPENAI_TEXT = (
    b": ping\n\n"
    + b'data: {"choices":[{"text":"a"}],"usage":null}\r\n\r\n' * 9
    + b'data: {"choices":[{"text":"a","finish_reason":"length"}]}\r\n\r\n'
    + b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":10}}\r\n\r\ndata: [DONE]\r\n\r\n'
)
OLLAMA_TEXT = b'{"model":"m","response":"a","done":false}\n' * 10 + (
    b'{"model":"m","response":"","done":true,"prompt_eval_count":7,"eval_count":10,"eval_duration":5}\n'
)
TEXTS = {LLAMA_CPP: LLAMA_TEXT, VLLM: VLLM_TEXT, OPENAI: OPENAI_TEXT, OLLAMA: OLLAMA_TEXT}


@pytest.mark.parametrize("dialect", TEXTS, ids=lambda dialect: dialect.name)
@given(data=st.data())
def test_a_stream_reads_the_same_however_the_network_cuts_it(dialect: Dialect, data: st.DataObject) -> None:
    text = TEXTS[dialect]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=12)))
    edges = [0, *cuts, len(text)]
    pieces = [(float(index), text[a:b]) for index, (a, b) in enumerate(pairwise(edges))]
    stream = read(dialect, -1.0, pieces, 10)
    assert (stream.tokens, stream.prompt) == (10, 7)
    assert stream.cached == (3 if dialect in (LLAMA_CPP, VLLM) else None)
    assert 1 <= stream.first_tokens <= 10
    assert -1.0 < stream.first <= stream.last
    assert stream.lumped == (stream.first_tokens > 5)


def test_speed_is_the_tokens_after_the_first_reading_over_their_time() -> None:
    events = LLAMA_TEXT.split(b"\n\n")[:-1]
    pieces = [(2.0 + 0.5 * number, event + b"\n\n") for number, event in enumerate(events)]
    stream = read(LLAMA_CPP, 1.0, pieces, 10)
    assert stream.decoding == (9, 4.5)
    assert stream.time_to_first_token == 1.0
    assert stream.prompt_speed == 4.0


@pytest.mark.parametrize(
    ("text", "asked", "words"),
    [
        (LLAMA_TEXT, 20, "10 of 20 tokens"),
        (VLLM_TEXT, 20, "10 of 20 tokens"),
        (b'data: {"error":{"code":500,"message":"out of memory"}}\n\n', 10, "out of memory"),
        (b"<html>busy</html>\n", 10, "no stream of JSON"),
        (b"", 10, "no token"),
    ],
)
def test_a_stream_that_is_none_fails_with_its_reason(text: bytes, asked: int, words: str) -> None:
    dialect = VLLM if text is VLLM_TEXT else LLAMA_CPP
    with pytest.raises(StreamFailed, match=words):
        read(dialect, 0.0, [(1.0, text)], asked)


def test_an_answer_that_ends_early_counts_only_where_the_backend_cannot_be_told() -> None:
    assert read(OLLAMA, 0.0, [(1.0, OLLAMA_TEXT)], 128).tokens == 10
    with pytest.raises(StreamFailed, match="1 of 128"):
        read(OLLAMA, 0.0, [(1.0, OLLAMA_TEXT.splitlines()[0])], 128)
