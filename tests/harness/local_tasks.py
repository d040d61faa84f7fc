"""lm-eval's own tasks over small local data: YAML that includes the original and replaces the data."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

WORDS = tuple(
    "river boat stone lamp garden wool eel copper bridge mask onion clay violet oak salt ford".split()  # noqa: SIM905
)


def _tasks() -> Path:
    import lm_eval

    return Path(lm_eval.__file__).parent / "tasks"


def _write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def _yaml(folder: Path, name: str, original: Path, files: dict[str, str], **more: Any) -> None:
    lines = [f"include: {original}", f"task: {name}", "dataset_path: json", "dataset_name: null"]
    lines += ["dataset_kwargs:", "  data_files:"] + [f"    {split}: {path}" for split, path in files.items()]
    lines += [f"{key}: {json.dumps(value)}" for key, value in more.items()]
    (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _phrase(source: random.Random, words: int) -> str:
    return " ".join(source.choice(WORDS) for _ in range(words))


def gsm8k(folder: Path, items: int, seed: int = 1, **more: Any) -> str:
    """gsm8k: random few-shot, two filters."""
    source = random.Random(seed)

    def row() -> dict[str, Any]:
        a, b = source.randint(2, 99), source.randint(2, 99)
        text = f"{a}+{b}={a + b}. #### {a + b}"
        return {"question": f"What is {a}+{b}, with a {_phrase(source, 3)}?", "answer": text}

    files = {
        "train": _write(folder / "data" / "gsm8k_train.jsonl", [row() for _ in range(30)]),
        "test": _write(folder / "data" / "gsm8k_test.jsonl", [row() for _ in range(items)]),
    }
    _yaml(folder, "gsm8k", _tasks() / "gsm8k" / "gsm8k.yaml", files, **more)
    return "gsm8k"


def arc_easy(folder: Path, items: int, seed: int = 2) -> str:
    """arc_easy: multiple choice with random few-shot."""
    source = random.Random(seed)

    def row(number: int) -> dict[str, Any]:
        # four different texts: with equal ones the last digit of a log-likelihood would decide
        texts = [f"{word} {_phrase(source, source.randint(0, 3))}".strip() for word in source.sample(WORDS, 4)]
        choices = {"text": texts, "label": list("ABCD")}
        question = f"Which {_phrase(source, 4)}?"
        return {"id": str(number), "question": question, "choices": choices, "answerKey": source.choice("ABCD")}

    counts = {"train": 20, "validation": 10, "test": items}
    files = {
        split: _write(folder / "data" / f"arc_{split}.jsonl", [row(number) for number in range(count)])
        for split, count in counts.items()
    }
    _yaml(folder, "arc_easy", _tasks() / "arc" / "arc_easy.yaml", files)
    return "arc_easy"


def hellaswag(folder: Path, items: int, seed: int = 3) -> str:
    """hellaswag: process_docs, long continuations."""
    source = random.Random(seed)

    def row() -> dict[str, Any]:
        return {
            "activity_label": _phrase(source, 2).capitalize(),
            "ctx_a": f"A {_phrase(source, 5)}.",
            "ctx_b": f"the {_phrase(source, 2)}",
            "endings": [f"{_phrase(source, 4)}." for _ in range(4)],
            "label": str(source.randrange(4)),
        }

    files = {
        "train": _write(folder / "data" / "hellaswag_train.jsonl", [row() for _ in range(20)]),
        "validation": _write(folder / "data" / "hellaswag_validation.jsonl", [row() for _ in range(items)]),
    }
    _yaml(folder, "hellaswag", _tasks() / "hellaswag" / "hellaswag.yaml", files)
    return "hellaswag"


def mmlu_pro(folder: Path, items: int, seed: int = 4) -> str:
    """mmlu_pro: a group of two subjects of unequal size, weighted by size, generation with chain of thought."""
    source = random.Random(seed)

    def row(category: str) -> dict[str, Any]:
        answer = source.randrange(5)
        options = [_phrase(source, 2) for _ in range(5)]
        letter = "ABCDE"[answer]
        thought = f"A: Let's think step by step. It is {options[answer]}. The answer is ({letter})."
        question = f"Which {_phrase(source, 3)}?"
        row = {"question": question, "options": options, "answer": letter, "answer_index": answer}
        return row | {"cot_content": thought, "category": category}

    files = {
        "validation": _write(
            folder / "data" / "mmlu_pro_validation.jsonl", [row(name) for name in ("math", "law") for _ in range(3)]
        ),
        "test": _write(
            folder / "data" / "mmlu_pro_test.jsonl",
            [row("math") for _ in range(items // 3)] + [row("law") for _ in range(items - items // 3)],
        ),
    }
    for subject in ("math", "law"):
        original = _tasks() / "mmlu_pro" / f"mmlu_pro_{subject}.yaml"
        _yaml(folder, f"mmlu_pro_{subject}", original, files, num_fewshot=2)
    group = (_tasks() / "mmlu_pro" / "_mmlu_pro.yaml").read_text(encoding="utf-8")
    kept = [line for line in group.splitlines() if not line.startswith("  - mmlu_pro_")]
    at = kept.index("task:") + 1
    kept[at:at] = ["  - mmlu_pro_math", "  - mmlu_pro_law"]
    (folder / "mmlu_pro.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    return "mmlu_pro"


def gpqa(folder: Path, items: int, variant: str, seed: int = 5) -> str:
    """gpqa_diamond_zeroshot or _n_shot: options shuffled by `process_docs` at every reading."""
    source = random.Random(seed)
    rows = [
        {
            "Question": f"Which {_phrase(source, 3)} is right?",
            "Correct Answer": f"right {number}",
            **{f"Incorrect Answer {wrong}": f"wrong {number} {wrong}" for wrong in (1, 2, 3)},
        }
        for number in range(items)
    ]
    name = f"gpqa_diamond_{variant}"
    files = {"train": _write(folder / "data" / "gpqa.jsonl", rows)}
    _yaml(folder, name, _tasks() / "gpqa" / variant.replace("_n_shot", "n_shot") / f"{name}.yaml", files)
    return name
