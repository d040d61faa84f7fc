"""The llama.cpp server inside `xllamacpp`, under llama-server's own flag names.

    LLAMA_API_KEY=... python -P embedded.py --model FILE --port N [llama-server flags]

Run by its path: it needs nothing of this project, and starts in a fifth of a second. A flag that it does not know
ends it with llama-server's message; what llama.cpp has to say about a model goes to standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """Fails in llama-server's words."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"error: invalid argument: {message}\n")
        sys.exit(1)


def parser() -> Parser:
    """llama-server's flags that the embedded server can be given."""
    flags = Parser(prog="llama-server (embedded)", allow_abbrev=False, add_help=False)
    flags.add_argument("-m", "--model", default="")
    flags.add_argument("-a", "--alias", default="")
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("--port", type=int, default=8080)
    flags.add_argument("-c", "--ctx-size", type=int, default=0)
    flags.add_argument("-np", "--parallel", type=int, default=1)
    flags.add_argument("-t", "--threads", type=int, default=-1)
    flags.add_argument("-tb", "--threads-batch", type=int, default=None)
    flags.add_argument("-b", "--batch-size", type=int, default=2048)
    flags.add_argument("-ub", "--ubatch-size", type=int, default=512)
    flags.add_argument("-ctk", "--cache-type-k", default="f16")
    flags.add_argument("-ctv", "--cache-type-v", default="f16")
    flags.add_argument("-fa", "--flash-attn", choices=["on", "off", "auto"], default="auto")
    flags.add_argument("-ngl", "--gpu-layers", "--n-gpu-layers", type=int, default=-1)
    flags.add_argument("-cram", "--cache-ram", type=int, default=8192)
    flags.add_argument("--chat-template", default="")
    flags.add_argument("--chat-template-file", default="")
    flags.add_argument("--no-cache-prompt", action="store_true")
    flags.add_argument("--check-tensors", action="store_true")
    flags.add_argument("-lv", "--verbosity", "--log-verbosity", type=int, default=2)  # 3 is six lines a request
    flags.add_argument("--metrics", action="store_true")
    flags.add_argument("--score-port", type=int, default=0)
    flags.add_argument("--version", action="store_true")
    return flags


def parameters(flags: argparse.Namespace, xllamacpp: Any) -> Any:
    """The flags as xllamacpp's CommonParams."""
    kv_types = {str(kind.name).removeprefix("GGML_TYPE_").lower(): kind for kind in xllamacpp.ggml_type}
    attention = {
        "off": xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED,
        "on": xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED,
        "auto": xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_AUTO,
    }
    for kind in (flags.cache_type_k, flags.cache_type_v):
        if kind not in kv_types:
            sys.exit(f"error: invalid argument: cache type {kind}")
    given = xllamacpp.CommonParams()
    given.model.path = flags.model
    if flags.alias:
        given.model_alias = {flags.alias}
    given.hostnames = [flags.host]
    given.port = flags.port
    given.n_ctx = flags.ctx_size
    given.n_parallel = flags.parallel
    given.cpuparams.n_threads = flags.threads
    given.cpuparams_batch.n_threads = flags.threads_batch or flags.threads
    given.n_batch = flags.batch_size
    given.n_ubatch = flags.ubatch_size
    given.cache_type_k = kv_types[flags.cache_type_k]
    given.cache_type_v = kv_types[flags.cache_type_v]
    given.flash_attn_type = attention[flags.flash_attn]
    given.n_gpu_layers = flags.gpu_layers
    given.cache_ram_mib = flags.cache_ram
    given.cache_idle_slots = flags.cache_ram != 0
    given.cache_prompt = not flags.no_cache_prompt
    given.check_tensors = flags.check_tensors
    given.endpoint_metrics = flags.metrics
    given.verbosity = flags.verbosity
    given.chat_template = flags.chat_template
    if flags.chat_template_file:
        with open(flags.chat_template_file, encoding="utf-8") as file:  # noqa: PTH123
            given.chat_template = file.read()
    if key := os.environ.pop("LLAMA_API_KEY", ""):
        given.api_keys = [key]
    return given


def score_in_batches(flags: argparse.Namespace, given: Any, key: str) -> None:
    """Serve `batch_scoring` beside the server, with the same model and settings."""
    from importlib.util import module_from_spec, spec_from_file_location

    from xllamacpp import xllamacpp as extension

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "batch_scoring.py")  # noqa: PTH100, PTH118, PTH120
    spec = spec_from_file_location("batch_scoring", path)
    assert spec is not None and spec.loader is not None
    scoring = module_from_spec(spec)
    sys.modules["batch_scoring"] = scoring
    spec.loader.exec_module(scoring)
    context = flags.ctx_size // max(1, flags.parallel) or 4096

    def make() -> Any:
        return scoring.BatchScorer(
            extension.__file__,
            flags.model,
            context=context + 1024,
            threads=given.cpuparams.n_threads if given.cpuparams.n_threads > 0 else os.cpu_count() or 1,
            kinds=(int(given.cache_type_k), int(given.cache_type_v)),
            flash={"off": 0, "on": 1, "auto": -1}[flags.flash_attn],
        )

    scoring.serve_scores(flags.score_port, key, make)


def main() -> None:
    """Serve until ended."""
    parent = os.getppid()
    flags = parser().parse_args()
    import xllamacpp

    if flags.version:
        print(f"version: xllamacpp {xllamacpp.__version__}", file=sys.stderr)
        return
    if not flags.model:
        sys.exit("error: no model given")
    key = os.environ.get("LLAMA_API_KEY", "")
    try:
        given = parameters(flags, xllamacpp)
        server = xllamacpp.Server(given)
        if flags.score_port:
            score_in_batches(flags, given, key)
    except RuntimeError as error:
        sys.exit(f"error: {error}")
    print(f"listening on {server.listening_address}", flush=True)
    while os.getppid() == parent:
        time.sleep(1)


if __name__ == "__main__":
    main()
