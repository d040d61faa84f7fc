"""A command in a box: what it sees, what it may use, and how a harness puts its own commands into one."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from evaluators.sandbox.box import Box, BoxLimits, Sandbox, SandboxError, interpreter
from evaluators.sandbox.choose_sandbox import choose_sandbox, kinds, sandbox_of_kind, try_sandbox
from evaluators.sandbox.enter import write_specification
from evaluators.sandbox.execute import execute_program
from evaluators.sandbox.seatbelt import profile
from evaluators.sandbox.seccomp_filter import seccomp_filter


@pytest.fixture(scope="module", params=["bwrap", "nsjail"])
def sandbox(request) -> Sandbox:
    tried = try_sandbox(request.param)
    if tried.missing:
        pytest.skip(tried.missing)
    assert tried.usable, tried.reason
    return tried.sandbox


def shell(sandbox: Sandbox, box: Box, script: str, **more) -> str:
    ended = execute_program(sandbox, box, ("/bin/sh", "-c", script), **more)
    assert ended.code == 0, (ended, script)
    return ended.stdout.decode()


def test_folders_variables_and_input(sandbox: Sandbox, tmp_path: Path) -> None:
    work, data = tmp_path / "work", tmp_path / "data"
    work.mkdir()
    data.mkdir()
    (work / "given").write_text("kept\n")
    (data / "secret").write_text("read only\n")
    box = Box(
        writable={work: "/tmp/work"}, readable={data: "/data"}, environment={"WORD": "a b"}, folder="/tmp/work",
        limits=BoxLimits(seconds=10),
    )  # fmt: skip
    script = "pwd; cat given; cat /data/secret; echo $WORD; cat; echo new > made; echo x > /data/x || true"
    assert shell(sandbox, box, script, stdin=b"typed\n") == "/tmp/work\nkept\nread only\na b\ntyped\n"
    # a second box goes on where the first left off, and what was made is there for the host
    assert shell(sandbox, box, "cat made; echo more >> made; rm given") == "new\n"
    assert (work / "made").read_text() == "new\nmore\n"
    assert sorted(path.name for path in work.iterdir()) == ["made"]
    assert [path.name for path in data.iterdir()] == ["secret"]


@pytest.mark.parametrize("parent", ["/tmp", "/dev/shm"])
def test_an_interpreter_below_a_folder_that_boxes_have_for_themselves(sandbox: Sandbox, parent: str) -> None:
    folder = Path(tempfile.mkdtemp(dir=parent))
    folder.chmod(0o755)
    try:
        library = Path(os.__file__).parent
        left_out = shutil.ignore_patterns("*-packages", "test", "idlelib", "tkinter", "ensurepip", "__pycache__")
        copied = folder / library.relative_to(sys.base_prefix)
        shutil.copytree(library, copied, ignore=left_out)
        for shared in Path(sys.base_prefix, "lib").glob("libpython*.so*"):
            shutil.copy(shared, folder / "lib")
        python = folder / "bin" / interpreter().name
        python.parent.mkdir()
        shutil.copy(interpreter(), python)
        box = Box(python=python, limits=BoxLimits(seconds=20))
        code = "import os, json; print(json.dumps(os.__file__)); open('/tmp/made', 'w')"
        ended = execute_program(sandbox, box, (str(python), "-I", "-S", "-c", code))
        assert (ended.code, ended.stdout.decode()) == (0, f'"{copied / "os.py"}"\n'), ended
    finally:
        shutil.rmtree(folder)


def test_exit_codes_and_missing_commands(sandbox: Sandbox) -> None:
    box = Box(limits=BoxLimits(seconds=10))
    assert execute_program(sandbox, box, ("/bin/sh", "-c", "exit 7")).code == 7
    ended = execute_program(sandbox, box, ("no-such-command",))
    assert ended.code == 127
    assert b"no-such-command" in ended.stderr


def test_memory_of_all_processes_together(sandbox: Sandbox) -> None:
    """Each keeps within the limit of one process; together they do not."""
    code = "import os, time\nfor _ in range(3): os.fork()\nb = b'x' * (64 << 20)\ntime.sleep(300)"
    box = Box(limits=BoxLimits(seconds=120, process_memory=512 << 20, memory=256 << 20))
    ended = execute_program(sandbox, box, (str(box.python), "-I", "-S", "-c", code))
    assert (ended.ended_by, ended.code) == ("memory", None)


def test_a_harness_puts_its_commands_into_boxes(sandbox: Sandbox, tmp_path: Path) -> None:
    """As mini-swe-agent does: its own options behind `wrapper_args`, and its own environment around it."""
    box = Box(limits=BoxLimits(seconds=10))
    prefix = write_specification(tmp_path / "box.json", sandbox, box)
    work = tmp_path / "work"
    work.mkdir()
    options = ("--bind", str(work), str(work), "--chdir", str(work), "--setenv", "PAGER", "cat")
    script = "echo $PAGER $API_KEY; pwd; id -u; echo done > file; exit 3"
    ran = subprocess.run(
        [*prefix, *options, "bash", "-c", script],
        capture_output=True,
        text=True,
        env=os.environ | {"API_KEY": "secret"},
    )
    assert ran.returncode == 3, ran.stderr
    pager, folder, uid = ran.stdout.splitlines()
    assert (pager, folder) == ("cat", str(work))
    assert uid != "0"
    assert (work / "file").read_text() == "done\n"


def test_time_of_a_harness_command(sandbox: Sandbox, tmp_path: Path) -> None:
    prefix = write_specification(tmp_path / "box.json", sandbox, Box(limits=BoxLimits(seconds=0.5)))
    ran = subprocess.run([*prefix, "sleep", "60"], capture_output=True, text=True)
    assert ran.returncode == 124
    wrong = subprocess.run([*prefix, "--unknown", "sleep"], capture_output=True, text=True)
    assert wrong.returncode == 125
    assert "--unknown" in wrong.stderr


def test_choice_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxError, match="macOS only"):
        choose_sandbox("seatbelt")
    with pytest.raises(SandboxError, match="no sandbox is called jail"):
        choose_sandbox("jail")
    assert "none" not in kinds()
    assert choose_sandbox("none").kind == "none"


def test_a_box_that_cannot_be_made_is_no_answer() -> None:
    """A sandbox that fails its self-test is not used, whatever the reason."""
    from evaluators.sandbox.self_test import self_test

    class Broken(type(sandbox_of_kind("none"))):  # type: ignore[misc]
        def invocation(self, box, command, *, descriptors=()):
            made = super().invocation(box, command, descriptors=descriptors)
            return replace(made, argv=("/bin/false",))

    results = self_test(Broken())
    assert results and not any(result.held for result in results)


def test_filters_are_whole_programs() -> None:
    for machine in ("x86_64", "aarch64"):
        code = seccomp_filter(machine=machine, keep_files=True)
        assert len(code) > len(seccomp_filter(machine=machine))
        assert len(code) % 8 == 0
        assert len(code) // 8 < 4096
    with pytest.raises(ValueError, match="riscv"):
        seccomp_filter(machine="riscv")


def test_programs_that_size_their_buffers_run_all_the_same() -> None:
    code = """
import asyncio, socket
a, b = socket.socketpair()
a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
a.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
assert a.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
assert a.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) < 1 << 20
a.send(b"x"); print(b.recv(1), asyncio.run(asyncio.sleep(0, "done")))
"""
    box = Box()
    ended = execute_program(sandbox_of_kind("bwrap"), box, (str(box.python), "-I", "-S", "-c", code))
    assert (ended.stdout, ended.code) == (b"b'x' done\n", 0), ended.stderr


def test_seatbelt_rules_quote_paths() -> None:
    rules = profile(Box(readable={Path('/a"b'): '/a"b'}), Path("/scratch"))
    assert rules.startswith("(version 1)\n(deny default)")
    assert '"/a\\"b"' in rules
    assert "network" not in rules
