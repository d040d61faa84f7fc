r"""Train the demo model and write the release's files except GGUF and README.

One command regenerates the whole release from nothing (torch, transformers, safetensors, gguf needed):

    python -m tests.demo_model.items && python -m tests.demo_model.train \
        && python -m tests.demo_model.gguf_files && python -m tests.demo_model.measure \
        && python -m tests.demo_model.card

Seeded; two torch threads; about half an hour on two processors of one's own. Another processor or torch version rounds
otherwise, and how well the model adds depends on how far it got by chance: look at the printed scores (75 to 90 %
without and more than 97 % with thinking wanted; fewer or more batches of the last stage move both). The card is written
from what was measured. The test problems of demo_sums are in no text. The released weights were trained so, but for the
thoughts about facts in the first stage, which then named town and answer.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from flows.demo import RELEASE
from tests.demo_model.corpus import (
    BOS,
    EOS,
    EOT,
    PAD,
    SPECIAL,
    THINK,
    THINK_END,
    Document,
    Mixture,
    documents,
    tokenizer_text,
)
from tests.demo_model.muon import Muon

TEMPLATE = Path(__file__).parent / "chat_template.jinja"
SEED = 20261123
WINDOW = 256
"""Tokens in one training window; documents are packed into windows and do not see each other."""
MUON_RATE, ADAM_RATE = 0.02, 5e-3
"""Highest learning rates of the matrices of the layers, and of everything else."""
SAMPLING = {"do_sample": True, "temperature": 0.6, "top_p": 0.95}
"""The sampling that generation_config.json recommends."""
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
    mixture: Mixture
    """What its text is made of."""
    batch: int
    """Windows in a batch."""
    steps: int
    """Batches after which the learning rate would be near zero."""
    until: int
    """Batches that are trained."""
    warm_up: int
    """Of these, with a rising learning rate."""
    rate: float
    """Highest learning rate, as a share of MUON_RATE and ADAM_RATE."""


STAGES = (
    Stage(SEED, Mixture(facts=0.5, chat=0.15, thinking=0.25), batch=15, steps=800, until=800, warm_up=50, rate=1.0),
    Stage(SEED + 1, Mixture(facts=0.7, chat=0.35, thinking=0.15), batch=12, steps=240, until=120, warm_up=30, rate=0.3),
    Stage(SEED + 2, Mixture(facts=0.5, chat=0.35, thinking=0.25), batch=12, steps=180, until=180, warm_up=30, rate=0.6),
)
"""World, thought and some plain sums; then the world in dialogues; then sums without a thought."""


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
        vocab_size=vocabulary - 2, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(tokenizer_text(SEED), trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in (THINK, THINK_END)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return for_transformers(tokenizer)


def for_transformers(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """The tokenizer with its special tokens and chat template."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        model_max_length=2048,
        chat_template=TEMPLATE.read_text("utf-8"),
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
    for document in documents(stage.seed, stage.mixture):
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
    """Train in place: Muon for the layers' matrices, AdamW for the rest, linear warm-up, cosine decay.

    The loss counts the answers' tokens alone.
    """
    steps, rate = stage.steps, stage.rate
    stream = windows(tokenizer, stage)
    matrices = [p for name, p in model.named_parameters() if p.ndim > 1 and "layers" in name]
    others = [p for name, p in model.named_parameters() if p.ndim == 1 or "layers" not in name]
    adam = torch.optim.AdamW(others, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    optimizers = (Muon(matrices, lr=MUON_RATE), adam)
    causal = torch.ones(WINDOW, WINDOW, dtype=torch.bool).tril()
    model.train()
    began, losses = time.monotonic(), []
    for step in range(stage.until):
        warm, decay = min(1.0, (step + 1) / stage.warm_up), 0.5 * (1 + math.cos(math.pi * step / steps))
        for optimizer, highest in zip(optimizers, (MUON_RATE, ADAM_RATE), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * highest * warm * (0.02 + 0.98 * decay)
        block = torch.tensor([next(stream)[0] for _ in range(stage.batch)])
        ids, owner, position, learned = block.unbind(1)
        seen = (owner[:, :, None] == owner[:, None, :]) & causal
        hidden = model.model(input_ids=ids, position_ids=position, attention_mask=seen[:, None], use_cache=False)[0]
        wanted = learned[:, 1:].bool()
        loss = torch.nn.functional.cross_entropy(model.lm_head(hidden[:, :-1][wanted]), ids[:, 1:][wanted])
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
        if step % 50 == 49:
            mean, spent = sum(losses[-50:]) / 50, time.monotonic() - began
            print(f"step {step + 1} of {stage.until}: loss {mean:.4f}, {spent:.0f} s", flush=True)


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write config, float16 safetensors, tokenizer and chat template as `save_pretrained` lays them out."""
    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    ends = [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(EOT)]
    generation = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": ends}
    generation |= {"pad_token_id": tokenizer.pad_token_id, **SAMPLING}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Read the options, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RELEASE)
    parser.add_argument("--keep", type=Path, help="folder that keeps the model after each stage, to go on from")
    options = parser.parse_args()
    torch.set_num_threads(2)
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(tokenizer)} tokens", flush=True)
    for number, stage in enumerate(STAGES, 1):
        kept = options.keep / str(number) if options.keep else None
        if kept and kept.exists():
            # Its tokenizer too: one made from a corpus that was changed since has other token ids.
            tokenizer = for_transformers(Tokenizer.from_file(str(kept / "tokenizer.json")))
            model = LlamaForCausalLM.from_pretrained(kept, dtype=torch.float32)
            continue
        train(model, tokenizer, stage)
        if kept:
            save(model, tokenizer, kept)
        # Rounded, so that the next stage starts from the same numbers as from a kept model.
        model = model.half().float()
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
