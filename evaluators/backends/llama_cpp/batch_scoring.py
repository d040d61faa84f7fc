"""Log-likelihoods of continuations in one batch, by the llama.cpp inside `xllamacpp`, beside its server.

llama-server tells probabilities of generated tokens only, one decoding step a token. The library in the same package
gives the logits of every token of a batch: all choices of an item in one pass, what they share computed once. Its
functions are called as `llama.h` has them. The layout of its settings changes between versions, so it is found by the
defaults that the library itself gives; where they are not as expected, there is no scorer, and the server is asked
token by token.

Loaded by `embedded.py` from its path: it needs numpy, and nothing of this project.
"""

from __future__ import annotations

import ctypes
import json
import struct
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BATCH = 2048
"""Tokens of one pass of the context."""
PASS = 16
"""Tokens of one pass of the continuations. Kernels for 32 tokens and more round otherwise than those for few, by a
tenth of a quantized token's log-probability; in passes of so many the sums are those of token by token, and nothing is
lost: on a processor a token costs the same from eight on."""
SEQUENCES = 64
"""Choices of an item."""
HEAD = struct.Struct("<14i6f")
"""Numbers at the head of llama_context_params: sizes and threads, then kinds of context, rope, pooling, attention."""
DEFAULTS = {0: 512, 1: 2048, 2: 512, 3: 1, 4: 0, 5: 0, 6: 1, 9: 0, 10: -1, 11: -1, 12: -1, 13: -1}
"""Values of the head in a library whose layout is the known one; 7 and 8 are the threads."""
N_CTX, N_BATCH, N_UBATCH, N_SEQ, THREADS, THREADS_BATCH, FLASH = 0, 1, 2, 3, 7, 8, 13
TYPES = 104
"""Place of the types of keys and values, whose default is f16 (1)."""
SWITCHES = bytes([0, 1, 1, 1, 1, 0])
"""embeddings, offload_kqv, no_perf, op_offload, swa_full, kv_unified as they stand by default."""
SIZE = 1024
"""Bytes kept for a structure of settings: more than any version has."""


class Unavailable(Exception):
    """This library cannot be used in this way."""


class ParameterBlock(ctypes.Structure):
    """Settings of a model or context, passed by value; read and written by place."""

    _fields_ = [("raw", ctypes.c_ubyte * SIZE)]


class TokenBatch(ctypes.Structure):
    """llama_batch."""

    _fields_ = [
        ("n_tokens", ctypes.c_int32),
        ("token", ctypes.POINTER(ctypes.c_int32)),
        ("embd", ctypes.c_void_p),
        ("pos", ctypes.POINTER(ctypes.c_int32)),
        ("n_seq_id", ctypes.POINTER(ctypes.c_int32)),
        ("seq_id", ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
        ("logits", ctypes.POINTER(ctypes.c_int8)),
    ]


def open_llama_library(path: str) -> Any:
    """The llama.cpp of a shared object with the functions' types set. Raises Unavailable where one is missing."""
    pointer, number = ctypes.c_void_p, ctypes.c_int32
    types: dict[str, tuple[Any, list[Any]]] = {
        "llama_model_default_params": (ParameterBlock, []),
        "llama_context_default_params": (ParameterBlock, []),
        "llama_model_load_from_file": (pointer, [ctypes.c_char_p, ParameterBlock]),
        "llama_init_from_model": (pointer, [pointer, ParameterBlock]),
        "llama_get_memory": (pointer, [pointer]),
        "llama_memory_clear": (None, [pointer, ctypes.c_bool]),
        "llama_batch_init": (TokenBatch, [number, number, number]),
        "llama_decode": (number, [pointer, TokenBatch]),
        "llama_get_logits_ith": (ctypes.POINTER(ctypes.c_float), [pointer, number]),
        "llama_model_get_vocab": (pointer, [pointer]),
        "llama_vocab_n_tokens": (number, [pointer]),
        "llama_n_ctx": (ctypes.c_uint32, [pointer]),
    }
    try:
        library = ctypes.CDLL(path)
        for name, (result, arguments) in types.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise Unavailable(str(error)) from None
    return library


def context_settings(library: Any, *, context: int, threads: int, kinds: tuple[int, int], flash: int) -> ParameterBlock:
    """Settings of a context in which sequences share what they have in common. kinds: ggml types of keys and values.
    Raises Unavailable for a library whose defaults do not lie where they are expected."""
    block: ParameterBlock = library.llama_context_default_params()
    raw = bytes(block.raw)
    head = list(HEAD.unpack_from(raw))
    switches = raw.find(SWITCHES, TYPES + 8, TYPES + 96)
    if any(head[at] != value for at, value in DEFAULTS.items()) or head[THREADS] != head[THREADS_BATCH]:
        raise Unavailable("the head of its settings is another one")
    if struct.unpack_from("<2i", raw, TYPES) != (1, 1) or switches < 0 or raw.find(SWITCHES, switches + 1, SIZE) >= 0:
        raise Unavailable("the rest of its settings is another one")
    head[N_CTX], head[N_BATCH], head[N_UBATCH], head[N_SEQ] = context, BATCH, min(512, BATCH), SEQUENCES
    head[THREADS] = head[THREADS_BATCH] = threads
    head[FLASH] = flash
    struct.pack_into("<2i", block.raw, TYPES, *kinds)
    HEAD.pack_into(block.raw, 0, *head)
    block.raw[switches + len(SWITCHES) - 1] = 1
    return block


class TokenNode:
    """A token of the continuations, shared by those that agree up to it."""

    def __init__(self) -> None:
        self.children: dict[int, TokenNode] = {}
        self.choices: list[int] = []
        """Numbers of the continuations that go through it."""


class BatchScorer:
    """One model in memory; the weights' file is mapped, so that the server's pages are used again."""

    def __init__(self, path: str, model: str, **settings: Any) -> None:
        """path: of the shared object. model: of the GGUF file. settings: as for `context_settings`. Raises
        Unavailable."""
        self._library = library = open_llama_library(path)
        loaded = library.llama_model_load_from_file(model.encode(), library.llama_model_default_params())
        if not loaded:
            raise Unavailable("the model cannot be loaded a second time")
        self._context = library.llama_init_from_model(loaded, context_settings(library, **settings))
        if not self._context:
            raise Unavailable("there is no memory for a second context")
        self._batch = library.llama_batch_init(BATCH, 0, SEQUENCES)
        if self._batch.n_tokens or self._batch.embd or not self._batch.token or not self._batch.logits:
            raise Unavailable("its batch is another one")
        self._memory = library.llama_get_memory(self._context)
        self.vocabulary: int = library.llama_vocab_n_tokens(library.llama_model_get_vocab(loaded))
        self.room = min(int(library.llama_n_ctx(self._context)), settings["context"])
        self._lock = threading.Lock()

    def score(self, context: Sequence[int], continuations: Sequence[Sequence[int]]) -> list[tuple[float, bool]] | None:
        """(sum of log-probabilities, whether every token is the likeliest) of each continuation, none of them empty;
        None for what has no room. context: at least one token."""
        tokens = len(context) + sum(map(len, continuations))
        if not context or not all(continuations) or len(continuations) > SEQUENCES or tokens > self.room:
            return None
        if not all(0 <= token < self.vocabulary for part in (context, *continuations) for token in part):
            return None
        root = TokenNode()
        for number, continuation in enumerate(continuations):
            node = root
            node.choices.append(number)
            for token in continuation:
                node = node.children.setdefault(token, TokenNode())
                node.choices.append(number)
        with self._lock:
            self._library.llama_memory_clear(self._memory, True)
            return self._walk(context, root, len(continuations))

    def _walk(self, context: Sequence[int], root: TokenNode, count: int) -> list[tuple[float, bool]]:
        """Run the context and the tree, parents before children, and add up."""
        sums, greedy = [0.0] * count, [True] * count
        pending: list[tuple[int, TokenNode]] = []
        """Rows of the pass that is being filled whose logits are wanted, with the node that follows them."""

        def run() -> None:
            if self._batch.n_tokens and (code := self._library.llama_decode(self._context, self._batch)):
                raise RuntimeError(f"llama_decode gives {code}")
            for row, node in pending:
                for token, logprob, best in self._read(row, list(node.children)):
                    for number in node.children[token].choices:
                        sums[number] += logprob
                        greedy[number] &= best
            self._batch.n_tokens = 0
            pending.clear()

        def add(token: int, position: int, node: TokenNode | None, choices: list[int], most: int = PASS) -> None:
            if self._batch.n_tokens == most:
                run()
            row, wanted = self._batch.n_tokens, node is not None and bool(node.children)
            self._batch.token[row], self._batch.pos[row] = token, position
            self._batch.n_seq_id[row] = len(choices)
            for index, number in enumerate(choices):
                self._batch.seq_id[row][index] = number
            self._batch.logits[row] = wanted
            self._batch.n_tokens += 1
            if wanted and node is not None:
                pending.append((row, node))

        self._batch.n_tokens = 0
        for position, token in enumerate(context):
            add(token, position, root if position == len(context) - 1 else None, root.choices, BATCH)
        run()
        level = [root]
        depth = len(context)
        while level:
            below = []
            for parent in level:
                for token, node in parent.children.items():
                    if node.children:  # nothing hangs on what comes after a last token
                        add(token, depth, node, node.choices)
                        below.append(node)
            level, depth = below, depth + 1
        run()
        return list(zip(sums, greedy, strict=True))

    def _read(self, row: int, tokens: Sequence[int]) -> list[tuple[int, float, bool]]:
        """Log-probability of tokens at a row, and whether they are the likeliest."""
        import numpy

        pointer = self._library.llama_get_logits_ith(self._context, row)
        logits = numpy.ctypeslib.as_array(pointer, (self.vocabulary,))
        best = int(logits.argmax())
        top = float(logits[best])
        total = top + float(numpy.log(numpy.exp(logits - logits[best]).sum(dtype=numpy.float64)))
        return [(token, float(logits[token]) - total, token == best) for token in tokens]


def serve_scores(port: int, key: str, make: Any) -> ThreadingHTTPServer:
    """Answer `POST /score {"context": [...], "continuations": [[...], ...]}` on loopback, in threads.

    make: gives the Scorer, asked with the first request. 200 with `scores`, 413 for what has no room, 501 where there
    is no scorer."""
    made: list[BatchScorer | None] = []
    making = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Nothing: a run asks thousands of times."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != f"Bearer {key}":
                return self._send(401, {"error": "wrong key"})
            with making:
                if not made:
                    try:
                        made.append(make())
                    except Unavailable as error:
                        print(f"no scoring in batches: {error}", flush=True)
                        made.append(None)
            if made[0] is None:
                return self._send(501, {"error": "no scorer"})
            try:
                asked = json.loads(body)
                scores = made[0].score(asked["context"], asked["continuations"])
            except (ValueError, KeyError, TypeError) as error:
                return self._send(400, {"error": str(error)})
            except RuntimeError as error:
                return self._send(500, {"error": str(error)})
            return self._send(413, {"error": "no room"}) if scores is None else self._send(200, {"scores": scores})

        def _send(self, status: int, content: object) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
