"""SWE-bench reports: of the harness (schema 2), and the lists of older ones and of the experiments repository (1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import json_document, mapping, sequence, text, whole, yaml_document
from evaluators.outside.outside_records import LeftOut, OutsideItem, OutsideResult, OutsideRun
from evaluators.outside.redact import redacted_line
from evaluators.records import ItemStatus, Settings
from evaluators.user_error import UserError

SPLITS = {
    "verified": "SWE-bench Verified",
    "lite": "SWE-bench Lite",
    "test": "SWE-bench",
    "full": "SWE-bench",
    "multilingual": "SWE-bench Multilingual",
    "multimodal": "SWE-bench Multimodal",
    "mini": "SWE-bench Verified Mini",
}
"""Folder of a split in the experiments repository, and word in a run id -> name of the benchmark."""
OF_PYTHON = frozenset({"SWE-bench", "SWE-bench Lite", "SWE-bench Verified", "SWE-bench Verified Mini"})
SIZES = {500: "SWE-bench Verified", 2294: "SWE-bench"}
"""Splits that their size tells, where no instance is of another repository than these benchmarks have."""
INSTANCE = re.compile(r"[\w.-]+(?:__|/)[\w.-]+(?:-|:pr-)\d+")
"""Name of an instance, which begins with its repository."""
REPOSITORIES = re.compile(
    r"(?:astropy__astropy|django__django|matplotlib__matplotlib|mwaskom__seaborn|pallets__flask|psf__requests|"
    r"pydata__xarray|pylint-dev__pylint|pytest-dev__pytest|scikit-learn__scikit-learn|sphinx-doc__sphinx|"
    r"sympy__sympy)-\d+"
)
"""Instances of SWE-bench and its Lite and Verified; SWE-bench-Live, Multi-SWE-bench and others, some of the same size
and with the same reports, have others."""
PARTIAL = 0.02
"""Share of instances not submitted from which on a report is about a part of the split."""

MOST_ERRORS = 0.05
"""Share of instances that may end in an error; a patch that cannot be applied is one, as is an image that was not
built, and older reports do not tell which."""
OUT_OF_TIME = "tests_timed_out"
"""The harness's word for tests that were ended by its limit of time."""


def is_swebench_report(content: Any) -> bool:
    """Whether a JSON value is a report."""
    if not isinstance(content, dict):
        return False
    new = {"total_instances", "resolved_instances", "resolved_ids"} <= content.keys()
    return new or (isinstance(content.get("resolved"), list) and bool({"no_generation", "no_logs"} & content.keys()))


def read_swebench_report(path: Path) -> OutsideRun:
    """One report; beside the experiments' `results/results.json` its `metadata.yaml`.

    Raises UserError for another file.
    """
    content = json_document(path)
    if not is_swebench_report(content):
        raise UserError(f"{path} is no SWE-bench report; it needs resolved_ids and total_instances, or resolved")
    result = _schema_2(path, content) if "total_instances" in content else _schema_1(path, content)
    about = _metadata(path)
    scaffold = (
        redacted_line(", ".join(_words(mapping(about.get("tags")).get("agent")) or _words(about.get("name")))) or None
    )
    if scaffold:
        result = result.model_copy(update={"settings": result.settings.model_copy(update={"scaffold": scaffold})})
    left = []
    if result.score is None and result.right is None:
        left.append(LeftOut(place=str(path), reason="no instance has a grade"))
    return OutsideRun(
        format="SWE-bench report",
        path=str(path),
        harness="swebench",
        model=_model(path, content, about),
        scaffold=scaffold,
        results=(result,),
        left_out=tuple(left),
    )


def swebench_items(content: Mapping[str, Any]) -> tuple[OutsideItem, ...]:
    """One item an instance of a schema-2 report: resolved 1, unresolved 0, empty patch 0; those that the
    infrastructure failed, and those never submitted, without a score.

    An error is no grade, and the report does not tell whether the patch brought it about or the machine: it counts 0 as
    in the report, with a status that makes it a bound. So do failures that the harness itself calls ambiguous."""
    resolved, empty, infra, ambiguous, failed, submitted, known = (
        {str(instance) for instance in sequence(content.get(f"{name}_ids"))}
        for name in (
            "resolved",
            "empty_patch",
            "infra_failure",
            "ambiguous_failure",
            "error",
            "submitted",
            "incomplete",
        )
    )
    listed = resolved | empty | infra | ambiguous | failed | submitted | known
    listed |= {
        str(instance) for name in ("completed", "unresolved") for instance in sequence(content.get(f"{name}_ids"))
    }
    reasons = mapping(content.get("failure_reasons"))
    items = []
    for name in sorted(listed):
        score: float | None = 0.0
        status, error = ItemStatus.ok, redacted_line(reasons.get(name))
        if name in resolved:
            score = 1.0
        elif name in infra:
            score, status, error = None, ItemStatus.failed, error or "the harness's infrastructure failed"
        elif name in empty:
            status = ItemStatus.empty
        elif name in known and name not in submitted:
            score, status, error = None, ItemStatus.failed, "not submitted"
        elif name in failed or name in ambiguous:
            late = reasons.get(name) == OUT_OF_TIME
            status = ItemStatus.timed_out if late else ItemStatus.unextracted
            error = error or "the patch could not be tested"
        items.append(OutsideItem(id=name[:200], score=score, status=status, error=error))
    return tuple(items)


def _schema_2(path: Path, content: dict[str, Any]) -> OutsideResult:
    items = swebench_items(content)
    total, resolved = whole(content["total_instances"]), whole(content["resolved_instances"])
    submitted = whole(content.get("submitted_instances"))
    if not total or resolved is None or resolved > total:
        raise UserError(f"{path} counts {resolved} resolved of {total} instances; get the report again")
    limited = None
    if submitted is not None and submitted < total * (1 - PARTIAL):
        limited = f"{submitted:,} of {total:,} instances"
    names = _split(path, total, [item.id for item in items])
    infra = whole(content.get("infra_failure_instances")) or 0
    errors = whole(content.get("error_instances")) or 0
    untested = max(0, errors - infra)
    return OutsideResult(
        task=names or "SWE-bench report",
        names=(names,) if names else (),
        metric="resolved",
        score=resolved / total,
        count=submitted if submitted is not None else total,
        whole=total,
        limited=limited,
        settings=Settings(metric="resolved", repeats=1, subset=limited or "", harness="swebench"),
        items=items if len(items) == total else (),
        in_doubt=untested,
        doubts=(f"{untested:,} of {total:,} instances ended in an error without a grade: unresolved, or never tested",)
        if untested > MOST_ERRORS * total
        else (),
        evidence={
            "schema": str(content.get("schema_version") or 2)[:10],
            "infrastructure": f"{infra:,} instances failed by the infrastructure",
            **({} if len(items) == total else {"items": f"{len(items):,} of {total:,} instances are listed"}),
        },
    )


def _schema_1(path: Path, content: dict[str, Any]) -> OutsideResult:
    """Lists of instances by what became of them; unresolved ones are mostly not listed, so the split must be known."""
    name = _split(path, None, [str(instance) for instance in sequence(content["resolved"])])
    right = {str(instance) for instance in sequence(content["resolved"])}
    empty = {str(instance) for instance in sequence(content.get("no_generation"))} - right
    silent = {str(instance) for instance in sequence(content.get("no_logs"))} - right - empty
    items = [OutsideItem(id=instance[:200], score=1.0) for instance in sorted(right)]
    items += [OutsideItem(id=instance[:200], score=0.0, status=ItemStatus.empty) for instance in sorted(empty)]
    items += [
        OutsideItem(id=instance[:200], score=0.0, status=ItemStatus.unextracted, error="no log of the tests")
        for instance in sorted(silent)
    ]
    return OutsideResult(
        task=name or "SWE-bench report",
        names=(name,) if name else (),
        metric="resolved",
        score=None,
        right=len(right),
        in_doubt=len(silent),
        settings=Settings(metric="resolved", harness="swebench"),
        items=tuple(items),
        evidence={"schema": "1", "listed": f"{len(items):,} instances; the others are unresolved"},
    )


def _split(path: Path, total: int | None, instances: list[str]) -> str | None:
    """The split, by its folder in the experiments repository, by its size where the instances are of the twelve
    repositories, else by the path; none where the instances are not of the benchmark that these name."""
    for above, split in pairwise(path.parts):
        if above == "evaluation" and split in SPLITS:
            return SPLITS[split]
    others = any(INSTANCE.fullmatch(instance) and not REPOSITORIES.fullmatch(instance) for instance in instances)
    name = (None if others else SIZES.get(total or 0)) or _named(path)
    return name if not others or name not in OF_PYTHON else None


def _named(path: Path) -> str | None:
    """The split by the folder or file name."""
    for part in (*reversed(path.parts[:-1]), *re.split(r"[._-]", path.stem)):
        if part.casefold() in SPLITS:
            return SPLITS[part.casefold()]
    return None


def _metadata(path: Path) -> dict[str, Any]:
    for file in (path.parent / "metadata.yaml", path.parent.parent / "metadata.yaml"):
        if file.is_file():
            return mapping(yaml_document(file))
    return {}


def _words(value: Any) -> list[str]:
    return [str(word) for word in (value if isinstance(value, list) else [value]) if word not in (None, "", "-")]


def _model(path: Path, content: dict[str, Any], about: dict[str, Any]) -> str | None:
    """The model: of the metadata, else of the file name `<model>.<run id>.json`, where `__` stands for `/`."""
    tagged = _words(mapping(about.get("tags")).get("model"))
    if len(tagged) == 1:
        return tagged[0].removeprefix("https://huggingface.co/")
    if path.name in ("results.json", "report.json") or path.name.count(".") < 2:
        return text(about.get("name"))
    return path.name.rsplit(".", 2)[0].replace("__", "/")
