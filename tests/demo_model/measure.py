"""Measure the demo release by an implementation of its own: transformers, no lm-eval, no llama.cpp.

    python -m tests.demo_model.measure [--release FOLDER] [--out measured.json] [--items N]

The whole of both benchmarks under each protocol, float32 arithmetic on the released float16 weights. What it writes is
what the card's true claims are taken from. A key is benchmark/protocol/shots/score.
"""

import argparse
import json
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from flows.demo import RELEASE
from tests.demo_model.items import TASKS, choice_question

OUT = Path(__file__).parent / "measured.json"
SEED = 20261123
Row = dict[str, Any]
"""One line of a benchmark's JSONL file."""


@dataclass(frozen=True)
class Protocol:
    """How the model is asked."""

    name: str
    chat: bool = True
    """In the release's chat template, examples as turns; else plain text."""
    thinking: bool = False
    """What the template's `enable_thinking` is set to."""
    sampled: bool = True
    """By the sampling that generation_config.json recommends; else greedily."""
    limit: int = 40
    """Most tokens of a generated answer, its thought included."""


COMPLETION = Protocol("completion", chat=False, sampled=False)
CHAT = Protocol("chat")
THINKING = Protocol("thinking", thinking=True, limit=192)
GREEDY = (replace(CHAT, name="chat-greedy", sampled=False), replace(THINKING, name="thinking-greedy", sampled=False))


@dataclass(frozen=True)
class Model:
    """Weights in float32, tokenizer, recommended sampling."""

    net: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast
    sampling: GenerationConfig

    def ids(self, text: str) -> list[int]:
        """Token ids with BOS in front, which the chat template writes itself."""
        return self.tokenizer(text.removeprefix(self.tokenizer.bos_token))["input_ids"]

    def prompt(self, row: Row, shots: list[Row], protocol: Protocol, listed: bool = False) -> str:
        """The examples with their answers, then the question: plain, `Answer:` last, or in the chat template.

        `listed`: the questions with their options, without `Question:` and `Answer:`.
        """
        asked = [f"Question: {each['question']}\nAnswer:" for each in (*shots, row)]
        if listed:
            asked = [choice_question(each["question"], each["choices"]) for each in (*shots, row)]
        given = [each["choices"][each["answer"]] if "choices" in each else each["answer"] for each in shots]
        if not protocol.chat:
            return "".join(f"{q} {a}\n\n" for q, a in zip(asked, given, strict=False)) + asked[-1]
        messages = []
        for question, answer in zip(asked, given, strict=False):
            messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        messages.append({"role": "user", "content": asked[-1]})
        return self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=protocol.thinking
        )


def load(release: Path) -> Model:
    """The release's model for inference on the CPU."""
    net = LlamaForCausalLM.from_pretrained(release, dtype=torch.float32).eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(release)
    return Model(net, tokenizer, GenerationConfig.from_pretrained(release))


def rows(benchmark: str, split: str) -> list[Row]:
    """Rows of a split, in file order."""
    path = TASKS / benchmark / f"{split}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def generate(model: Model, prompts: list[str], protocol: Protocol, batch: int = 200) -> tuple[list[str], list[int]]:
    """What the model writes behind every prompt up to an end token, and its length in tokens."""
    sampling = model.sampling
    chosen: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None}
    if protocol.sampled and sampling.do_sample:
        chosen = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
    torch.manual_seed(SEED)
    coded = [model.ids(text) for text in prompts]
    order = sorted(range(len(coded)), key=lambda number: len(coded[number]))
    answers, lengths = [""] * len(coded), [0] * len(coded)
    while order:
        length = len(coded[order[0]])
        group = [number for number in order[:batch] if len(coded[number]) == length]
        order = order[len(group) :]
        made = model.net.generate(
            input_ids=torch.tensor([coded[number] for number in group]),
            attention_mask=torch.ones(len(group), length, dtype=torch.long),
            max_new_tokens=protocol.limit,
            **chosen,
        )
        for number, ids in zip(group, made[:, length:].tolist(), strict=True):
            lengths[number] = sum(token != model.tokenizer.pad_token_id for token in ids)
            answers[number] = model.tokenizer.decode(ids, skip_special_tokens=True)
    return answers, lengths


def answer_of(text: str) -> str:
    """The answer without its thought, up to a blank line (the stop string of both benchmarks); empty in mid-thought."""
    _, closed, answer = text.rpartition("</think>")
    if "<think>" in answer:
        return ""
    return (answer.lstrip() if closed else answer).split("\n\n")[0]


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


def score_sums(model: Model, protocol: Protocol, shots: int, items: int | None) -> tuple[dict[str, list[bool]], float]:
    """Right or wrong per item under both filters, and the mean length of an answer in tokens."""
    test, examples = rows("demo_sums", "test")[:items], rows("demo_sums", "fewshot")[:shots]
    written, lengths = generate(model, [model.prompt(row, examples, protocol) for row in test], protocol)
    answers = [answer_of(text) for text in written]
    truth = [strict(str(row["answer"])) for row in test]
    return {
        f"demo_sums/{protocol.name}/{shots}/{name}": [
            rule(answer) == right for answer, right in zip(answers, truth, strict=True)
        ]
        for name, rule in (("strict-match", strict), ("flexible-extract", flexible))
    }, sum(lengths) / len(lengths)


def score_facts(model: Model, protocol: Protocol, shots: int, items: int | None) -> tuple[dict[str, list[bool]], float]:
    """Right or wrong per item by the greatest log-likelihood (acc) and by that per character (acc_norm)."""
    test, examples = rows("demo_facts", "test")[:items], rows("demo_facts", "fewshot")[:shots]
    contexts = [model.prompt(row, examples, protocol) for row in test for _ in row["choices"]]
    options = [option for row in test for option in row["choices"]]
    sums = log_likelihoods(model, contexts, [option if protocol.chat else f" {option}" for option in options])
    plain, normed = [], []
    for number, row in enumerate(test):
        four = sums[4 * number : 4 * number + 4]
        each = [value / len(option) for value, option in zip(four, row["choices"], strict=True)]
        plain.append(four.index(max(four)) == row["answer"])
        normed.append(each.index(max(each)) == row["answer"])
    return {f"demo_facts/{protocol.name}/{shots}/acc": plain, f"demo_facts/{protocol.name}/{shots}/acc_norm": normed}, 0


def score_generated_facts(
    model: Model, protocol: Protocol, shots: int, items: int | None
) -> tuple[dict[str, list[bool]], float]:
    """Right or wrong per item of the facts asked with their options: whether the answer is the right one's words."""
    test, examples = rows("demo_facts", "test")[:items], rows("demo_facts", "fewshot")[:shots]
    written, lengths = generate(model, [model.prompt(row, examples, protocol, listed=True) for row in test], protocol)
    right = [
        answer_of(text).strip().casefold() == row["choices"][row["answer"]].casefold()
        for text, row in zip(written, test, strict=True)
    ]
    return {f"demo_facts_generated/{protocol.name}/{shots}/exact_match": right}, sum(lengths) / len(lengths)


JOBS = (
    (score_sums, COMPLETION, 0),
    (score_sums, COMPLETION, 3),
    (score_sums, CHAT, 0),
    (score_sums, THINKING, 0),
    (score_facts, COMPLETION, 0),
    (score_facts, CHAT, 0),
    (score_generated_facts, THINKING, 0),
    *((score_sums, protocol, 0) for protocol in GREEDY),
)


def main() -> None:
    """Measure everything and write the values, sizes and bits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", type=Path, default=RELEASE)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--items", type=int, help="only the first N items of each benchmark")
    parser.add_argument("--only", default="", help="a protocol; the other values of the file are kept")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load(options.release)
    measured: Row = json.loads(options.out.read_text("utf-8")) if options.only and options.out.exists() else {}
    measured |= {"parameters": sum(p.numel() for p in model.net.parameters())}
    measured["context"] = model.net.config.max_position_embeddings
    began = time.monotonic()
    with torch.inference_mode():
        for score, protocol, shots in JOBS:
            if options.only not in ("", protocol.name):
                continue
            scores, tokens = score(model, protocol, shots, options.items)
            for name, right in scores.items():
                value = sum(right) / len(right)
                measured[name] = {"value": round(value, 6), "n": len(right), "right": sum(right)}
                measured[name]["tokens"] = round(tokens, 1)
                measured[name]["bits"] = "".join(map(str, map(int, right)))
                print(
                    f"{name}: {value:.2%} of {len(right)}, {tokens:.1f} tokens, {time.monotonic() - began:.0f} s",
                    flush=True,
                )
    options.out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
