"""Model servers: a backend is one folder or file that knows all about itself, and one line in `registry`.

    registry     the backends by name; `open_server` starts or finds one
    backend      what a backend says of itself: format, programs, how to open it, how it is asked
    server       what a caller may ask of a server, and what a ready server offers
    local, process, supervisor, command_line    servers that we start ourselves
    remote, attached, ollama                    servers that somebody else runs
    replicas/    several servers of one model as one
    client, protocol, retry, select             requests in bulk: how, and what to do when they fail
    plain_http/  posts by plain HTTP at little cost
    openai_api/  completions, chat, sampling and streams of every OpenAI-like server
    llama_cpp/, vllm/, sglang/                  what is particular to each
    bounded_http                                short questions to a server that is not ours
    fingerprint                                 what a server whose weights nobody has seen answers to a few items
    placed_options                              the GPUs of a server, entered in its options
    reply_reader                                what a server sends, read as JSON that may be anything
    served_model                                watch whether all answers of a run come from one model
    server_environment                          the environment variables that a server may have

with open_server("llama.cpp", artifact, options, folder) as server:
    server.describe()
"""

from evaluators.backends.process import LOOPBACK, ServerProcess, free_port, port_is_free
from evaluators.backends.registry import open_server
from evaluators.backends.server import ModelServer, ServerOptions
from evaluators.hardware import read_hardware

__all__ = [
    "LOOPBACK",
    "ModelServer",
    "ServerOptions",
    "ServerProcess",
    "free_port",
    "open_server",
    "port_is_free",
    "read_hardware",
]
