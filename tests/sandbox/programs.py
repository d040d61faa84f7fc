"""The 1,716 programs on which grading must agree with `code_eval`: real ones, wrong ones and hostile ones."""

import gzip
import json
import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CLAIMCHECK_SHARED", ROOT.parent / "shared"))
HUMANEVAL = SHARED / "data" / "benchmarks" / "humaneval"
MBPP = SHARED / "data" / "benchmarks" / "mbpp" / "mbpp.jsonl"

HOSTILE = (
    "import sys; sys.exit(0)",
    "import os; os._exit(0)",
    "exit(0)",
    "input()",
    "import sys; sys.stdin.read()",
    "while True: pass",
    "try:\n    while True: pass\nexcept BaseException:\n    pass",
    "x = [0] * 10**10",
    "def f(n): return f(n + 1)\nf(0)",
    "import resource; resource.setrlimit(resource.RLIMIT_AS, (1, 1))",
    "import signal; signal.alarm(0); signal.setitimer(signal.ITIMER_REAL, 0)",
    "import os; os.kill(os.getpid(), 9)",
    "import os; os.system('true')",
    "import subprocess; subprocess.run(['true'])",
    "import shutil, os; shutil.rmtree(os.getcwd())",
    "raise SystemExit",
    "raise KeyboardInterrupt",
    "assert __name__ != '__main__'\nif __name__ == '__main__': raise ValueError",
)
"""Lines put before a right program: some of them spoil it, some do not."""


def lines(path: Path) -> list[dict]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def example_samples() -> list[str]:
    """The six sample answers that come with HumanEval, of which three are right (pass@1 0.5)."""
    problem = lines(HUMANEVAL / "example_problem.jsonl")[0]
    samples = lines(HUMANEVAL / "example_samples.jsonl")
    return [humaneval_program(problem, sample["completion"]) for sample in samples]


def humaneval_program(problem: dict, completion: str) -> str:
    return f"{problem['prompt']}{completion}\n{problem['test']}\ncheck({problem['entry_point']})"


def mbpp_program(problem: dict, code: str) -> str:
    """As lm-eval asks: candidate and tests; `test_setup_code` is not among them."""
    return f"{code}\n" + "\n".join(problem["test_list"])


def all_programs() -> dict[str, list[str]]:
    """By kind: 6, 164, 164, 164, 974 and 244 programs."""
    problems = lines(HUMANEVAL / "HumanEval.jsonl.gz")
    solved = [humaneval_program(problem, problem["canonical_solution"]) for problem in problems]
    tasks = lines(MBPP)
    return {
        "examples": example_samples(),
        "canonical": solved,
        "hostile": [f"{HOSTILE[number % len(HOSTILE)]}\n{program}" for number, program in enumerate(solved)],
        "swapped": [
            humaneval_program(problem, problems[(number + 1) % len(problems)]["canonical_solution"])
            for number, problem in enumerate(problems)
        ],
        "mbpp": [mbpp_program(task, task["code"]) for task in tasks],
        "mbpp swapped": [
            mbpp_program(tasks[4 * number], tasks[(4 * number + 1) % len(tasks)]["code"]) for number in range(244)
        ],
    }
