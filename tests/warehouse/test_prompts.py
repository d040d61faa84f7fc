"""What items were asked: kept beside the answers, found again, and shown as a question."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evaluators.harness.requests import Item
from evaluators.harness.run_folder import PROMPTS, write_prompts
from warehouse.home import Home
from warehouse.queries.prompts import add_questions, question_of


def item(number: int, *prompts: tuple[str, str], kind: str = "generate_until") -> Item:
    instances: list[Any] = [SimpleNamespace(args=prompt, request_type=kind) for prompt in prompts]
    return Item("sums", number, number, instances)


def test_the_prompts_of_some_items_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    items = [item(number, (f"Question {number}?", "")) for number in range(200)]
    items.append(item(200, ("Pick", " red"), ("Pick", " b\ud800lue"), kind="loglikelihood"))
    write_prompts(folder, items)
    rows: list[dict[str, Any]] = [{"task": "sums", "doc_id": number} for number in (3, 150, 200, 999)]
    add_questions(Home(tmp_path), rows, "one")
    assert [row["question"] for row in rows] == ["Question 3?", "Question 150?", "Pick", None]
    assert rows[2]["options"] == [" red", " b?lue"] and rows[0]["options"] is None
    (folder / PROMPTS).write_bytes(b"damaged")
    add_questions(Home(tmp_path), rows, "one")
    add_questions(Home(tmp_path), rows, "of an older version")
    assert {row["question"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        (json.dumps([{"role": "system", "content": "be short"}, {"role": "user", "content": "2 + 2?"}]), "2 + 2?"),
        (json.dumps({"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}), "b"),
        ("Q: 1 + 1?\nA:", "Q: 1 + 1?\nA:"),
        ("[not json", "[not json"),
        (
            json.dumps([{"role": "user", "content": [{"type": "image"}]}]),
            '[{"role": "user", "content": [{"type": "image"}]}]',
        ),
        ("Q: old\nA: 1\n\n" * 200 + "Q: new\nA:", "Q: new\nA:"),
        ("x" * 5000, "…" + "x" * 1500),
    ],
)
def test_the_question_in_a_prompt(prompt: str, question: str) -> None:
    assert question_of(prompt) == question
