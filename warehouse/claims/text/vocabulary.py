"""Words in tables and labels, and what they are: column headings, metrics, modes."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LABEL_HEADS = _words(
    "benchmark benchmarks benchmarkname task tasks taskname dataset datasets eval evals evaluation evaluations test "
    "tests property item specification spec field attribute parameter feature evaluationbenchmark"
)
MODEL_HEADS = _words("model models modelname checkpoint checkpoints pretrainedmodel basemodel llm system variant")
SHOT_HEADS = _words("shots shot nshot nshots numshots fewshot fewshots numshot ofshots")
METRIC_HEADS = _words("metric metrics measure scoring scoringmetric evaluationmetric")
GROUP_HEADS = _words("category categories capability capabilities domain domains area group type ability")
SETTING_HEADS = {
    "hardware": "hardware", "gpu": "hardware", "gpus": "hardware", "device": "hardware", "machine": "hardware",
    "accelerator": "hardware", "cpu": "hardware", "backend": "backend", "engine": "backend", "runtime": "backend",
    "framework": "backend", "inferenceengine": "backend", "servingengine": "backend", "software": "backend",
    "quant": "quantization", "quants": "quantization", "quantization": "quantization", "quanttype": "quantization",
    "precision": "quantization", "dtype": "quantization", "format": "quantization", "weights": "quantization",
    "concurrency": "concurrency", "streams": "concurrency", "concurrentrequests": "concurrency",
    "prompttokens": "prompt_tokens", "promptlength": "prompt_tokens", "inputtokens": "prompt_tokens",
    "inputlength": "prompt_tokens", "generationtokens": "generation_tokens", "outputtokens": "generation_tokens",
    "outputlength": "generation_tokens", "generatedtokens": "generation_tokens", "depth": "depth",
    "contextdepth": "depth", "mode": "mode", "thinking": "thinking", "reasoning": "thinking", "effort": "effort",
    "reasoningeffort": "effort", "scaffold": "scaffold", "harness": "harness", "judge": "judge",
    "subset": "subset",
}  # fmt: skip
ASIDE_HEADS = _words(
    "delta diff difference gain improvement change rank n count samples items questions examples stderr std margin "
    "weight recovery recoveryrate notes note comment comments description source link links download downloadlinks url "
    "license size filename file name split cost price date releasedate"
)


VARIANTS = _words(
    "pro plus hard lite redux verified mini multilingual platinum diamond extended main full base v1 v2 v3 v4 v5 v6 "
    "plus+ x extra es zh cn ko ja jp de fr ru ar pt hi vi th chinese korean japanese spanish german french russian "
    "arabic portuguese hindi vietnamese thai non-english"
)
"""Words that make another benchmark of a name: never passed over as a mere qualifier."""
VALUE_HEADS = _words("value details specification") | {""}

METRIC_WORDS = {
    "em": "exact_match",
    "exactmatch": "exact_match",
    "acc": "acc",
    "accuracy": "acc",
    "accnorm": "acc_norm",
    "normalizedaccuracy": "acc_norm",
    "f1": "f1",
    "f1score": "f1",
    "pass1": "pass@1",
    "passat1": "pass@1",
    "bleu": "bleu",
    "rougel": "rougeL",
    "chrf": "chrf",
    "wer": "wer",
    "bpb": "bits_per_byte",
    "ppl": "perplexity",
    "perplexity": "perplexity",
    "mc1": "mc1",
    "mc2": "mc2",
}
MEASURES = _words(
    "score scores result results value percentile rating elo winrate resolved correct passrate successrate average avg "
    "mean metric"
)
"""Headings of a column of numbers that name no model."""

EFFORTS = {"low", "medium", "high", "minimal", "xhigh"}
MODES = {
    "thinking": ("thinking", "on"),
    "think": ("thinking", "on"),
    "reasoning": ("thinking", "on"),
    "w thinking": ("thinking", "on"),
    "with thinking": ("thinking", "on"),
    "thinking mode": ("thinking", "on"),
    "thinking on": ("thinking", "on"),
    "reasoning on": ("thinking", "on"),
    "w reasoning": ("thinking", "on"),
    "extended thinking": ("thinking", "on"),
    "w extended thinking": ("thinking", "on"),
    "with extended thinking": ("thinking", "on"),
    "non thinking": ("thinking", "off"),
    "nonthinking": ("thinking", "off"),
    "non thinking mode": ("thinking", "off"),
    "no thinking": ("thinking", "off"),
    "no think": ("thinking", "off"),
    "non reasoning": ("thinking", "off"),
    "nonreasoning": ("thinking", "off"),
    "no reasoning": ("thinking", "off"),
    "thinking off": ("thinking", "off"),
    "reasoning off": ("thinking", "off"),
    "w o thinking": ("thinking", "off"),
    "wo thinking": ("thinking", "off"),
    "without thinking": ("thinking", "off"),
    "w o extended thinking": ("thinking", "off"),
    "without extended thinking": ("thinking", "off"),
    "w o reasoning": ("thinking", "off"),
    "instruct mode": ("thinking", "off"),
}


NOT_MODELS = _words("datasets spaces docs collections papers blog models organizations join tasks learn posts")
"""First parts of hub addresses that lead to no model."""

GENERIC = MEASURES | _words("model ours thismodel performance claimed reported specification details") | {""}
"""Headings of a column that is this release's without naming it."""
