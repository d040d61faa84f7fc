"""The code in what a chat model wrote, and the program that tests it: for our chat formulations of code benchmarks.

lm-eval's own tasks are made for completion: their stop strings (a line with `def`) end a chat answer within its first
code block, and their filters put the prompt before what was written. In chat they score near 0 whatever a model can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.code.code_tasks import CODE_EVAL
from evaluators.code.own_grades import FENCE, PLUS_TIME_LIMIT, plus_program
from evaluators.sandbox.run_program import TIME_LIMIT

Document = Mapping[str, Any]


def code_blocks(answer: str) -> list[str]:
    """The fenced blocks of an answer, in order; one that is not closed ends with the answer."""
    fences = list(FENCE.finditer(answer))
    ends = [fence.start() for fence in fences[1::2]] + [len(answer)]
    return [answer[fence.end() : end] for fence, end in zip(fences[::2], ends, strict=False)]


def chosen_code(answer: str, name: str | None) -> str:
    """The first block that defines the function asked for, else the first block, else the whole answer."""
    blocks = code_blocks(answer)
    if name is not None:
        defining = re.compile(rf"^\s*(?:async\s+)?def\s+{re.escape(name)}\b", re.MULTILINE)
        blocks = [block for block in blocks if defining.search(block)] or blocks
    return blocks[0] if blocks else answer


def humaneval_chat_program(document: Document, answer: str) -> str:
    """Code and HumanEval's check. Before a whole function stands what the prompt has before it (imports, helpers);
    a bare body completes the prompt."""
    name, prompt = document["entry_point"], document["prompt"]
    code = chosen_code(answer, name)
    head = re.split(rf"^def\s+{re.escape(name)}\b", prompt, maxsplit=1, flags=re.MULTILINE)[0]
    whole = re.search(rf"^def\s+{re.escape(name)}\b", code, re.MULTILINE)
    return f"{head if whole else prompt}{code}\n{document['test']}\ncheck({name})"


def mbpp_chat_program(document: Document, answer: str) -> str:
    """Code and MBPP's three tests."""
    return "\n".join([chosen_code(answer, _tested(document)), *document["test_list"][:3]])


def mbpp_plus_chat_program(document: Document, answer: str) -> str:
    """Code and the plus tests."""
    return plus_program(document, answer, chosen_code(answer, _tested(document)))


def _tested(document: Document) -> str | None:
    """Name of the function that the first test calls; None where the test does not begin so."""
    match = re.match(r"\s*assert\s+(?:\w+\()*?(\w+)\(", str(document["test_list"][0]))
    return match[1] if match else None


def grade_humaneval(document: Document, results: Sequence[str]) -> dict[str, float]:
    """lm-eval's `process_results`."""
    return _grade(humaneval_chat_program(document, results[0]), TIME_LIMIT)


def grade_mbpp(document: Document, results: Sequence[str]) -> dict[str, float]:
    """lm-eval's `process_results`."""
    return _grade(mbpp_chat_program(document, results[0]), TIME_LIMIT)


def grade_mbpp_plus(document: Document, results: Sequence[str]) -> dict[str, float]:
    """lm-eval's `process_results`."""
    return _grade(mbpp_plus_chat_program(document, results[0]), PLUS_TIME_LIMIT)


def _grade(program: str, seconds: float) -> dict[str, float]:
    return {"pass@1": float(CODE_EVAL.passes(program, seconds))}
