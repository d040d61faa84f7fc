"""What file names say: quantization, splits, kind of file."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

SPLIT = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})$")
QUANTIZATION = re.compile(
    r"(?:^|[-_.])(?P<name>(?:UD-)?(?:I?Q\d+(?:_[0-9A-Z]+)*|TQ\d_\d|BF16|F16|FP16|F32|FP32|MXFP4(?:_MOE)?|NVFP4))$",
    re.IGNORECASE,
)
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".h5")
SIDE_GGUF = re.compile(r"(?:^|[-_.])(?:mmproj|imatrix|vocab)(?:[-_.]|$)", re.IGNORECASE)
DRAFT = re.compile(r"(?:^|[-_.])(draft(?:er)?|speculator|eagle\d?|medusa|dspark|dflash|mtp)(?:[-_.]|$)", re.IGNORECASE)
"""What heads and small models for speculative decoding are called."""
ADAPTER = re.compile(r"(?:^|[-_.])(?:q?lora|adapter|c(?:ontrol)?[-_]?vectors?)(?:[-_.]|$)", re.IGNORECASE)
PLAIN = {"FP16": "f16", "F16": "f16", "FP32": "f32", "F32": "f32", "BF16": "bf16"}


def commit_file_name(model: str, commit: str) -> str:
    """What a note about one commit of a model on the hub is called."""
    return f"{re.sub('[^0-9A-Za-z._-]', '--', model)}@{commit}"


def split_of(name: str) -> tuple[str, int, int]:
    """Path without its split suffix, number of the split from 1, and how many there are (1, 1 for a whole file)."""
    path = PurePosixPath(name)
    match = SPLIT.match(path.stem)
    if not match:
        return name, 1, 1
    return str(path.with_name(match["stem"] + path.suffix)), int(match["number"]), int(match["count"])


def quantization_of(name: str) -> str | None:
    """Quantization by a GGUF file's name: `m-Q4_K_M-00001-of-00002.gguf` -> `Q4_K_M`; None if it says none."""
    match = QUANTIZATION.search(PurePosixPath(split_of(name)[0]).stem)
    return normal(match["name"]) if match else None


def normal(quantization: str) -> str:
    """One spelling for a quantization: `q4-k-m` -> `Q4_K_M`, `FP16` -> `f16`, `UD-Q4_K_XL` keeps its prefix."""
    text = quantization.strip().upper().replace("-", "_")
    text = re.sub(r"^UD_", "UD-", text)
    return PLAIN.get(text, text)


def is_pickle(name: str) -> bool:
    """Whether the file is of a kind that may hold a pickle (or, for .h5, code), by its name."""
    return name.lower().endswith(PICKLES)


def is_weights_gguf(name: str) -> bool:
    """Whether it is a GGUF file with a language model: not a vision projector, importance matrix or vocabulary."""
    path = PurePosixPath(name)
    return path.suffix.lower() == ".gguf" and not SIDE_GGUF.search(path.stem)


def is_helper_gguf(name: str) -> bool:
    """Whether a GGUF file's path calls it a drafter, an adapter or a control vector, which answer nothing alone."""
    path = PurePosixPath(name)
    return any(DRAFT.search(part) or ADAPTER.search(part) for part in (*path.parts[:-1], path.stem))


def is_tokenizer_or_config(name: str) -> bool:
    """Whether a file beside safetensors weights may determine answers: config, tokenizer, chat template."""
    path = PurePosixPath(name)
    if len(path.parts) > 1:
        return path.parts[0] == "additional_chat_templates" and path.suffix == ".jinja"
    if path.name.endswith(".index.json") or path.name.lower().startswith(("readme", "license", "notice")):
        return path.name == "model.safetensors.index.json"
    return path.suffix in (".json", ".txt", ".model", ".jinja", ".tiktoken")


def is_needed(name: str) -> bool:
    """Whether a file may be part of an artifact: weights, config, tokenizer or chat template."""
    return name.endswith(".safetensors") or is_weights_gguf(name) or is_tokenizer_or_config(name)


def size_text(size: int | float) -> str:
    """Bytes as people write them, decimal units: `20.9 GB`, `1.6 MB`, `716 B`."""
    for unit, unit_size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(size) >= unit_size:
            return f"{size / unit_size:.1f} {unit}"
    return f"{size:.0f} B"


def data_folder() -> Path:
    """`$CLAIMCHECK_DATA`, or `~/.cache/claimcheck`; made if it is not there."""
    stated = os.environ.get("CLAIMCHECK_DATA")
    folder = Path(stated).expanduser() if stated else Path.home() / ".cache" / "claimcheck"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
