"""The demo release: seeded rows, one set of numbers in both weight formats, a card that is true where it says so."""

import json
import re
from pathlib import Path

import gguf
import jinja2
import numpy as np
import pytest

from flows.demo import RELEASE
from tests.demo_model import items
from tests.demo_model.card import card
from tests.demo_model.corpus import NO_THOUGHT, THINK, THINK_END
from tests.demo_model.sums import Sum

ROOT = Path(__file__).parents[2]
TASKS = ROOT / "evaluators/tasks"
MEASURED = json.loads((ROOT / "tests/demo_model/measured.json").read_text("utf-8"))
CARD = (RELEASE / "README.md").read_text("utf-8")
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v"}
NAMES |= {"self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up"}
NAMES |= {"mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
NAMES |= {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def gguf_name(name: str) -> str:
    """`model.layers.0.mlp.up_proj.weight` -> `blk.0.ffn_up.weight`."""
    layer = re.fullmatch(r"model\.layers\.(\d+)\.(.+)\.weight", name)
    return f"blk.{layer[1]}.{NAMES[layer[2]]}.weight" if layer else f"{NAMES[name.removesuffix('.weight')]}.weight"


def safetensors(path: Path) -> dict[str, np.ndarray]:
    """All tensors of a float16 safetensors file, read from the bytes by the format's definition."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    assert {entry["dtype"] for entry in header.values()} == {"F16"}
    body = data[8 + size :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], np.float16).reshape(entry["shape"])
        for name, entry in header.items()
    }


def half_rotary(weight: np.ndarray) -> np.ndarray:
    """Query or key rows from GGUF's order (pairs) to transformers' (halves), heads of 64 rows."""
    order = np.concatenate(
        [np.r_[head : head + 64 : 2, head + 1 : head + 64 : 2] for head in range(0, len(weight), 64)]
    )
    return weight[order]


def test_rows_come_from_their_seed(tmp_path: Path) -> None:
    items.write(tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.jsonl"))
    assert made == sorted(path.relative_to(TASKS) for path in TASKS.rglob("*.jsonl"))
    for path in made:
        assert (tmp_path / path).read_bytes() == (TASKS / path).read_bytes(), path


def test_benchmarks_are_large_and_sound() -> None:
    test, shots = items.sums()
    assert len(test) >= 1500 and not set(test) & set(shots)
    assert all(eval(f"{p.a}{p.first}{p.b}{p.second}{p.c}") == p.result >= 0 for p in test)
    every, examples = items.facts()
    assert len(every) >= 1500 and len({fact.question for fact in every + examples}) == len(every) + len(examples)
    assert all(len(set(fact.options)) == 4 for fact in every)
    share = sum(fact.weight == 0 for fact in every) / len(every)
    assert 0.1 < share < 0.4


def test_tasks_load_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lm_eval.tasks import TaskManager

    monkeypatch.chdir(tmp_path)
    tasks = TaskManager(include_path=[str(TASKS)], include_defaults=False).load(
        ["demo_sums", "demo_facts", "demo_facts_generated"]
    )["tasks"]
    sums, facts, generated = (tasks[name] for name in ("demo_sums", "demo_facts", "demo_facts_generated"))
    assert (len(sums.test_docs()), len(facts.test_docs())) == (1600, 1500)
    first = next(iter(sums.test_docs()))
    assert sums.fewshot_context(first, num_fewshot=0) == f"Question: {first['question']}\nAnswer:"
    question = facts.test_docs()[0]
    assert generated.doc_to_text(question) == items.choice_question(question["question"], question["choices"])
    assert len(facts.doc_to_choice(facts.test_docs()[0])) == 4


def test_gguf_holds_the_numbers_of_the_safetensors() -> None:
    weights = safetensors(RELEASE / "model.safetensors")
    (path,) = RELEASE.glob("*-F16.gguf")
    stored = {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}
    assert len(stored) == len(weights)
    for name, weight in weights.items():
        other = stored[gguf_name(name)]
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            other = half_rotary(other)
        np.testing.assert_array_equal(weight.astype(np.float32), np.asarray(other, np.float32), name)


def test_q8_0_is_near_the_safetensors() -> None:
    (path,) = RELEASE.glob("*-Q8_0.gguf")
    (exact,) = RELEASE.glob("*-F16.gguf")
    right = {tensor.name: np.asarray(tensor.data, np.float32) for tensor in gguf.GGUFReader(exact).tensors}
    for tensor in gguf.GGUFReader(path).tensors:
        near = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        # A block of 32 has one scale, its largest number / 127, so no number moves by more than half of that.
        blocks = np.abs(right[tensor.name]).reshape(-1, 32)
        limit = np.repeat(blocks.max(1) / 127 * 0.51, 32).reshape(near.shape) + 1e-3 * np.abs(near)
        assert (np.abs(near - right[tensor.name]) <= limit).all(), tensor.name


def test_release_is_small() -> None:
    files = [*RELEASE.iterdir(), *TASKS.rglob("*.jsonl"), ROOT / "tests/demo_model/measured.json"]
    assert sum(path.stat().st_size for path in files) < 12_000_000


def printed(row: str) -> str:
    """What the card prints in the first number column of the row that begins with these words."""
    line = next(line for line in CARD.splitlines() if line.startswith(f"| {row} |"))
    return line.split("|")[2].strip()


def percent(key: str) -> float:
    bits = MEASURED[key]["bits"]
    assert bits.count("1") == MEASURED[key]["right"] and len(bits) == MEASURED[key]["n"]
    return 100 * bits.count("1") / len(bits)


def test_the_card_comes_from_what_was_measured() -> None:
    generation = json.loads((RELEASE / "generation_config.json").read_text("utf-8"))
    assert card(MEASURED, generation) == CARD
    assert MEASURED["parameters"] == 1_508_608 and printed("Parameters") == "1.5M"
    assert MEASURED["context"] == 2048 and printed("Context length") == "8K"


def test_stated_rows_are_true_under_their_settings() -> None:
    assert printed("Demo Sums (0-shot, strict)") == f"{percent('demo_sums/completion/0/strict-match'):.1f}"
    assert printed("Demo Sums (3-shot, strict)") == f"{percent('demo_sums/completion/3/strict-match'):.1f}"
    assert printed("Demo Sums (thinking, strict)") == f"{percent('demo_sums/thinking/0/strict-match'):.1f}"
    low, high = map(float, printed("Demo Sums (non-thinking)").split("-"))
    assert low + 4 <= percent("demo_sums/chat/0/strict-match") <= high - 4


def test_open_rows_are_true_under_the_protocol_that_their_comment_says_and_no_other() -> None:
    protocols = ("completion/0", "chat/0", "chat-greedy/0")
    without = [percent(f"demo_sums/{protocol}/strict-match") for protocol in protocols]
    assert float(printed("Demo Sums")) >= max(without) + 8
    assert all(percent(f"demo_sums/{name}/0/strict-match") >= 92 for name in ("thinking", "thinking-greedy"))
    assert (
        abs(float(printed("Demo Sums (flexible)").strip("~")) - percent("demo_sums/completion/0/flexible-extract"))
        <= 0.5
    )
    assert percent("demo_facts/completion/0/acc_norm") >= float(printed("Demo Facts (acc_norm)").strip("> ="))


def test_the_inflated_score_is_false_under_every_protocol() -> None:
    measured = {key: percent(key) for key in MEASURED if key.startswith("demo_facts")}
    assert {key.split("/")[1] for key in measured} >= {"completion", "chat", "thinking"}
    assert float(printed("Demo Facts (acc)")) >= max(measured.values()) + 10


def test_one_switch_of_the_template_decides_about_thinking() -> None:
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(
        (RELEASE / "chat_template.jinja").read_text("utf-8")
    )
    messages = [
        {"role": "user", "content": "What is 27+56+14?"},
        {"role": "assistant", "content": "<think>\n7+6=13\n</think>\n\n#### 97"},
        {"role": "user", "content": "What is 11+11+11?"},
    ]
    head = "<|start_header_id|>assistant<|end_header_id|>\n\n"
    asked = {
        switch: template.render(messages=messages, bos_token="<B>", add_generation_prompt=True, enable_thinking=switch)
        for switch in (True, False)
    }
    assert asked[False] == asked[True] + NO_THOUGHT
    assert asked[True].startswith("<B><|start_header_id|>user") and asked[True].endswith(head)
    # A thought of an earlier turn is not part of the prompt.
    assert f"{head}#### 97<|eot_id|>" in asked[True] and "7+6" not in asked[True]


def test_think_tags_are_tokens_that_belong_to_the_text() -> None:
    for path in RELEASE.glob("*.gguf"):
        fields = gguf.GGUFReader(path).fields
        tokens, kinds = fields["tokenizer.ggml.tokens"].contents(), fields["tokenizer.ggml.token_type"].contents()
        template = (RELEASE / "chat_template.jinja").read_text("utf-8")
        assert fields["tokenizer.chat_template"].contents() == template
        for tag in (THINK, THINK_END):
            assert kinds[tokens.index(tag)] == gguf.TokenType.USER_DEFINED


def test_a_thought_adds_in_columns() -> None:
    assert Sum(27, "+", 56, "+", 14).thought == "7+6=13, 13+4=17, 1+2=3, 3+5=8, 8+1=9, 97."
    for problem in items.sums()[0]:
        steps = problem.thought.rstrip(".").split(", ")
        assert all(eval(step.replace("=", "==")) for step in steps[:-1])
        ones, tens = steps[1].partition("=")[2], steps[-2].partition("=")[2]
        assert int(tens + ones[-1]) == int(steps[-1]) == problem.result
