"""Published scores beside measured ones whose truth is known: honest ones, and broken set-ups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from warehouse.verdicts.diagnostics.evidence import ColumnMatch


@dataclass(frozen=True)
class Case:
    """One published score, one measured score, and what the run's data say."""

    source: str
    benchmark: str
    claimed: float
    """Percent."""
    measured: float
    """Percent."""
    items: int
    counts: dict[str, int] = field(default_factory=dict)
    signals: dict[str, float] = field(default_factory=dict)
    others: tuple[tuple[str, str, float], ...] = ()
    """Other scores of the run: metric, filter, percent."""
    server: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.benchmark} {self.claimed:g} {self.measured:g}"


BROKEN = (
    # figures and causes as published
    Case("lm-eval 3405: thinking scored", "mmlu_generative", 70.1, 22.8, 14042, signals={"think_tag_share": 0.93}),
    Case("evalscope 1529: token limit", "gpqa_diamond_cot_n_shot", 76.0, 43.0, 198, counts={"truncated": 66}),
    Case("sglang 29264: stop strings", "gsm8k", 97.1, 92.8, 1319, signals={"reasoning_stop_share": 0.045}),
    Case("vllm 57132: kernel", "gsm8k", 95.5, 0.1, 1319),
    Case("vllm-ascend 15916", "gsm8k", 90.3, 57.0, 1319, counts={"unextracted": 430}),
    Case("LAMBADA without BOS", "lambada_openai", 67.0, 0.37, 5153),
    Case("GSM8K, collapsed", "gsm8k", 78.0, 2.5, 1319),
    Case("PIQA without BOS", "piqa", 81.0, 54.95, 1838),
    Case("IFEval claimed by instruction", "ifeval", 86.2, 80.4, 541, others=(("inst_level_strict_acc", "none", 86.2),)),
    # kinds of set-ups with the sizes that disputes report (points)
    Case("token limit, 31 points", "gsm8k", 92.0, 61.0, 1319, counts={"truncated": 420}),
    Case("token limit, 35 points", "math500", 90.0, 55.0, 500, counts={"truncated": 190}),
    Case("token limit, by answers", "mmlu_pro", 71.0, 51.0, 12032, signals={"truncated_share": 0.21}),
    Case("BOS missing, guessing", "hellaswag", 80.0, 26.0, 10042),
    Case("BOS doubled", "gsm8k", 79.0, 73.0, 1319, signals={"bos_doubled": 1.0}),
    Case("KV cache in FP8, exact zero", "gsm8k", 80.0, 0.0, 1319),
    Case("KV cache in four bits", "gsm8k", 80.0, 62.0, 1319, server={"kv_type": "q4_0"}),
    Case("chat template missing", "gsm8k", 88.0, 62.0, 1319, server={"chat_template_sha256": "a"}),
    Case("reasoning without an answer", "gsm8k", 90.0, 62.0, 1319, signals={"reasoning_only_share": 0.2}),
    Case("stop string in the reasoning", "math500", 80.0, 40.0, 500, signals={"reasoning_stop_share": 0.3}),
    Case("stop string too eager", "gsm8k", 70.0, 10.0, 1319, {"unextracted": 1000}, {"median_generated_tokens": 3.0}),
    Case("LaTeX not read", "math500", 83.0, 42.0, 500, counts={"unextracted": 210}),
    Case("nothing read", "gsm8k", 60.0, 0.0, 1319, counts={"unextracted": 1319}),
    Case("strict filter", "gsm8k", 85.0, 24.0, 1319, others=(("exact_match", "flexible-extract", 84.5),)),
    Case("money signs", "gsm8k", 88.0, 60.0, 1319, signals={"respelled_share:exact_match,strict-match": 0.27}),
    Case("last token lost", "gsm8k", 88.0, 60.0, 1319, signals={"cut_answer_share:exact_match,strict-match": 0.28}),
    Case("a cache", "gsm8k", 88.0, 60.0, 1319, signals={"same_wrong_share:exact_match,strict-match": 0.28}),
    Case("replies mixed up", "gsm8k", 88.0, 60.0, 1319, signals={"crossed_share:exact_match,strict-match": 0.27}),
    Case("temperature ignored", "gsm8k", 88.0, 60.0, 1319, signals={"flip_rate": 0.41, "flip_items": 100.0}),
    Case("ARC by plain accuracy", "arc_challenge", 58.0, 52.0, 1172, others=(("acc", "none", 58.1),)),
    Case("HellaSwag by plain accuracy", "hellaswag", 76.1, 57.1, 10042, others=(("acc", "none", 76.2),)),
    Case("requests failed", "gsm8k", 80.0, 74.0, 1319, counts={"failed": 90}),
    Case("empty answers", "gsm8k", 80.0, 60.0, 1319, counts={"empty": 260}),
    Case("prompts cut in silence", "mmlu_pro", 60.0, 48.0, 12032, signals={"prompt_cut_share": 0.25}),
    Case("column of the base model", "mmlu_pro", 70.0, 62.0, 12032, more={"columns": (ColumnMatch("base", 3, 3),)}),
    Case("NaN logits", "arc_easy", 80.0, 27.0, 2376, signals={"underflow_share": 0.9}),
)


R1 = "https://github.com/huggingface/open-r1/blob/main/README.md"
"""Own figures beside DeepSeek's: greedy answers for 64 sampled ones, another harness, another prompt."""
REPRODUCED = (
    # (source, benchmark, items, published, measured by others)
    *((R1, "math500", 500, *pair) for pair in (
        (83.9, 81.2), (92.8, 91.8), (93.9, 94.2), (94.3, 95.0), (89.1, 85.4), (94.5, 93.4))),
    *((R1, "gpqa_diamond_cot_n_shot", 198, *pair) for pair in (
        (33.8, 33.3), (49.1, 48.4), (59.1, 55.6), (62.1, 58.6), (49.0, 51.0), (65.2, 65.2))),
    # Llama 3 8B: Meta's card beside lm-eval, https://github.com/saucam/model_evals (meta-llama/Meta-Llama-3-8B)
    ("saucam/model_evals", "mmlu", 14042, 66.6, 65.04),
    ("saucam/model_evals", "winogrande", 1267, 76.1, 77.58),
)  # fmt: skip
USUAL = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 3.9)
"""Points by which honest scores differ under one stated protocol: wording, examples, reading of answers, versions."""
SIZES = (
    ("mmlu", 14042, 65.0), ("mmlu_pro", 12032, 56.0), ("hellaswag", 10042, 81.0), ("bbh", 6511, 62.0),
    ("piqa", 1838, 80.0), ("gsm8k", 1319, 84.0), ("winogrande", 1267, 74.0), ("arc_challenge", 1172, 58.0),
    ("ifeval", 541, 79.0), ("math500", 500, 76.0), ("gpqa_diamond_cot_n_shot", 198, 42.0), ("humaneval", 164, 68.0),
)  # fmt: skip
"""Benchmark, items, a claimed score."""


def honest_cases() -> Iterator[Case]:
    """Published reproductions, and the usual differences either way on benchmarks of every size."""
    for source, name, items, published, measured in REPRODUCED:
        yield Case(source, name, published, measured, items)
    for name, items, score in SIZES:
        for points in USUAL:
            for measured in (score - points, score + points):
                yield Case(f"{name}, {measured - score:+g} points", name, score, round(measured, 1), items)
