"""Texts of the length that a claim states: served tokenizer, RULER's grades, refused where too long."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from evaluators.catalogue import benchmark
from evaluators.harness import run_benchmark
from evaluators.harness.tasks import load_tasks
from evaluators.records import Artifact, Release, Settings, UserError
from evaluators.tasks.long_context.ruler_grades import match_all, match_part
from evaluators.tasks.long_context.text_length import TextSize, read_length, texts_of
from flows.verification.jobs import plan_jobs
from tests.claims.scoring import NOW
from tests.code.answering_server import answering
from warehouse.claims import read_card

WORDS = Artifact(
    release=Release(model="demo/words", commit="0", location="."),
    format="gguf",
    quantization="F16",
    path="words.gguf",
    files=(),
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("128K", 131_072), ("@ 32k", 32_768), ("1M", 1_048_576), ("131,072", 131_072), ("4096 tokens", 4096),
        ("32K context", 32_768), ("at 64K", 65_536), ("0.5K", 512),
        ("K", None), ("hard", None), ("", None), ("12", None), ("99999M", None), ("32K-128K", None), ("2024-08", None),
    ],
)  # fmt: skip
def test_lengths_are_read_or_not_guessed_at(text: str, tokens: int | None) -> None:
    assert read_length(text) == tokens


def planted(prompt: str, seed: int) -> str:
    """Finds the needle, in four of five texts."""
    del seed
    if "special magic" not in prompt:
        return "19"
    lucky = hashlib.sha256(prompt.encode()).digest()[0] % 5 > 0
    key = re.findall(r"special magic number for (\S+) mentioned", prompt)[-1]
    found = re.search(rf"special magic numbers for {re.escape(key)} is: (\d+)", prompt)
    return f" {found[1]}." if found and lucky else " 1."


@pytest.mark.long
def test_a_planted_model_gets_its_planted_score(tmp_path: Path) -> None:
    with answering(planted) as server:
        run = run_benchmark(benchmark("needle"), WORDS, server, Settings(subset="2K"), folder=tmp_path, limit=60)
    (measured,) = run.measurements
    assert run.settings.subset == "2K"
    assert (measured.metric, measured.items, measured.of) == ("match", 60, 500)
    assert set(measured.values) == {0.0, 1.0}
    assert 0.6 < (measured.score or 0) < 0.95
    longest = int(re.findall(r"longest prompt (\d+) tokens", run.checks["context_budget"])[0])
    assert 2048 - 128 - 128 - 25 * 20 <= longest <= 2048 - 128


def test_texts_have_the_stated_length_and_are_the_same_again() -> None:
    def count(text: str) -> int:
        return len(text.split())

    def texts(tokens: int) -> list[str]:
        with texts_of(TextSize(tokens, 128, count, f"words {tokens}")):
            task = load_tasks(benchmark("niah_multikey_2")).tasks["niah_multikey_2"]
        return [document["input"] for document in task.eval_docs]

    short, long = texts(1024), texts(2048)
    assert len(short) == len(long) == 500
    assert all(400 < count(text) <= 1024 - 256 for text in short)
    assert all(1200 < count(text) <= 2048 - 256 for text in long)
    assert short == texts(1024)


def test_longer_texts_than_the_server_takes_are_refused_with_the_next_step(tmp_path: Path) -> None:
    with answering(planted) as server, pytest.raises(UserError, match=r"131,072.*8,192.*--context 131072"):
        run_benchmark(benchmark("needle"), WORDS, server, Settings(subset="128K"), folder=tmp_path, limit=4)


def test_no_length_is_refused(tmp_path: Path) -> None:
    with answering(planted) as server, pytest.raises(UserError, match="undefined without a length"):
        run_benchmark(benchmark("ruler"), WORDS, server, Settings(), folder=tmp_path, limit=4)
    with pytest.raises(UserError, match="when a model is served"):
        load_tasks(benchmark("needle"))


def test_grades_equal_lm_evals() -> None:
    from evaluators.tasks.long_context.ruler_data import _common_utils

    theirs = _common_utils()
    answers = ["12 34", "", " The numbers are 12, and\n 34.", "ab-CD", "1\x0034", "12"]
    for answer in answers:
        document = {"outputs": ["12", "34"], "max_length": 4096}
        assert match_all(document, [answer])["match"] == theirs.process_results(document, [answer])["4096"]
        document = {"outputs": ["AB-cd", "1"], "max_length": 4096}
        assert match_part(document, [answer])["match"] == float(
            theirs.process_results_part(document, [answer])["4096"] > 0
        )


def test_claims_at_a_length_are_planned_and_others_say_what_is_missing() -> None:
    card = "| Benchmark | Ash-7B |\n|---|---|\n| RULER @ 128K | 87.2 |\n| RULER | 91.0 |\n| NIAH (32K) | 100.0 |\n"
    claims = read_card(card, model="lab/Ash-7B", url="u", read_at=NOW).claims
    work = plan_jobs(claims)
    assert {(job.benchmark.name, job.settings.subset) for job in work.jobs} >= {("ruler", "128K"), ("needle", "32K")}
    (refused,) = work.refused
    assert "undefined without one" in refused.text
