"""Measure the demo release by an implementation of its own: transformers, no lm-eval, no llama.cpp.

    python -m tests.demo_model.measure [--release FOLDER] [--out measured.json]

The whole of both benchmarks, float32 arithmetic on the released float16 weights. What it writes is what the card's
true claims are taken from.
"""

import argparse
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from flows.demo import RELEASE
from tests.demo_model.items import TASKS

OUT = Path(__file__).parent / "measured.json"
LIMIT = 40
"""Most tokens of a generated answer."""
Row = dict[str, Any]
"""One line of a benchmark's JSONL file."""


@dataclass(frozen=True)
class Model:
    """Weights in float32 and the tokenizer."""

    net: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast

    def ids(self, text: str) -> list[int]:
        """Token ids with BOS in front."""
        return self.tokenizer(text)["input_ids"]


def load(release: Path) -> Model:
    """The release's model for inference on the CPU."""
    net = LlamaForCausalLM.from_pretrained(release, dtype=torch.float32).eval()
    return Model(net, PreTrainedTokenizerFast.from_pretrained(release))


def rows(benchmark: str, split: str) -> list[Row]:
    """Rows of a split, in file order."""
    path = TASKS / benchmark / f"{split}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def prompt(row: Row, shots: list[Row]) -> str:
    """The examples with their answers, then the question, `Answer:` last."""
    parts = []
    for shot in shots:
        answer = shot["choices"][shot["answer"]] if "choices" in shot else shot["answer"]
        parts.append(f"Question: {shot['question']}\nAnswer: {answer}\n\n")
    return "".join(parts) + f"Question: {row['question']}\nAnswer:"


def complete(model: Model, prompts: list[str], batch: int = 100) -> list[str]:
    """Greedy continuation of every prompt, up to an end token or a blank line."""
    coded = [model.ids(text) for text in prompts]
    order = sorted(range(len(coded)), key=lambda number: len(coded[number]))
    answers = [""] * len(coded)
    while order:
        length = len(coded[order[0]])
        group = [number for number in order[:batch] if len(coded[number]) == length]
        order = order[len(group) :]
        made = model.net.generate(
            input_ids=torch.tensor([coded[number] for number in group]),
            attention_mask=torch.ones(len(group), length, dtype=torch.long),
            max_new_tokens=LIMIT,
        )
        for number, ids in zip(group, made[:, length:], strict=True):
            text = model.tokenizer.decode(ids, skip_special_tokens=True)
            answers[number] = text.split("\n\n")[0]
    return answers


def strict(answer: str) -> str | None:
    """The number behind `####`."""
    found = re.search(r"#### (-?[0-9]+)", answer)
    return found[1] if found else None


def flexible(answer: str) -> str | None:
    """The last number."""
    found = re.findall(r"-?[0-9]+", answer)
    return found[-1] if found else None


def log_likelihoods(model: Model, contexts: list[str], options: list[str], batch: int = 200) -> list[float]:
    """log p(option | context) of every pair, summed over the option's tokens."""
    pairs = [
        (len(model.ids(context)), model.ids(context + option))
        for context, option in zip(contexts, options, strict=True)
    ]
    sums = []
    for start in range(0, len(pairs), batch):
        part = pairs[start : start + batch]
        width = max(len(ids) for _, ids in part)
        padded = torch.tensor([ids + [0] * (width - len(ids)) for _, ids in part])
        logs = model.net(input_ids=padded).logits.double().log_softmax(-1)
        for row, (begin, ids) in enumerate(part):
            sums.append(sum(logs[row, at - 1, ids[at]].item() for at in range(begin, len(ids))))
    return sums


def score_sums(model: Model, shots: int) -> dict[str, list[bool]]:
    """Right or wrong per item under both filters."""
    test, examples = rows("demo_sums", "test"), rows("demo_sums", "fewshot")[:shots]
    answers = complete(model, [prompt(row, examples) for row in test])
    truth = [strict(str(row["answer"])) for row in test]
    return {
        f"demo_sums/{shots}/{name}": [rule(answer) == right for answer, right in zip(answers, truth, strict=True)]
        for name, rule in (("strict-match", strict), ("flexible-extract", flexible))
    }


def score_facts(model: Model, shots: int) -> dict[str, list[bool]]:
    """Right or wrong per item by the greatest log-likelihood (acc) and by that per character (acc_norm)."""
    test, examples = rows("demo_facts", "test"), rows("demo_facts", "fewshot")[:shots]
    contexts = [prompt(row, examples) for row in test for _ in row["choices"]]
    options = [option for row in test for option in row["choices"]]
    sums = log_likelihoods(model, contexts, [f" {option}" for option in options])
    plain, normed = [], []
    for number, row in enumerate(test):
        four = sums[4 * number : 4 * number + 4]
        each = [value / len(option) for value, option in zip(four, row["choices"], strict=True)]
        plain.append(four.index(max(four)) == row["answer"])
        normed.append(each.index(max(each)) == row["answer"])
    return {f"demo_facts/{shots}/acc": plain, f"demo_facts/{shots}/acc_norm": normed}


def main() -> None:
    """Measure everything and write the values, sizes and bits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", type=Path, default=RELEASE)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(2)
    model = load(options.release)
    measured: Row = {"parameters": sum(p.numel() for p in model.net.parameters())}
    measured["context"] = model.net.config.max_position_embeddings
    began = time.monotonic()
    with torch.inference_mode():
        for score, shots in ((score_sums, 0), (score_facts, 0), (score_sums, 3)):
            for name, right in score(model, shots).items():
                value = sum(right) / len(right)
                measured[name] = {"value": round(value, 6), "n": len(right), "right": sum(right)}
                measured[name]["bits"] = "".join(map(str, map(int, right)))
                print(f"{name}: {value:.2%} of {len(right)}, {time.monotonic() - began:.0f} s", flush=True)
    options.out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
