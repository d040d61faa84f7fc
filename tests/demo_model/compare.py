"""Compare a running llama.cpp server of the demo model with transformers: tokens, greedy answers, log-probabilities.

python -m tests.demo_model.compare http://127.0.0.1:PORT [--release FOLDER]
"""

import argparse
import json
import random
import urllib.request
from pathlib import Path

import torch

from flows.demo import RELEASE
from tests.demo_model.measure import COMPLETION, Model, answer_of, generate, load, rows


def ask(url: str, body: dict[str, object]) -> dict:
    """POST JSON, JSON back."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def texts(count: int, seed: int) -> list[str]:
    """Random texts of letters, digits, spaces, punctuation, special tokens and other scripts."""
    rng = random.Random(seed)
    parts = ["Question: ", "Answer:", "12", "7", "483920", " ", "\n", "\n\n", "?\n", ".\n\n", "####", " #### "]
    parts += [
        "Gremford",
        " pale",
        "\t",
        "naïve",
        "日本語",
        "🙂",
        "'s",
        "+",
        "=",
        "-",
        "<|eot_id|>",
        "<|begin_of_text|>",
        "<think>",
        "</think>",
    ]
    return ["".join(rng.choice(parts) for _ in range(rng.randint(1, 30))) for _ in range(count)]


def different_tokens(url: str, model: Model, count: int = 400) -> int:
    """In how many random texts the two tokenizers differ."""
    wrong = 0
    for text in texts(count, 1):
        body = {"content": text, "add_special": True, "parse_special": True}
        wrong += ask(f"{url}/tokenize", body)["tokens"] != model.tokenizer(text)["input_ids"]
    return wrong


def main() -> None:
    """Print the three comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--release", type=Path, default=RELEASE)
    options = parser.parse_args()
    model = load(options.release)
    print(f"texts with different tokens: {different_tokens(options.url, model)} of 400")
    asked = rows("demo_sums", "test")[:40] + rows("demo_facts", "test")[:10]
    prompts = [model.prompt(row, [], COMPLETION) for row in asked]
    same, gap, count = 0, 0.0, 0
    with torch.inference_mode():
        for text, written in zip(prompts, generate(model, prompts, COMPLETION)[0], strict=True):
            body = {"prompt": text, "n_predict": 40, "temperature": 0, "n_probs": 1, "stop": ["\n\n"]}
            made = ask(f"{options.url}/completion", body)
            same += made["content"] == answer_of(written)
            start, ids = len(model.ids(text)), model.ids(text)
            for token in made["completion_probabilities"]:
                logs = model.net(input_ids=torch.tensor([ids])).logits[0, -1].double().log_softmax(-1)
                gap, count = max(gap, abs(logs[token["id"]].item() - token["logprob"])), count + 1
                ids = [*ids, token["id"]]
            assert start < len(ids)
    print(f"equal greedy answers: {same} of {len(prompts)}; largest difference of {count} log-probabilities: {gap:.1e}")


if __name__ == "__main__":
    main()
