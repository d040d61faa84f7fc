"""No attempt gets out of a box, whoever makes it; and each is one that would get out where there is none."""

import json
import platform
from pathlib import Path

import pytest

from evaluators.sandbox import bubblewrap
from evaluators.sandbox.choose_sandbox import sandbox_of_kind
from tests.sandbox.conftest import BWRAP, start_as
from tests.sandbox.escape_cases import CASES

SCRIPT = Path(__file__).parent / "run_escapes.py"
CONTAINED = Path(__file__).parent / "run_contained.py"
SHARED_BY_LANDLOCK = {"variables: the name of the host"}
"""Landlock has no namespace for it; its label says that the kernel is shared."""
GET_OUT_UNCONFINED = {
    "files: secret by its path",
    "files: secret by a symbolic link",
    "files: accounts of the host",
    "files: what happens in folders of the host",
    "variables: arguments of the host's processes",
    "variables: the name of the host",
    "sockets: TCP",
    "sockets: UDP",
    "sockets: a unix socket",
    "sockets: an abstract unix socket",
    "sockets: tables of the host's sockets",
    "shared: a POSIX segment of the host",
    "shared: a System V segment of the host",
    "processes: a signal to the host's process",
    "processes: a signal to the host's process by other calls",
    "processes: a signal by the owner of a descriptor",
    "processes: life after a double fork",
    "limits: memory without a mapping",
    "limits: memory in sockets",
    "kernel memory: a segment that outlives it",
    "user: all requests of the machine",
    "user: the priority of all that a user runs",
    "user: what happens in folders, by signals",
    "user: a lease that writers of a file wait for",
    "user: modes, times and attributes of the host's files",
    "user: flags of files",
    "user: a module of the kernel, by a line discipline",
    "siblings: files of another box",
    "siblings: a socket of another box",
    "siblings: processes of another box",
}
"""At least these must be seen where nothing holds them: else the attempts themselves do not work."""

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the attempts name system calls by number")


def outcome(ran) -> dict:
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


def got_out(result: dict) -> bool:
    return bool(result["out"] or result["alive"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "user"),
    [
        ("bwrap", "root"),
        pytest.param("bwrap", "nobody", marks=pytest.mark.long),
        pytest.param("nsjail", "root", marks=pytest.mark.long),
        pytest.param("landlock", "nobody", marks=pytest.mark.long),
    ],
)
def test_no_attempt_gets_out(kind: str, user: str) -> None:
    missing = sandbox_of_kind(kind).missing()
    if missing and "interpreter" not in missing:
        pytest.skip(missing)
    found = outcome(start_as(user, SCRIPT, kind))
    assert found["results"].keys() == CASES.keys()
    assert (found["uid"] == 0) == (user == "root")
    broken = {name: result["broken"] for name, result in found["results"].items() if "broken" in result}
    assert not broken
    escaped = {name: result for name, result in found["results"].items() if got_out(result)}
    assert escaped.keys() <= (SHARED_BY_LANDLOCK if kind == "landlock" else set()), escaped
    assert not found["touched"]
    assert not found["left"]
    # what would not end by itself was ended
    assert {found["results"][f"limits: {name}"]["ended_by"] for name in ("an endless loop", "an endless sleep")} == {
        "time"
    }
    assert found["results"]["limits: memory of many processes"]["ended_by"] in ("memory", "time")
    for name in ("much output", "much output by many processes"):
        assert found["results"][f"limits: {name}"]["ended_by"] == "output"


def test_no_attempt_on_files_and_sockets_gets_out_of_landlock() -> None:
    """What its rules themselves must hold; all attempts together take the patience of a `long` test."""
    missing = sandbox_of_kind("landlock").missing()
    if missing and "interpreter" not in missing:
        pytest.skip(missing)
    names = sorted(name for name in CASES if name.startswith(("files:", "sockets:", "processes:")))
    found = outcome(start_as("nobody", SCRIPT, "landlock", *names))
    assert found["results"].keys() == set(names)
    assert not [name for name, result in found["results"].items() if "broken" in result]
    escaped = {name: result for name, result in found["results"].items() if got_out(result)}
    assert escaped.keys() <= SHARED_BY_LANDLOCK, escaped
    assert not found["touched"] and not found["left"]


@pytest.mark.slow
def test_attempts_get_out_where_nothing_holds_them() -> None:
    """The control: no sandbox, but all of it within a container of its own, never on the machine itself."""
    if bubblewrap.program() is None:
        pytest.skip("needs bwrap for the container around the control")
    found = outcome(start_as("nobody", CONTAINED, BWRAP, *sorted(GET_OUT_UNCONFINED)))
    held = {name for name, result in found["results"].items() if not got_out(result)}
    told = {"udp": "sockets: UDP", "owner": "processes: a signal by the owner of a descriptor"}
    reached = {case for name, case in told.items() if name in found["touched"]}
    assert held - reached == set()


@pytest.mark.parametrize(("kind", "user"), [("bwrap", "root"), ("bwrap", "nobody"), ("landlock", "nobody")])
def test_ordinary_programs_run_all_the_same(kind: str, user: str) -> None:
    missing = sandbox_of_kind(kind).missing()
    if missing and "interpreter" not in missing:
        pytest.skip(missing)
    ended = outcome(start_as(user, SCRIPT.with_name("ordinary_uses.py"), kind))
    assert (ended["code"], ended["ended_by"]) == (0, None), ended
    assert sorted(ended["out"].split()) == ["done", "timer"]  # in whatever order the machine ran them
