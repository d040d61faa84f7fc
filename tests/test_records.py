"""Manifests of version 0.1.0 read back with what they said in words as typed fields."""

import json
from pathlib import Path
from typing import Any

from evaluators.records import Measurement, Run


def old_run(**changes: Any) -> Run:
    fields = {
        "run_id": "r", "release": {"model": "m", "commit": "0", "location": "hub"}, "artifact": None, "server": None,
        "benchmark": "gsm8k", "evaluator": "lm-eval", "evaluator_version": "0.4.13", "settings": {},
        "status": "finished", "started": "2026-11-01T00:00:00Z",
    }  # fmt: skip
    return Run.model_validate_json(json.dumps(fields | changes))


def test_failed_checks_are_told_by_a_field_not_by_a_word() -> None:
    run = old_run(checks={"stop": "FAILED: not honoured", "bos": "one", "deterministic": "no: two answers differ"})
    assert run.failed_checks == {"stop": "not honoured"} and run.greedy_repeats is False
    reworded = run.model_copy(update={"checks": {"stop": "said otherwise"}})
    assert Run.model_validate_json(reworded.model_dump_json()).failed_checks == {"stop": "not honoured"}


def test_numbers_in_the_words_of_a_speed_become_fields() -> None:
    evidence = {"first_look": "7", "sides": "Q8_0 over f16"}
    old = Measurement(benchmark="b", metric="value", score=1.0, unit="ratio", items=28, of=28, evidence=evidence)
    assert (old.first_look, old.sides) == (7, ("Q8_0", "f16"))


def test_no_verdict_hangs_on_a_word_of_the_checks() -> None:
    """What a check says in words is for people: nothing compares it."""
    for path in (Path(__file__).parents[1] / "warehouse" / "verdicts").rglob("*.py"):
        assert ".checks.items()" not in path.read_text(encoding="utf-8"), path
