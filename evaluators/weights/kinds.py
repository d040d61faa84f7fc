"""What kind of repository a listed model is: a release, a quantized one of a base model, or one that is sorted out."""

from __future__ import annotations

import re

from evaluators.weights.changed import Listed
from evaluators.weights.names import is_pickle, is_weights_gguf

TEXT_TASKS = ("text-generation", "text2text-generation", "image-text-to-text", "audio-text-to-text", "any-to-any")
TEXT_ARCHITECTURES = re.compile(r"(ForCausalLM|ForConditionalGeneration|LMHeadModel)$")
DRAFT = re.compile(r"(?:^|[-_.])(draft|speculator|eagle\d?|medusa|dspark|dflash|mtp)(?:[-_.]|$)", re.IGNORECASE)
NOT_TEXT = re.compile(r"(Whisper|Wav2Vec|SpeechT5|Speech2Text|Bark|MusicGen|Seamless|VisionEncoder|TrOCR)")


def base_model(tags: tuple[str, ...], relation: str) -> str | None:
    """The model that a repository is derived from by `quantized`, `adapter` or `finetune`; None if it is not."""
    prefix = f"base_model:{relation}:"
    return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)), None)


def sorted_out(listed: Listed) -> str | None:
    """Why a listed model cannot be verified, in one clause; None if it can."""
    name, files = listed.model.rpartition("/")[2], listed.files
    weights = [file for file in files if file.endswith(".safetensors") or is_weights_gguf(file)]
    adapter = any(file.rpartition("/")[2] == "adapter_config.json" for file in files)
    if listed.disabled:
        return "disabled or private"
    if listed.gated:
        return "gated: its terms have to be accepted on the hub"
    if DRAFT.search(name):
        return "draft model for speculative decoding"
    if base_model(listed.tags, "adapter") or (adapter and all("adapter" in file for file in weights)):
        return "adapter only: no model of its own"
    if not weights:
        pickles = any(is_pickle(file) for file in files)
        return "pickle weights only" if pickles else "draft: no weights yet"
    if listed.task is not None and listed.task not in TEXT_TASKS:
        return f"no text generation: {listed.task}"
    if any(NOT_TEXT.search(name) for name in listed.architectures):
        return f"no text generation: {listed.architectures[0]}"
    if listed.task is None and not any(TEXT_ARCHITECTURES.search(name) for name in listed.architectures):
        known = any(is_weights_gguf(file) for file in files) or "text-generation" in listed.tags
        return None if known else "says neither task nor architecture"
    return None
