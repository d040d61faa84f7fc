"""Scores of ours beside lm-eval's, for code tasks that lm-eval grades by other rules than the benchmark's authors.

MBPP+ (mbpp_plus, mbpp_plus_instruct): lm-eval runs the base tests of `test_list`; the plus tests lie in the data set's
`test`, with their imports in `test_imports`. A program that knows the base tests passes lm-eval's grading.
The same two and mbpp_instruct: the prompt opens a code block, and lm-eval takes the first word of an answer that goes
on in it (`def`, `import`) for the block's language, so that such answers fail.
CRUXEval: lm-eval strips quotes from the predicted output, so that no answer that is a text can be right, and looks for
the end of a predicted input without minding quotes. The authors' rule runs `assert OUTPUT == PREDICTION`, and refuses
an output that is the call itself and an input that is none.

Both scores are kept: lm-eval's under the task's own filter, ours under `plus`, `code` and `official`. A claim means
the latter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.code.code_tasks import CODE_EVAL
from evaluators.harness.requests import Item
from evaluators.harness.scoring import Scored, gravest
from evaluators.records import ItemStatus, Response
from evaluators.sandbox.run_program import TIME_LIMIT

Document = Mapping[str, Any]


@dataclass(frozen=True)
class OwnGrade:
    """One score beside lm-eval's."""

    metric: str
    filter: str
    program: Callable[[Document, str, str], str | None]
    """Of document, answer and what the task's own filter took of it: what to run; None: wrong without running."""
    seconds: float = TIME_LIMIT


def plus_program(document: Document, answer: str, candidate: str) -> str:
    """Candidate, imports of the tests, plus tests. Raises KeyError for a document without them."""
    return "\n".join([candidate, *document["test_imports"], document["test"]])


def plus_chat_program(document: Document, answer: str, candidate: str) -> str:
    """As `plus_program`, with the code that the answer really holds."""
    return plus_program(document, answer, code_of(answer))


def base_chat_program(document: Document, answer: str, candidate: str) -> str:
    """Code of the answer and the three base tests, as the task has them."""
    return "\n".join([code_of(answer), *document["test_list"][:3]])


FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+.-]*)[ \t]*\r?$", re.MULTILINE)
CODE_LINE = re.compile(r"^\s*(?:def |class |import \w|from [\w.]+ import |@\w)", re.MULTILINE)


def code_of(answer: str) -> str:
    """The first code block of an answer to a prompt that has opened one, or opens its own.

    A fence without a language closes the prompt's block if there is code before it; else it opens one.
    """
    fences = list(FENCE.finditer(answer))
    if not fences:
        return answer.replace("```", "\n")
    first = fences[0]
    if not first[1] and CODE_LINE.search(answer[: first.start()]):
        return answer[: first.start()]
    end = fences[1].start() if len(fences) > 1 else len(answer)
    return answer[first.end() : end]


def output_program(document: Document, answer: str, candidate: str) -> str | None:
    """CRUXEval-O: the function, and that its output is the predicted one."""
    predicted = _marked(answer)
    predicted = predicted.split("==")[1].strip() if "==" in predicted else predicted
    if f"f({document['input']})" in predicted:
        return None
    return f"{document['code']}\nassert {document['output']} == {predicted}"


def input_program(document: Document, answer: str, candidate: str) -> str | None:
    """CRUXEval-I: the function, and that the predicted call has the output."""
    predicted = _marked(answer)
    predicted = predicted.split("==")[0].strip() if "==" in predicted else predicted
    predicted = predicted.split("assert")[1].strip() if "assert" in predicted else predicted
    if "f(" not in predicted:
        return None
    return f"{document['code']}\nassert {document['output']} == {predicted}"


def _marked(answer: str) -> str:
    """What stands between the marks; the end mark is a stop string and mostly missing."""
    answer = answer.split("[ANSWER]")[1] if "[ANSWER]" in answer else answer
    return answer.split("[/ANSWER]")[0].strip()


PLUS_TIME_LIMIT = 10.0
"""Seconds for all plus tests of a program: there are a hundred times as many as base tests. EvalPlus gives each test
four times what the reference takes and 60 s at most in all."""

PLUS = OwnGrade("pass_at_1", "plus", plus_program, PLUS_TIME_LIMIT)
PLUS_CHAT = OwnGrade("pass_at_1", "plus", plus_chat_program, PLUS_TIME_LIMIT)
BASE_CHAT = OwnGrade("pass_at_1", "code", base_chat_program)
OUTPUT, INPUT = OwnGrade("pass@1", "official", output_program), OwnGrade("pass@1", "official", input_program)
OWN_GRADES: dict[str, OwnGrade] = {
    "mbpp_plus": PLUS,
    "mbpp_plus_instruct": PLUS_CHAT,
    "mbpp_instruct": BASE_CHAT,
    "cruxeval_input": INPUT,
    "cruxeval_input_cot": INPUT,
    "cruxeval_output": OUTPUT,
    "cruxeval_output_cot": OUTPUT,
}
"""By lm-eval task."""


def add_own_scores(
    scored: Scored, item: Item, document: Document, answers: Sequence[Response], repeats: int, together: bool
) -> None:
    """Enter our score of an item beside lm-eval's, if its task has one: the share of right answers in each turn."""
    grade = OWN_GRADES.get(item.task)
    if grade is None:
        return
    own = next(iter(scored.statuses))
    ordered = sorted(answers, key=lambda answer: answer.repeat)
    turns = [ordered] if together else [[answer] for answer in ordered]
    values: list[float | None] = []
    statuses: list[ItemStatus] = []
    for number, turn in enumerate(turns):
        status = gravest(turn)
        if status is ItemStatus.failed:
            values.append(None)
            statuses.append(status)
            continue
        candidate = scored.extracted[own][number] or ""
        programs = [grade.program(document, answer.text or "", candidate) for answer in turn]
        with CODE_EVAL.recording() as record:
            graded = CODE_EVAL.grade([program for program in programs if program is not None], grade.seconds)
        values.append(sum(program.result.passed for program in graded) / len(turn))
        statuses.append(ItemStatus.timed_out if status is ItemStatus.ok and record.timed_out else status)
    enter_own(scored, item.task, values, statuses, scored.extracted[own])


def enter_own(
    scored: Scored, task: str, values: list[float | None], statuses: list[ItemStatus], extracted: Sequence[str | None]
) -> None:
    """Put one value and status a turn under our filter."""
    grade = OWN_GRADES[task]
    scored.raw[(grade.metric, grade.filter)] = list(values)
    scored.statuses[grade.filter] = statuses
    scored.extracted[grade.filter] = list(extracted)
