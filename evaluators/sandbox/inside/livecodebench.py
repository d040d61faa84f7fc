"""Run one answer to a LiveCodeBench problem against its tests, by LiveCodeBench's rules, within a box.

Standard input: by `marshal` a mapping of "code", "public" and "private" (tests as the data set holds them), "function"
(name, None for programs that read standard input), "seconds" (for each test), "sites", "share", "secret", "result". On
`result` goes `started`, then `passed PROOF`, `failed WHY` or `timed out`, as in `python_program`.

The private tests are a pickle from a public hub: it is opened here and nowhere else.
"""

from __future__ import annotations

import ast
import base64
import builtins
import io
import json
import marshal
import os
import pickle
import signal
import sys
import types
import zlib
from decimal import Decimal, InvalidOperation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMED = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random", "statistics"),
    *("itertools", "functools", "operator", "io", "sys", "json"),
)
PREAMBLE = "".join(
    [f"from {name} import *\n" for name in (*NAMED, "builtins", "typing")] + [f"import {name}\n" for name in NAMED]
)
PREAMBLE += "sys.setrecursionlimit(50000)\n"
"""What LiveCodeBench puts before every answer."""


class OutOfTime(Exception):
    """A test's time is over."""


def read_tests(public: str, private: str) -> list[dict[str, str]]:
    """Public and private tests: {"input", "output", "testtype"} each."""
    try:
        hidden = json.loads(private)
    except ValueError:
        hidden = json.loads(pickle.loads(zlib.decompress(base64.b64decode(private.encode()))))
    return [*json.loads(public), *hidden]


def as_function(code: str) -> str:
    """A program as the body of `wrapped_function`, its imports before it, its `__main__` block unwrapped."""
    tree = ast.parse(code)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.If) and ast.unparse(last.test).strip() == "__name__ == '__main__'":
        tree.body[-1:] = last.body
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    others: list[ast.stmt] = [node for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    function = ast.parse("def wrapped_function():\n    pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = others or function.body
    return PREAMBLE + ast.unparse(ast.Module([*imports, function], []))


def function_named(code: str, name: str) -> Any:
    """The function of this name, of the module or of its class Solution."""
    module = types.ModuleType("tmp_sol", "")
    exec(code, module.__dict__)
    holder = module.Solution() if "class Solution" in code else module
    return getattr(holder, name)


def call_with_input(function: Any, text: str) -> str:
    """What the function prints when it reads this text."""
    printed = io.StringIO()
    sys.stdin, sys.stdout = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"), printed
    try:
        function()
    except SystemExit:
        pass
    finally:
        sys.stdout = sys.stderr
    return printed.getvalue()


def same_output(printed: str, expected: str) -> bool:
    """Line by line without outer blanks; lines that differ must be the same numbers."""
    printed_lines, expected_lines = (
        [line.strip() for line in text.strip().split("\n")] for text in (printed, expected)
    )
    if len(printed_lines) != len(expected_lines):
        return False
    for printed_line, expected_line in zip(printed_lines, expected_lines, strict=True):
        if printed_line == expected_line:
            continue
        try:
            if [Decimal(word) for word in printed_line.split()] != [Decimal(word) for word in expected_line.split()]:
                return False
        except InvalidOperation:
            return False
    return True


def run_tests(code: str, tests: list[dict[str, str]], name: str | None, set_alarm: Any) -> str | None:
    """Why the answer fails; None if every test passes. `set_alarm`: called with True before and False after a test."""
    # a program may change what modules hold: from here on these are ours
    call, same, parse = call_with_input, same_output, json.loads
    set_alarm(True)
    source = as_function(code) if name is None else PREAMBLE + "\n\n" + code
    function = function_named(source, name or "wrapped_function")
    set_alarm(False)
    for number, test in enumerate(tests):
        set_alarm(True)
        if name is None:
            right = same(call(function, test["input"]), test["output"])
        else:
            returned = function(*[parse(line) for line in test["input"].split("\n")])
            returned = list(returned) if isinstance(returned, tuple) else returned
            right = bool(returned == parse(test["output"]))
        set_alarm(False)
        if not right:
            return f"test {number}: wrong answer"
    return None


def main() -> None:
    order = marshal.loads(sys.stdin.buffer.read())
    read, write, leave, result, secret = os.read, os.write, os._exit, order["result"], order["secret"]
    from_bytes, share, seconds = int.from_bytes, int(order["share"], 16), order["seconds"]
    set_timer, real = signal.setitimer, signal.ITIMER_REAL
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.path.extend(order["sites"])
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(50000)

    def out_of_time(number: int, frame: Any) -> None:
        raise OutOfTime

    signal.signal(signal.SIGALRM, out_of_time)
    # this interpreter has no site module, which makes them
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]
    try:
        tests = read_tests(order["public"], order["private"])
    except BaseException as error:
        write(result, b"unreadable " + repr(error)[:200].encode("ascii", "replace").replace(b"\n", b" ") + b"\n")
        leave(0)
    code, name = order["code"], order["function"]
    del order
    write(result, b"started\n")
    try:
        why = run_tests(code, tests, name, lambda on: set_timer(real, seconds if on else 0))
        if why is None:
            write(result, b"\npassed %032x\n" % (from_bytes(read(secret, 16), "big") ^ share))
        else:
            write(result, b"\nfailed " + why.encode() + b"\n")
    except OutOfTime:
        write(result, b"\ntimed out\n")
    except BaseException as error:
        set_timer(real, 0)
        try:
            text = repr(error)[:200].encode("ascii", "replace")
        except BaseException:
            text = b"?"
        write(result, b"\nfailed " + text.replace(b"\n", b" ") + b"\n")
    leave(0)
