"""What was measured: releases, artifacts, servers, settings, runs, responses, item scores, measurements.

Every record is frozen and refuses unknown fields, so that a manifest written today reads back the same tomorrow.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, model_validator

from evaluators.imported_origin import Imported as Imported
from evaluators.record_base import Record as Record
from evaluators.run_settings import Origin as Origin
from evaluators.run_settings import Protocol as Protocol
from evaluators.run_settings import Settings as Settings
from evaluators.user_error import UserError as UserError


class Release(Record):
    """A model id at a commit: what a vendor published."""

    model: str
    """Model id as on the hub, e.g. `Qwen/Qwen3.6-35B-A3B`; for a local folder its card's name for it, else its own."""
    commit: str
    """Commit SHA on the hub; for a local folder the SHA-256 over its files' names and hashes."""
    location: str
    """`hub` or the absolute path of a local folder laid out like a hub repository."""


class WeightFile(Record):
    """One file of an artifact."""

    name: str
    """Path inside the repository, POSIX style."""
    size: int
    """Bytes."""
    sha256: str
    """SHA-256 of the content, hex."""


class Artifact(Record):
    """The concrete weights that are run."""

    release: Release
    """The release it belongs to."""
    format: Literal["safetensors", "gguf", "unknown"]
    """Container of the weights; `unknown`: they were not seen."""
    quantization: str
    """`bf16`, `f16`, `f32`, `Q8_0`, `Q4_K_M`, ... as the files say."""
    path: str
    """Local path: the (first) GGUF file, or the folder that holds the safetensors and the tokenizer."""
    files: tuple[WeightFile, ...]
    """Every file that determines answers: weights, config, tokenizer, chat template."""

    @property
    def key(self) -> str:
        """SHA-256 (hex) over the sorted file hashes: two artifacts with one key give the same answers. Empty where the
        weights were not seen."""
        if self.format == "unknown":
            return ""
        lines = sorted(f"{file.name}:{file.sha256}" for file in self.files)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Hardware(Record):
    """The machine a server runs on, as read from it; unknown is None, never a guess."""

    cpu: str | None = None
    """Processor name."""
    cores: int | None = None
    """Processor cores usable by this process."""
    memory: int | None = None
    """Main memory in bytes."""
    gpu: str | None = None
    """GPU product name."""
    gpus: int = 0
    """Number of GPUs used."""
    gpu_memory: int | None = None
    """Memory of one GPU in bytes."""
    driver: str | None = None
    """GPU driver version."""
    gpu_clock: int | None = None
    """SM clock in MHz while measuring."""


class ServerDescription(Record):
    """Provenance of a running model server."""

    backend: str
    """`llama.cpp`, `vllm`, `ollama` or `attached`."""
    version: str
    """Version as the server or its package reports it."""
    flags: dict[str, str] = Field(default_factory=dict)
    """Every flag it was started with, by long name; the key is left out."""
    model: str
    """Name under which the server offers the model."""
    artifact_key: str | None = None
    """`Artifact.key` of what it serves; None for an attached server."""
    context: int | None = None
    """Tokens one request may use, prompt and answer together."""
    slots: int = 1
    """Requests it works on at a time."""
    vocabulary: int | None = None
    """Number of token ids."""
    kv_type: str | None = None
    """Element type of the KV cache, e.g. `f16`."""
    flash_attention: str | None = None
    """`on`, `off` or `auto` as started."""
    adds_bos: bool | None = None
    """Whether the tokenizer puts BOS before a plain prompt."""
    sampling_defaults: str | None = None
    """What the server says of its own sampling defaults (Modelfile, generation_config.json); None: not known here."""
    chat_template_sha256: str | None = None
    """SHA-256 of the chat template in use; None if there is none or it cannot be read."""
    parameters: int | None = None
    """Parameters of its model, as a server that somebody else runs tells it."""
    fingerprint: str | None = None
    """Id of what it answers to a few items, where its weights were not seen: a mended or exchanged server has another.
    None for weights that were seen."""
    hardware: Hardware = Hardware()
    """The machine, where it is ours to read."""

    @property
    def weights_seen(self) -> bool:
        """Whether it is known by files what it serves."""
        return self.artifact_key is not None or self.backend not in ("attached", "ollama")


class RequestKind(StrEnum):
    """lm-eval's request types."""

    generate = "generate_until"
    loglikelihood = "loglikelihood"
    rolling = "loglikelihood_rolling"


class ResponseStatus(StrEnum):
    """How a request ended. Everything but `ok` is counted under its name."""

    ok = "ok"
    truncated = "truncated"
    """Hit the token limit."""
    empty = "empty"
    """Ended by itself without an answer text (reasoning only counts as empty)."""
    refused = "refused"
    """The server or its guard declined to answer."""
    failed = "failed"
    """No answer after all retries."""


class Response(Record):
    """One finished request, journaled before it counts."""

    task: str
    """lm-eval task name."""
    doc_id: int
    """Document number in the task."""
    index: int
    """Request number within the document (one per choice for multiple choice)."""
    repeat: int = 0
    """Repeat number, from 0."""
    kind: RequestKind
    """Request type."""
    status: ResponseStatus
    """How it ended."""
    text: str | None = None
    """Answer as the server gave it, reasoning excluded."""
    reasoning: str | None = None
    """Reasoning text where the server or think tags set it apart."""
    logprob: float | None = None
    """Sum of log-probabilities (natural logarithm) for log-likelihood requests."""
    greedy: bool | None = None
    """Whether the continuation is what greedy decoding would give."""
    finish_reason: str | None = None
    """As the server says: `stop`, `length`, ..."""
    prompt_tokens: int | None = None
    """Tokens in the prompt."""
    generated_tokens: int | None = None
    """Tokens generated."""
    seed: int | None = None
    """Sampling seed that was sent."""
    seconds: float | None = None
    """Wall time of the request, the last attempt."""
    attempts: int = 1
    """Attempts made."""
    error: str | None = None
    """One line, for failed requests."""


class ItemStatus(StrEnum):
    """What became of one item under one filter."""

    ok = "ok"
    truncated = "truncated"
    """An answer of the item hit the token limit."""
    empty = "empty"
    """An answer of the item was empty."""
    refused = "refused"
    """An answer of the item was refused."""
    unextracted = "unextracted"
    """The filter found no answer in the text."""
    timed_out = "timed_out"
    """The program of an answer ran out of time, alone on the machine too: it counts as wrong."""
    failed = "failed"
    """A request of the item failed after its retries: no score."""


class ItemScore(Record):
    """One benchmark item, one metric and filter, one repeat."""

    task: str
    """lm-eval task name."""
    doc_id: int
    """Document number in the task."""
    position: int
    """Place in the fixed random order, from 0."""
    repeat: int = 0
    """Repeat number, from 0."""
    metric: str
    """Metric name."""
    filter: str
    """Filter name; `none` where the task has none."""
    value: float | None
    """Score as lm-eval gives it (fraction for scores); None if the item failed."""
    status: ItemStatus
    """What became of it."""
    extracted: str | None = None
    """What the filter took from the answer (generate_until)."""
    target: str | None = None
    """What would have been right."""
    prompt_sha256: str | None = None
    """SHA-256 (hex) of the prompt, where it is known: tells whether two runs asked the same."""


class Measurement(Record):
    """What a run says about one benchmark, metric and filter."""

    benchmark: str
    """Catalogue name."""
    metric: str
    """Metric in lm-eval's words; `value` for specification and speed."""
    filter: str = "none"
    """Filter in lm-eval's words."""
    score: float | None
    """lm-eval's aggregate over the finished items (fraction for scores; SI base units else). None: nothing finished."""
    stderr: float | None = None
    """lm-eval's standard error of the score."""
    unit: str
    """Unit of the score: `fraction`, `tok/s`, `tokens`, `parameters`, `bytes`, `licence`, `ratio`, ..."""
    items: int
    """Items in the finished prefix of the fixed order (runs, for speed)."""
    of: int
    """Items of the whole benchmark."""
    values: tuple[float | None, ...] = ()
    """Score of each item of the finished prefix, in order (mean over repeats); None for a failed item."""
    order_seed: int = 0
    """Seed of the fixed random order."""
    stopped_early: bool = False
    """A stopping rule ended it: the score is a score at stop, never a benchmark score."""
    truncated: int = 0
    """Items with a truncated answer."""
    empty: int = 0
    """Items with an empty answer."""
    refused: int = 0
    """Items with a refused answer."""
    unextracted: int = 0
    """Items in whose answer the filter found nothing."""
    timed_out: int = 0
    """Items with a program that ran out of time."""
    failed: int = 0
    """Items without a score."""
    low: float | None = None
    """Score if every truncated, empty, refused, unextracted, timed-out or failed item had been wrong."""
    high: float | None = None
    """Score if every one of them had been right."""
    evidence: dict[str, str] = Field(default_factory=dict)
    """Specification and speed: how the value came about, in words for people, e.g. the formula with its numbers."""
    first_look: int | None = None
    """Speed: runs after which the first of two looks was taken; None: one look at all runs."""
    starts: tuple[int, ...] = ()
    """Speed: runs of each start of the server, in the order of `values`; empty where there was one."""
    sides: tuple[str, str] | None = None
    """Ratios: what the two sides are called, numerator first."""
    medians: tuple[float, float] | None = None
    """Ratios: medians of the two sides in the quantity's unit, numerator first."""

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: Any) -> Any:
        """Manifests of version 0.1.0 had these numbers in `evidence`, as text."""
        known = data.get("evidence") if isinstance(data, dict) else None
        if not isinstance(known, dict):
            return data
        typed: dict[str, Any] = {}
        if "first_look" not in data and str(known.get("first_look", "")).isdigit():
            typed["first_look"] = int(known["first_look"])
        if "sides" not in data and str(known.get("sides", "")).count(" over ") == 1:
            typed["sides"] = tuple(str(known["sides"]).split(" over "))
        return {**data, **typed}


class RunStatus(StrEnum):
    """How a run ended."""

    finished = "finished"
    """All items, or as many as the stopping rule asked for."""
    invalid = "invalid"
    """Unsound: too many failed requests, or a failed preflight."""
    interrupted = "interrupted"
    """Not ended yet; may be resumed."""


class Run(Record):
    """One evaluator on one artifact on one server with one settings set: the manifest of a run folder."""

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: Any) -> Any:
        """Manifests of version 0.1.0 told failed checks by the first word of their finding."""
        known = data.get("checks") if isinstance(data, dict) else None
        if not isinstance(known, dict) or "failed_checks" in data:
            return data
        failed = {name: str(text) for name, text in known.items() if str(text).startswith("FAILED: ")}
        typed: dict[str, Any] = {
            "failed_checks": {name: text.removeprefix("FAILED: ") for name, text in failed.items()}
        }
        if "deterministic" in known:
            typed["greedy_repeats"] = not str(known["deterministic"]).startswith("no")
        return {**data, **typed}

    run_id: str
    """Derived from everything that determines the answers, so that the same run finds its journal again."""
    schema_version: Literal[1] = 1
    """Version of this manifest."""
    release: Release
    """What was published."""
    artifact: Artifact | None
    """What was run; None for specification runs that pull no weights."""
    server: ServerDescription | None
    """Where it was run; None for specification runs."""
    benchmark: str
    """Catalogue name."""
    evaluator: str
    """`lm-eval`, `specification`, `speed` or `outside`."""
    evaluator_version: str
    """Version of the evaluator's package."""
    ran_by: Literal["us", "imported"] = "us"
    """`imported`: somebody else ran it, and only its file was read."""
    imported: Imported | None = None
    """Where an imported run came from; None for ours."""
    task_version: str | None = None
    """Version of the lm-eval task, and SHA-256 of its data where known."""
    settings: Settings
    """Settings in force."""
    protocol: str | None = None
    """Name of the protocol: `completion`, `chat`, `thinking`, ...; None in runs made before protocols had names."""
    origins: dict[str, Origin] = Field(default_factory=dict)
    """Who decided each setting."""
    order_seed: int = 0
    """Seed of the fixed random order."""
    continues: str | None = None
    """Id of the stopped run that this one goes on with, the first of them: they are one look at the claims."""
    status: RunStatus
    """How it ended."""
    reason: str | None = None
    """Why it is invalid or interrupted, in one line."""
    started: datetime
    """UTC."""
    finished: datetime | None = None
    """UTC."""
    attempts: int = 1
    """Times it was started or resumed."""
    requests_sent: int = 0
    """Requests paid for over all attempts."""
    requests_reused: int = 0
    """Requests taken from the journal in the last attempt."""
    measurements: tuple[Measurement, ...] = ()
    """One per metric and filter."""
    checks: dict[str, str] = Field(default_factory=dict)
    """What was examined before and beside the run, and what was found, in words for people."""
    failed_checks: dict[str, str] = Field(default_factory=dict)
    """The checks whose finding makes the run's scores meaningless: name and finding."""
    greedy_repeats: bool | None = None
    """Whether two greedy answers to one prompt were equal; None: not tried."""
    signals: dict[str, float] = Field(default_factory=dict)
    """Numbers about the answers that the causes are read from, e.g. share of answers with a think tag."""
    tables: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the tables beside the manifest, by file name."""
    seal: str | None = None
    """SHA-256 of the manifest without this field, over its JSON with sorted keys."""

    @property
    def weights_seen(self) -> bool:
        """Whether the weights that answered are known by their files, not by what somebody's server says of itself."""
        return self.server is None or self.server.weights_seen
