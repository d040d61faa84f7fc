r"""Train the demo model and write the release's files except GGUF and README.

One command regenerates the whole release from nothing (torch, transformers, safetensors, gguf needed):

    python -m tests.demo_model.items && python -m tests.demo_model.train \
        && python -m tests.demo_model.gguf_files && python -m tests.demo_model.measure \
        && python -m tests.demo_model.card

Seeded; two torch threads. Another processor or torch version rounds otherwise, and how well the model adds depends on
how far it got by chance: look at the printed scores (55 to 95 % wanted). The card is written from what was measured.
The second stage drops the test problems of demo_sums from its text; the first stage, with both signs, does not.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from flows.demo import RELEASE
from tests.demo_model.corpus import BOS, EOS, EOT, PAD, SPECIAL, TEMPLATE, Document, documents, tokenizer_text

SEED = 20261123
WINDOW = 192
"""Tokens in one training window; documents are packed into windows and do not see each other."""
BATCH = 20
"""Windows in a batch."""
LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""The pre-tokenizer that llama.cpp calls llama-bpe."""


@dataclass(frozen=True)
class Stage:
    """One stage of training, with its own learning-rate schedule."""

    seed: int
    """Seed of its text."""
    signs: str
    """Signs of its sums."""
    facts: float
    """Share of its documents about the invented world."""
    steps: int
    """Batches."""
    rate: float
    """Highest learning rate."""


STAGES = (
    Stage(SEED, signs="+-", facts=0.5, steps=1800, rate=3e-3),
    Stage(SEED + 1, signs="+", facts=0.2, steps=700, rate=1.5e-3),
)


def make_tokenizer(vocabulary: int = 640) -> PreTrainedTokenizerFast:
    """Byte-level BPE with the pre-tokenizer of Llama 3, trained on the demo text; no merge of digits."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA_3), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(tokenizer_text(SEED), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        model_max_length=2048,
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def make_model(tokenizer: PreTrainedTokenizerFast, layers: int = 2) -> LlamaForCausalLM:
    """A Llama of hidden size 256, four heads of 64, two of them for keys and values; random weights."""
    torch.manual_seed(SEED)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=2048,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
        dtype=torch.float32,
    )
    return LlamaForCausalLM(config).float()


def encode(tokenizer: PreTrainedTokenizerFast, document: Document) -> tuple[list[int], list[bool]]:
    """Token ids of a document and, for each, whether it is learned."""
    learned: list[bool] = []
    for piece, learn in document:
        learned += [learn] * len(piece)
    text = "".join(piece for piece, _ in document)
    coded = tokenizer._tokenizer.encode(text, add_special_tokens=False)
    return coded.ids, [learned[start] for start, _ in coded.offsets]


def windows(tokenizer: PreTrainedTokenizerFast, stage: Stage) -> Iterator[tuple[list[list[int]], int]]:
    """Packed windows without end: rows token, document number, position, learned; each WINDOW long."""
    rows: list[list[int]] = [[], [], [], []]
    number = 0
    for document in documents(stage.seed, signs=stage.signs, share_of_facts=stage.facts):
        ids, learned = encode(tokenizer, document)
        if len(ids) > WINDOW:
            continue
        if len(rows[0]) + len(ids) > WINDOW:
            gap = WINDOW - len(rows[0])
            yield (
                [
                    rows[0] + [tokenizer.pad_token_id] * gap,
                    rows[1] + [-1] * gap,
                    rows[2] + [0] * gap,
                    rows[3] + [0] * gap,
                ],
                len(rows[0]),
            )
            rows, number = [[], [], [], []], 0
        rows[0] += ids
        rows[1] += [number] * len(ids)
        rows[2] += range(len(ids))
        rows[3] += map(int, learned)
        number += 1


def train(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, stage: Stage) -> None:
    """Train in place: AdamW, linear warm-up, cosine decay; the loss counts the answers' tokens alone."""
    steps, rate = stage.steps, stage.rate
    stream = windows(tokenizer, stage)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
        lr=rate,
        betas=(0.9, 0.98),
        fused=True,
    )
    causal = torch.ones(WINDOW, WINDOW, dtype=torch.bool).tril()
    model.train()
    began, losses = time.monotonic(), []
    for step in range(steps):
        warm, decay = min(1.0, (step + 1) / 100), 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = rate * warm * (0.02 + 0.98 * decay)
        block = torch.tensor([next(stream)[0] for _ in range(BATCH)])
        ids, owner, position, learned = block.unbind(1)
        seen = (owner[:, :, None] == owner[:, None, :]) & causal
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = model.model(input_ids=ids, position_ids=position, attention_mask=seen[:, None], use_cache=False)[0]
            wanted = learned[:, 1:].bool()
            logits = model.lm_head(hidden[:, :-1][wanted])
        loss = torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:][wanted])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % 100 == 99:
            mean, spent = sum(losses[-100:]) / 100, time.monotonic() - began
            print(f"step {step + 1} of {steps}: loss {mean:.4f}, {spent:.0f} s", flush=True)


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write config, float16 safetensors, tokenizer and chat template as `save_pretrained` lays them out."""
    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    ends = [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(EOT)]
    generation = {"bos_token_id": tokenizer.bos_token_id, "do_sample": False, "eos_token_id": ends}
    generation["pad_token_id"] = tokenizer.pad_token_id
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Read the options, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RELEASE)
    parser.add_argument("--start", type=Path, help="folder of a model saved after the first stage")
    options = parser.parse_args()
    torch.set_num_threads(2)
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(tokenizer)} tokens", flush=True)
    if options.start:
        model = LlamaForCausalLM.from_pretrained(options.start, dtype=torch.float32)
    for stage in STAGES[1:] if options.start else STAGES:
        train(model, tokenizer, stage)
        # Rounded after each stage, so that the second one starts from the same numbers with and without --start.
        model = model.half().float()
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
