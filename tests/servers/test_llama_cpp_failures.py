"""Every failed start of a real llama.cpp server ends in one line that says why, and leaves no process."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from evaluators.backends import ServerOptions
from evaluators.backends.llama_cpp.llama_server import LlamaCppServer
from evaluators.records import Artifact, UserError
from tests.servers.conftest import gguf_artifact, write_gguf

IMPOSTOR = """
exec {python} -c '
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = OPEN or not self.headers["Authorization"].endswith("wrong")
        self.send_response(200 if known or self.path == "/health" else 401)
        self.end_headers()
        self.wfile.write(json.dumps(PROPERTIES).encode())
HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
' "$@"
"""


def failure(artifact: Artifact, folder: Path, **options: object) -> str:
    """The one line with which a start fails."""
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(UserError) as problem, LlamaCppServer(artifact, ServerOptions(threads=1, **options), folder):
        pass
    assert set(psutil.Process().children(recursive=True)) == before
    assert "\n" not in str(problem.value)
    return str(problem.value)


def test_truncated_tensor_data(tiny_gguf: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.gguf"
    path.write_bytes(tiny_gguf.read_bytes()[:-30000])
    assert "truncated: tensor blk.0.ffn_down.weight" in failure(gguf_artifact(path), tmp_path)


def test_tensors_that_are_not_numbers(tmp_path: Path) -> None:
    path = tmp_path / "nan.gguf"
    write_gguf(path, spoiled=True)
    assert "blk.0.attn_k.weight holds NaN" in failure(gguf_artifact(path), tmp_path)


def test_port_in_use(tiny: Artifact, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} on 127.0.0.1 is in use" in failure(tiny, tmp_path, extra=("--port", str(port)))


def test_unknown_argument(tiny: Artifact, tmp_path: Path) -> None:
    assert "does not know the argument --frobnicate" in failure(tiny, tmp_path, extra=("--frobnicate",))


def test_address_space_limit(tiny: Artifact, tmp_path: Path, program: Callable[[str], str]) -> None:
    script = program('ulimit -v 400000\nexec {embedded} "$@"')
    # 500 threads of 8 MiB do not fit
    assert "no further thread or memory" in failure(tiny, tmp_path, executable=script, slots=500, context=256)


def test_program_that_only_fails(tiny: Artifact, tmp_path: Path, program: Callable[[str], str]) -> None:
    said = failure(tiny, tmp_path, executable=program("echo 'weird thing' >&2; exit 3"))
    assert "weird thing" in said and "exit code 3" in said


def test_killed_by_the_system(tiny: Artifact, tmp_path: Path, program: Callable[[str], str]) -> None:
    assert "most likely because memory ran out" in failure(tiny, tmp_path, executable=program("kill -9 $$"))


def test_log_that_cannot_be_written(tiny: Artifact, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "with its log in" in failure(tiny, tmp_path / "file")


def test_program_that_is_none(tiny: Artifact, tmp_path: Path) -> None:
    program = tmp_path / "llama-server"
    program.write_text("no program")
    program.chmod(0o755)
    assert "Exec format error" in failure(tiny, tmp_path, executable=str(program))


def test_another_model(tiny: Artifact, tmp_path: Path, program: Callable[[str], str]) -> None:
    write_gguf(tmp_path / "other.gguf")
    script = program(f'shift 2\nexec {{embedded}} --model {tmp_path}/other.gguf "$@"')
    assert "other.gguf instead of" in failure(tiny, tmp_path, executable=script)


@pytest.mark.parametrize(
    ("properties", "words"),
    [('{"role": "router", "model_path": "none"}', "without a model"), ('{"total_slots": 4}', "without a model")],
)
def test_router_mode(
    tiny: Artifact, tmp_path: Path, program: Callable[[str], str], properties: str, words: str
) -> None:
    script = IMPOSTOR.replace("PROPERTIES", properties).replace("OPEN", "False")
    assert words in failure(tiny, tmp_path, executable=script_of(program, script))


def test_a_server_that_is_not_ours(tiny: Artifact, tmp_path: Path, program: Callable[[str], str]) -> None:
    script = IMPOSTOR.replace("PROPERTIES", "{}").replace("OPEN", "True")
    assert "is not the llama-server that was started" in failure(tiny, tmp_path, executable=script_of(program, script))


def test_never_ready(tiny: Artifact, tmp_path: Path, program: Callable[[str], str]) -> None:
    said = failure(tiny, tmp_path, executable=program("exec sleep 60"), start_timeout=0.3)
    assert "not ready after 0.3 s" in said


def script_of(program: Callable[[str], str], text: str) -> str:
    """An executable from a text in which only {python} is a placeholder."""
    return program(text.replace("{", "{{").replace("}", "}}").replace("{{python}}", "{python}"))
