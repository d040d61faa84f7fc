"""Why vLLM did not start: its log ends with "Engine core initialization failed", the root cause stands far above."""

from __future__ import annotations

import re

CAUSES: tuple[tuple[str, str], ...] = (
    (r"cannot start (.+)", "{0}; check the path of vllm"),
    (r"\[Errno 98\].*|address already in use", "its port is in use; end what uses it or choose another port"),
    (r"error: unrecognized arguments: (.+)", "it does not know the argument {0}; leave it out of the extra arguments"),
    (r"error: argument (.+)", "its argument {0}; correct it"),
    (
        r"User-specified max_model_len \((\d+)\) is greater than the derived max_model_len \(.*?(\d+)",
        "a context of {0} tokens was asked for, the model has {1}; ask for less",
    ),
    (
        r"estimated maximum model length is (\d+)",
        "its KV cache does not hold one request; ask for a context of at most {0}",
    ),
    (
        r"(Available memory on node .*? is less than .*?)(?: \(|\.|$)",
        "{0}; ask for a smaller context or fewer slots",
    ),
    (
        r"Free memory on device.*?is less than desired GPU memory utilization",
        "other programs hold the GPU's memory; end them, or lower --gpu-memory-utilization",
    ),
    (
        r"(?:CUDA|HIP) out of memory|OutOfMemoryError|No available memory for the cache blocks",
        "GPU memory ran out; ask for a smaller context, fewer slots, or more GPUs (tensor parallel)",
    ),
    (r"[Mm]odel architectures? \[?'?(.+?)'?\]? .*?not supported", "it does not know the architecture {0}; update vLLM"),
    (r"model type [`'](.+?)[`'] but Transformers does not", "it does not know the model type {0}; update transformers"),
    (r"SafetensorError: (.+)", "the weights are damaged ({0}); pull them again"),
    (
        r"requires you to execute the configuration file|trust_remote_code=True",
        "the release brings code of its own, which is never run; serve it with another backend",
    ),
    (r"No module named '(vllm[\w.]*)'", "the Python given has no vLLM ({0} is missing); install it there"),
)
PREFIX = re.compile(
    r"^\((?:APIServer|EngineCore|VllmWorker|Worker)[^)]*\)\s*|^(?:ERROR|WARNING|INFO) [\d-]+ [\d:]+ \[\S+\]\s*"
)
CONSEQUENCE = re.compile(
    r"Engine core initialization failed|[Ss]ee root cause|WorkerProc initialization failed|EngineDeadError"
)
ECHOES = ("non-default args", "Initializing a V1 LLM engine")
"""Lines that repeat the settings, in which any word may stand."""
ERROR = re.compile(r"^(?:[\w.]*\.)?(\w+(?:Error|Exception|Interrupt)): (.+)")
VALUE = re.compile(r"^Value error, (.+?)(?: \[type=.*)?$")


def find_cause(log: str) -> str | None:
    """The first known cause in the log, else the first exception that is not a consequence of another, in one line."""
    lines = [_bare(line) for line in log.splitlines()]
    for pattern, words in CAUSES:
        for line in lines:
            if not line.startswith(ECHOES) and (match := re.search(pattern, line)):
                return words.format(*match.groups())
    for line, following in zip(lines, [*lines, ""][1:], strict=True):
        if CONSEQUENCE.search(line):
            continue
        if match := ERROR.match(line):
            value = VALUE.match(following.strip())
            return value[1] if value else f"{match[1]}: {match[2].strip()}"
    nonblank = [line for line in lines if line.strip()]
    return nonblank[-1].strip() if nonblank else None


def _bare(line: str) -> str:
    """A line without the process and logger names before it."""
    while prefix := PREFIX.match(line):
        line = line[prefix.end() :]
    return line
