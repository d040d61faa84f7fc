"""Grading of LiveCodeBench answers: ours in boxes against LiveCodeBench's own `run_test`, answer for answer.

    pip download --no-deps nvidia-livecodebench && unzip nvidia_livecodebench-*.whl
    python -m tests.benchmarks.livecodebench_grading livecodebench/evaluation/testing_util.py

The programs are those of `livecodebench_programs.py`. LiveCodeBench's runner has no guard: it runs within one box.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from evaluators.sandbox.box import Box, BoxLimits, site_folders
from evaluators.sandbox.choose_sandbox import choose_sandbox
from evaluators.sandbox.execute import execute_program
from evaluators.sandbox.run_program import run_module
from tests.benchmarks.livecodebench_programs import PROBLEMS

SECONDS = 2
PEER = f"""
import json, multiprocessing, sys
sys.path.insert(0, "/peer")
import testing_util

def grade(sample, code, found):
    try:
        found.append([int(one) for one in testing_util.run_test(sample, test=code, timeout={SECONDS})[0]])
    except BaseException:
        found.append([-5])

passed = []
for sample, code in json.load(sys.stdin):
    with multiprocessing.Manager() as manager:
        found = manager.list()
        process = multiprocessing.Process(target=grade, args=(sample, code, found))
        process.start()
        process.join(60)
        process.kill()
        results = found[0] if len(found) else [-1]
    passed.append(results == [1] * len(json.loads(sample["input_output"])["inputs"]))
print(json.dumps(passed))
"""


def main() -> None:
    sandbox, sites = choose_sandbox(), site_folders()
    answers = [(tests, name, code) for tests, name, programs in PROBLEMS for code in programs]
    samples = []
    for tests, name, code in answers:
        content = {"inputs": [put for put, _ in tests], "outputs": [out for _, out in tests], "fn_name": name}
        samples.append(({"input_output": json.dumps(content)}, code))
    box = Box(
        readable={path: str(path) for path in sites} | {Path(sys.argv[1]).resolve(): "/peer/testing_util.py"},
        environment={"PYTHONPATH": ":".join(str(path) for path in sites)},
        limits=BoxLimits(seconds=1800, processes=256, cpu_seconds=3600, open_files=1024),
    )
    ended = execute_program(sandbox, box, (str(box.python), "-S", "-B", "-c", PEER), stdin=json.dumps(samples).encode())
    assert ended.code == 0, ended.stderr[-2000:]
    theirs = json.loads(ended.stdout.decode().strip().splitlines()[-1])
    differing = 0
    for (tests, name, code), other in zip(answers, theirs, strict=True):
        public = json.dumps([{"input": put, "output": out} for put, out in tests])
        order = {"code": code, "public": public, "private": "[]", "function": name}
        mine = run_module(sandbox, "livecodebench", order, seconds=SECONDS, whole=60)
        if mine.passed != other:
            differing += 1
            print(f"differs: LiveCodeBench {'passes' if other else 'fails'}, ours {mine}: {code!r}")
    print(f"{len(answers)} answers, {sum(theirs)} pass under LiveCodeBench's runner, {differing} differ")


if __name__ == "__main__":
    main()
