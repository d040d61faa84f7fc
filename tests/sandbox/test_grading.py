"""One program in a box: what passes, and that nothing passes itself off."""

import pytest

from evaluators.sandbox.box import SandboxError
from evaluators.sandbox.choose_sandbox import choose_sandbox
from evaluators.sandbox.run_program import run_program

SEND_TO_ALL = """
import os
def to_all(*texts):
    for fd in range(256):
        for text in texts:
            try: os.write(fd, text)
            except OSError: pass
"""
FORGED = {
    "exit code 0": "import os; os._exit(0)",
    "an exit": "import sys; sys.exit(0)",
    "an exit in a thread": "import threading, os; threading.Thread(target=os._exit, args=(0,)).start()\nwhile 1: pass",
    "the word on every descriptor": SEND_TO_ALL + "to_all(b'\\npassed\\n', b'passed', b'\\npassed 0\\n'); os._exit(0)",
    "all that can be read, on every descriptor": SEND_TO_ALL
    + """
for fd in range(3, 256):
    try: data = os.read(fd, 4096)
    except OSError: continue
    to_all(b'\\npassed ' + data + b'\\n', b'\\npassed ' + data.hex().encode() + b'\\n', data)
os._exit(0)
""",
    "all that the frames hold": SEND_TO_ALL
    + """
import sys
frame = sys._getframe()
while frame:
    for value in [*frame.f_locals.values(), *frame.f_globals.values(), *frame.f_code.co_consts]:
        if isinstance(value, int): to_all(b'\\npassed %032x\\n' % abs(value))
        if isinstance(value, str): to_all(b'\\npassed ' + value.encode() + b'\\n')
        if isinstance(value, bytes): to_all(b'\\npassed ' + value + b'\\n')
    frame = frame.f_back
os._exit(0)
""",
    "all that the collector knows": SEND_TO_ALL
    + """
import gc
for thing in gc.get_objects():
    for value in gc.get_referents(thing):
        if type(value) is int and value > 1 << 64: to_all(b'\\npassed %032x\\n' % value)
        if type(value) is str and len(value) == 32: to_all(b'\\npassed ' + value.encode() + b'\\n')
os._exit(0)
""",
    "context managers that swallow": """
import contextlib
for name in ('redirect_stdout', 'redirect_stderr', '_RedirectStream', 'suppress'):
    getattr(contextlib, name).__exit__ = lambda *a: True
assert False
""",
    "functions of the grader changed": """
import builtins, json, os, signal, sys
for module in list(sys.modules.values()):
    for name in ('run_at_depth', 'exec', 'disable_functions', 'TimeoutException'):
        if hasattr(module, name): setattr(module, name, lambda *a: None)
builtins.exec = lambda *a: None
builtins.BaseException = ()
assert False
""",
    "a hook on the grader": """
import sys
def hook(frame, event, argument):
    frame.f_trace = hook
    return hook
sys.setprofile(hook); sys.settrace(hook)
assert False
""",
    "an error that cannot be shown": """
class E(BaseException):
    def __repr__(self): raise SystemExit(0)
    __str__ = __repr__
raise E
""",
    "an exception at the end of the process": "import atexit, os; atexit.register(os._exit, 0); assert False",
    "the alarm taken away": "import signal; signal.alarm(0); signal.setitimer(signal.ITIMER_REAL, 0)\nwhile 1: pass",
    "the alarm's error caught": "while 1:\n  try:\n    while 1: pass\n  except BaseException: pass",
    "a crash": "import ctypes; ctypes.string_at(0)",
    "a fork that goes on": "import ctypes\nif ctypes.CDLL(None).fork() == 0: raise SystemExit\nassert False",
    "standard input": "input()",
    "a closed result": "import os; os.closerange(0, 256)",
    "a result flooded": """
import os
for fd in range(3, 60):
    try:
        while 1: os.write(fd, b'x' * 9999)
    except OSError: pass
assert False
""",
    "a null byte": "x = 1\0",
    "a half character": "x = '\ud800'",
}
RIGHT = {
    "nothing": "",
    "a module": "import math, collections, itertools, re; assert math.pi > 3",
    "its own output": "print('failed'); import sys; sys.stdout.write('timed out')",
    "no main block": "if __name__ == '__main__': assert False",
    "a thread that runs on": "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
    "its own folder": "open('x', 'w').write('1'); assert open('x').read() == '1'",
}


@pytest.fixture(scope="module")
def sandbox():
    try:
        return choose_sandbox()
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("how", FORGED)
def test_nothing_passes_itself_off(sandbox, how: str) -> None:
    assert not run_program(sandbox, FORGED[how], seconds=1.0).passed


@pytest.mark.parametrize("what", RIGHT)
def test_right_programs_pass(sandbox, what: str) -> None:
    result = run_program(sandbox, RIGHT[what])
    assert result.passed, result


def test_the_end_is_named(sandbox) -> None:
    assert run_program(sandbox, "assert 0, 'why'").ended == "failed"
    assert "why" in run_program(sandbox, "assert 0, 'why'").why
    assert run_program(sandbox, "while 1: pass", seconds=0.5).ended == "timed out"
    assert run_program(sandbox, "import os; os._exit(0)").ended == "died"
