"""Headings of speeds: which speed they name, by their unit and words (`Decode (tokens/sec)`, `pp512`, `TPS`)."""

from __future__ import annotations

import re

UNIT = re.compile(
    r"(?i)\b(?:output |generated |gen )?(?:tok(?:en)?s?\s*(?:/|per)\s*s(?:ec(?:onds?)?)?|t/s|tps)\b|token/秒|tokens/秒"
)
_TEST = re.compile(r"(?i)\b(pp|tg)\s?(\d{1,6})\b(?:\s*@\s*d\s?(\d{1,7}))?")
_PROMPT = re.compile(r"(?i)prompt|prefill|\binput\b|\bpp\d*\b|\bpre-?fill|预填充|首")
_TOTAL = re.compile(r"(?i)\btotal\b|overall|aggregate|system throughput|per (?:node|gpu|server)|batch|吞吐")
_OUTPUT = re.compile(
    r"(?i)decod|generat|output|\btg\d*\b|\bgen\b|\beval\b|inference|speed|token|tok/s|tps|t/s|解码|生成|速度"
)
_RATIO = re.compile(r"(?i)speed-?up|\bratio\b|relative|improvement|%")
_WAIT = re.compile(r"(?i)^(?:ttft|time to first token|first token latency)\b")


def speed_named(text: str) -> tuple[str | None, dict[str, str | int | float]]:
    """The speed that a heading names (catalogue name), and settings that its words state; (None, {}) for no speed."""
    if test := _TEST.search(text):
        name = "prompt_speed" if test[1].casefold() == "pp" else "output_speed"
        stated: dict[str, str | int | float] = {
            "prompt_tokens" if name == "prompt_speed" else "generation_tokens": int(test[2])
        }
        if test[3]:
            stated["depth"] = int(test[3])
        return name, stated
    if _WAIT.search(text):
        return "time_to_first_token", {}
    if not UNIT.search(text) or _RATIO.search(text):
        return None, {}
    return _speed(text), serving_stated([text])[0]


def _speed(text: str) -> str | None:
    if (
        re.search(r"(?i)throughput", text)
        and not _PROMPT.search(text)
        and not re.search("(?i)decod|generat|output", text)
    ):
        return "total_throughput"
    if _PROMPT.search(text):
        return "prompt_speed"
    if _TOTAL.search(text):
        return "total_throughput"
    return "output_speed" if _OUTPUT.search(text) else None


def names_speed(text: str) -> bool:
    """Whether a heading speaks of a speed without its unit: `Speed (RTX 4090, Q4)`."""
    return re.match(
        r"(?i)\W*(?:(?:inference|generation|decod\w+|output|token|typical|approx\w*)\W+)*(?:speed|tokens|速度)\b", text
    ) is not None and not _RATIO.search(text)


def serving_stated(texts: list[str]) -> tuple[dict[str, str | int | float], list[str]]:
    """Backend, machine and quantization that the qualifiers of a speed's heading state, and the qualifiers that state
    none of them."""
    serving: dict[str, str | int | float] = {}
    left = []
    for text in texts:
        stated: dict[str, str | int | float] = {}
        if backend := backend_named(text):
            stated["backend"] = backend
        if device := device_named(text):
            stated["hardware"] = device
        if quantization := quantization_named(text):
            stated["quantization"] = quantization
        if batch := re.search(r"(?i)\b(?:batch(?:[ -]size)?|bs|concurrency)\s*[=:]?\s*(\d{1,5})\b", text):
            stated["concurrency"] = int(batch[1])
        serving |= stated
        if not stated:
            left.append(text)
    return serving, left


_BACKENDS = {
    "sglang": "sglang", "vllm": "vllm", "transformers": "transformers", "llama.cpp": "llama.cpp",
    "llamacpp": "llama.cpp", "ollama": "ollama", "mlx": "mlx", "mlx-lm": "mlx", "tensorrt-llm": "tensorrt-llm",
    "trt-llm": "tensorrt-llm", "lmdeploy": "lmdeploy", "exllamav2": "exllamav2", "exllama": "exllama",
    "mlc-llm": "mlc-llm", "mlc": "mlc-llm", "tgi": "tgi", "lm studio": "lm studio", "ktransformers": "ktransformers",
    "openvino": "openvino", "onnx runtime": "onnxruntime", "executorch": "executorch", "litert": "litert",
}  # fmt: skip
"""Serving engines as people write them -> one name each."""
_DEVICE = re.compile(
    r"(?i)(?:(\d{1,3})\s?(?:x|×|\*)\s?)?\b((?:NVIDIA |AMD |Intel |Apple |Nvidia )?(?:GeForce )?"
    r"(?:H20|H100|H200|H800|B200|B100|GB200|GB300|A800|A100|A10G?|A6000|A40|L40S?|L20|L4|T4|V100|P100|MI\d{3}X?|"
    r"RTX[ -]?(?:PRO )?\d{4}(?: ?Ti| SUPER| Ada)?|GTX[ -]?\d{4}(?: Ti)?|"
    r"Mac(?:Book)?(?: Pro| Air| Studio| mini)? ?M\d(?: (?:Pro|Max|Ultra))?|"
    r"M[1-5](?: (?:Pro|Max|Ultra))|TPU ?v\d\w*|Ascend ?\d*\w*|Jetson[\w ]*|"
    r"(?:AGX )?Orin(?: NX| Nano)?|DGX Spark|Raspberry Pi ?\d|"
    r"(?:Radeon )?RX[ -]?\d{4}(?: XTX?)?|Radeon \d{4}(?: XTX?)?|Radeon PRO W\d{4}|"
    r"Strix Halo|Ryzen AI[\w+ ]*\d+|Snapdragon[\w ]*)(?:[ -]?\d{2,3} ?Gi?B)?)(?:\s?(?:x|×|\*)\s?(\d{1,3}))?(?![\w])"
)


_BARE_CARD = re.compile(
    r"(?i)(^|[(,/]|\bon(?: an?)?(?: single)?|\bsingle|\bone|\d ?[x×])[ ]?"
    r"((?:30[5-9]0|40[5-9]0|50[5-9]0)(?: ?Ti| ?SUPER)?D?)(?=\s*(?:$|[),/]|gpus?\b|\d\dg|[x×*] ?\d|\(|with\b|and\b))"
)
"""Numbers of graphics cards without their maker: `on a 4090`, `2x 3090`."""


def is_backend(text: str) -> bool:
    """Whether the text is a serving engine's name, perhaps with its version."""
    return re.sub(r"[\s(v]*\d[\w.]*\)?$", "", text.strip().casefold()) in _BACKENDS


def backend_named(text: str) -> str | None:
    """The serving engine that the words name; None for none or several."""
    backends = set(backends_in(text))
    return backends.pop() if len(backends) == 1 else None


def backends_in(text: str) -> list[str]:
    """The serving engines that the words name, in order."""
    plain = text.casefold()
    places = {
        match.start(): name
        for words, name in _BACKENDS.items()
        for match in re.finditer(rf"(?<![\w-]){re.escape(words)}(?![\w-]|\.\w)", plain)
    }
    return list(dict.fromkeys(name for _, name in sorted(places.items())))


def device_named(text: str) -> str | None:
    """The machine that the words name, with its number (`1x H20`); None for none or several."""
    text = _BARE_CARD.sub(r"\1 RTX \2", text.strip())
    devices = {
        f"{number}x {name}" if number else name
        for before, name, after in _DEVICE.findall(text)
        for number in (before or after,)
        for name in (" ".join(name.split()),)
    }
    return devices.pop() if len(devices) == 1 else None


def in_device(text: str, start: int) -> bool:
    """Whether what stands there in the text is part of a machine's name, as its memory is."""
    return any(match.start() < start < match.end() for match in _DEVICE.finditer(text))


def names_only_serving(text: str) -> bool:
    """Whether the words name a machine or a serving engine, perhaps with a quantization, and nothing else."""
    words, known = (
        _BARE_CARD.sub(r"\1 RTX \2", text.strip()),
        _DEVICE.search(text) is not None or bool(backends_in(text)),
    )
    for name in sorted(_BACKENDS, key=len, reverse=True):
        words = re.sub(rf"(?i)(?<![\w-]){re.escape(name)}(?![\w-]|\.\w)", " ", words)
    words = _QUANTIZATION.sub(" ", _DEVICE.sub(" ", words))
    return known and not any(c.isalpha() for c in re.sub(r"(?i)\b(?:with|and|on|in|at|\d+ ?GB)\b", " ", words))


_FIRST = re.compile(rf"(?i)(?:{'|'.join(map(re.escape, _BACKENDS))})(?![\w-]|\.\w)")


def is_backend_first(text: str) -> bool:
    """Whether the text begins with a serving engine's name."""
    return _FIRST.match(text) is not None


def names_serving(text: str, key: str) -> bool:
    """Whether the words name any machine (`hardware`), serving engine (`backend`) or `quantization`."""
    if key == "backend":
        return bool(backends_in(text))
    return (_QUANTIZATION if key == "quantization" else _DEVICE).search(_BARE_CARD.sub(r"\1 RTX \2", text)) is not None


_QUANTIZATION = re.compile(
    r"(?i)(?<![\w-])(?:i?q[2-8](?:_[a-z0-9]+)*|ud-q\d\w*|bf16|fp16|fp8|nvfp4|mxfp4|int[48]|awq|gptq|[48]-bit)(?![\w-])"
)


def quantization_named(text: str) -> str | None:
    """The quantization that the words name; None for none or several."""
    quantizations = {match[0] for match in _QUANTIZATION.finditer(text)}
    return quantizations.pop() if len(quantizations) == 1 else None
