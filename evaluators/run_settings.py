"""Settings of a claim or a run, and the protocol that a run follows."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import Field

from evaluators.record_base import Record


class Settings(Record):
    """Under which settings a number was made: the same record for a claim and for a run.

    None means *unknown* (not stated); it is never filled with a guess. For a run every field that applies is set.
    """

    shots: int | None = None
    """Examples in the prompt."""
    prompt: str | None = None
    """`chat` (chat template applied) or `completion` (plain text)."""
    system_prompt: str | None = None
    """System prompt, word for word; empty string for none."""
    thinking: str | None = None
    """`on` or `off`."""
    effort: str | None = None
    """Reasoning effort as the model names it: `low`, `medium`, `high`, ..."""
    temperature: float | None = None
    """Sampling temperature; 0 is greedy."""
    top_p: float | None = None
    """Nucleus sampling."""
    top_k: int | None = None
    """Top-k sampling."""
    min_p: float | None = None
    """Min-p sampling."""
    presence_penalty: float | None = None
    """Subtracted from the logit of every token that occurred; 0 for none."""
    frequency_penalty: float | None = None
    """Subtracted from the logit of a token for each time it occurred; 0 for none."""
    repetition_penalty: float | None = None
    """Divides the logit of every token that occurred; 1 for none."""
    max_tokens: int | None = None
    """Most tokens one answer may have."""
    metric: str | None = None
    """Metric in lm-eval's words, e.g. `exact_match`, `acc_norm`."""
    filter: str | None = None
    """Answer filter in lm-eval's words, e.g. `strict-match`."""
    repeats: int | None = None
    """Answers per item (the k of avg@k, pass@k, maj@k)."""
    subset: str | None = None
    """Part of the benchmark or date window; empty string for the whole."""
    tools: str | None = None
    """Tools the model may use; `none` for none."""
    scaffold: str | None = None
    """Agent scaffold and version."""
    judge: str | None = None
    """Judge model and version."""
    sandbox: str | None = None
    """What kept generated code in: `bwrap`, `nsjail`, `landlock`, `seatbelt`; `none` where nothing did."""
    harness: str | None = None
    """Evaluation program and version."""
    quantization: str | None = None
    """Quantization of the weights that were run."""
    backend: str | None = None
    """Serving engine."""
    backend_version: str | None = None
    """Version of the serving engine."""
    hardware: str | None = None
    """Machine, e.g. `RTX 4090` or `2x H100 80GB`."""
    prompt_tokens: int | None = None
    """Speed: prompt length in tokens."""
    generation_tokens: int | None = None
    """Speed: answer length in tokens."""
    depth: int | None = None
    """Speed: tokens already in the context."""
    concurrency: int | None = None
    """Speed: streams at a time."""
    speculative: str | None = None
    """Speed: speculative decoding, `none` or its description."""
    numerator: str | None = None
    """Ratio claims: what is faster or larger (backend, quantization or model)."""
    denominator: str | None = None
    """Ratio claims: what it is compared with."""
    notes: tuple[str, ...] = ()
    """Sentences about settings found near the claim, word for word, that no field holds."""

    @property
    def by_lm_eval(self) -> bool:
        """Whether the evaluation program is named, and is lm-eval."""
        return self.harness is not None and re.match(r"lm[\s_-]?eval", self.harness, re.I) is not None


class Origin(StrEnum):
    """Who decided a setting of a protocol."""

    claim = "claim"
    """The claim states it."""
    user = "user"
    """An option of the command."""
    release = "release"
    """The release's own files: generation_config.json, chat template, card, GGUF metadata."""
    benchmark = "benchmark"
    """The catalogue's standard protocol, or a vendor's documented habit for this benchmark."""


class Protocol(Record):
    """How a benchmark is run for a claim: complete settings, and who decided each of them."""

    name: str
    """`completion`, `chat` or `thinking`, with what sets it apart from others of the claim, e.g. `chat, 0 shots`."""
    settings: Settings
    """Settings of the run; `metric` and `filter` say which of its scores is compared."""
    origins: dict[str, Origin] = Field(default_factory=dict)
    """By field of the settings: who decided it. A field without an entry is left to the task."""
    benchmark: str | None = None
    """Catalogue name of the formulation that is run, where it is not the claim's own benchmark."""
    plausible: bool = True
    """One of those that the claim may have been made under; False: only asked for by the user."""
    kind: str | None = None
    """Kind of the release by its own files, and what shows it, in one line."""
    source: str | None = None
    """Address of the page that documents it, for a vendor's habit."""
