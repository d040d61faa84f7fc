"""Any file or folder of results -> its reader, told by content, not by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import LARGEST_DOCUMENT, LARGEST_LINE, MOST_FILES, json_document, yaml_document
from evaluators.outside.formats import (
    bfcl_scores,
    eval_ever_records,
    evalplus_grades,
    guidellm_reports,
    harbor_jobs,
    inspect_logs,
    livecodebench_grades,
    llama_bench_results,
    lm_eval_results,
    lm_eval_samples,
    mcpmark_runs,
    mini_swe_agent_runs,
    simple_evals_results,
    swebench_reports,
    tau2_simulations,
    terminal_bench_runs,
    vendor_item_grades,
    vllm_bench_results,
)  # fmt: skip
from evaluators.outside.outside_records import LeftOut, OutsideRun
from evaluators.user_error import UserError

Reader = Callable[[Path], OutsideRun]

OF_FOLDERS: tuple[tuple[Callable[[Path], bool], Reader], ...] = (
    (mini_swe_agent_runs.is_mini_swe_agent_folder, mini_swe_agent_runs.read_mini_swe_agent_run),
    (harbor_jobs.is_harbor_job, harbor_jobs.read_harbor_job),
    (mcpmark_runs.is_mcpmark_folder, mcpmark_runs.read_mcpmark_run),
    (terminal_bench_runs.is_terminal_bench_folder, terminal_bench_runs.read_terminal_bench_run),
    (bfcl_scores.is_bfcl_folder, bfcl_scores.read_bfcl_scores),
)
"""Formats that are a folder."""
OF_DOCUMENTS: tuple[tuple[Callable[[Any], bool], Reader], ...] = (
    (lm_eval_results.is_lm_eval_file, lm_eval_results.read_lm_eval_file),
    (eval_ever_records.is_eval_ever_file, eval_ever_records.read_eval_ever_file),
    (inspect_logs.is_inspect_header, inspect_logs.read_inspect_file),
    (swebench_reports.is_swebench_report, swebench_reports.read_swebench_report),
    (livecodebench_grades.is_livecodebench_grades, livecodebench_grades.read_livecodebench_grades),
    (tau2_simulations.is_tau2_file, tau2_simulations.read_tau2_simulations),
    (terminal_bench_runs.is_terminal_bench_run, terminal_bench_runs.read_terminal_bench_run),
    (evalplus_grades.is_evalplus_grades, evalplus_grades.read_evalplus_grades),
    (llama_bench_results.is_llama_bench, llama_bench_results.read_llama_bench_file),
    (vllm_bench_results.is_vllm_bench, vllm_bench_results.read_vllm_bench),
    (guidellm_reports.is_guidellm_report, guidellm_reports.read_guidellm_report),
    (mini_swe_agent_runs.is_trajectory, mini_swe_agent_runs.read_mini_swe_agent_run),
    (mini_swe_agent_runs.is_predictions, mini_swe_agent_runs.read_mini_swe_agent_run),
)
"""Formats that are one JSON (or YAML) file."""
OF_LINES: tuple[tuple[Callable[[Any], bool], Reader], ...] = (
    (lm_eval_samples.is_sample_row, lm_eval_samples.read_sample_file),
    (vendor_item_grades.is_vendor_row, vendor_item_grades.read_vendor_grades),
    (llama_bench_results.is_llama_bench, llama_bench_results.read_llama_bench_file),
    (vllm_bench_results.is_vllm_bench, vllm_bench_results.read_vllm_bench),
)
"""Formats that are JSON lines, told by their first line."""
OF_OTHERS = re.compile(r"results_.+\.json|samples_.+\.jsonl|.+\.eval|.+_eval_all\.json|.+_eval_results\.json")
"""Names of results that no format of folders uses."""
ENDINGS = (".json", ".jsonl", ".eval", ".yaml", ".yml", ".parquet", ".gzip")
PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")
"""Beginnings of packed files."""
KNOWN = (
    "lm-eval results, Inspect logs, Every Eval Ever records, SWE-bench reports, mini-swe-agent, Harbor, "
    "Terminal-Bench, MCPMark, LiveCodeBench, BFCL, tau2, EvalPlus, simple-evals, llama-bench, GuideLLM, "
    "vllm bench serve, Meta's evals"
)


def read_outside(path: Path) -> tuple[list[OutsideRun], list[LeftOut]]:
    """What a file or folder says, and which of a folder's files say nothing, with the reasons.

    Raises UserError if it is one file that cannot be read, or a folder without any that can.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist; check the path")
    if not path.is_dir():
        return [read_outside_file(path)], []
    runs, left = _folder(path, 0)
    if not runs:
        reason = f": {left[0].place}: {left[0].reason}" if left else ""
        raise UserError(f"{path} holds no results that are known{reason}; known are {KNOWN}")
    return runs, left


def read_outside_file(path: Path) -> OutsideRun:
    """What one file says. Raises UserError if it cannot be read."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise UserError(f"{path} is empty; write the results again")
    if start[:4] == b"PK\x03\x04" and inspect_logs.is_inspect_archive(path):
        return inspect_logs.read_inspect_file(path)
    if start[:4] == b"PAR1" and vendor_item_grades.is_vendor_parquet(path):
        return vendor_item_grades.read_vendor_grades(path)
    if start.startswith(PACKED):
        raise UserError(f"{path} is a packed file; unpack it and give the file or folder in it")
    first = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if first == b"{" and path.stat().st_size > LARGEST_DOCUMENT and _is_inspect(start):
        return inspect_logs.read_inspect_file(path)
    if first in (b"{", b"["):
        if (row := _first_line(path)) is not None:
            for matches, read in OF_LINES:
                if matches(row):
                    return read(path)
            if isinstance(row, dict):
                raise UserError(f"{path} is JSON lines of no known format ({_keys(row)}); known are {KNOWN}")
        return _of_document(path, json_document(path))
    if path.suffix in (".yaml", ".yml"):
        return _of_document(path, yaml_document(path))
    raise UserError(f"{path} is of no known format; known are {KNOWN}")


def _of_document(path: Path, content: Any) -> OutsideRun:
    for matches, read in OF_DOCUMENTS:
        if matches(content):
            return read(path)
    if simple_evals_results.is_simple_evals_result(content, path):
        return simple_evals_results.read_simple_evals_result(path)
    raise UserError(f"{path} is of no known format ({_keys(content)}); known are {KNOWN}")


def _keys(content: Any) -> str:
    """What a value holds, for a message."""
    return (
        ", ".join(str(key)[:30] for key in list(content)[:5]) if isinstance(content, dict) else type(content).__name__
    )


def _is_inspect(start: bytes) -> bool:
    return b'"status"' in start and b'"eval"' in start


def _first_line(path: Path) -> Any:
    """The value of the first line of a file with several; None where it is no JSON lines."""
    with path.open("rb") as file:
        first = file.readline(LARGEST_LINE)
        if not first.endswith(b"\n") or (not file.readline(LARGEST_LINE).strip() and path.suffix != ".jsonl"):
            return None
    try:
        return json.loads(first)
    except (ValueError, RecursionError):
        return None


def _folder(path: Path, depth: int) -> tuple[list[OutsideRun], list[LeftOut]]:
    runs: list[OutsideRun] = []
    left: list[LeftOut] = []
    for matches, read in OF_FOLDERS:
        if matches(path):
            return [run := read(path)], list(_beside(path, run.format))
    samples: list[Path] = []
    for place in _entries(path):
        if place.is_dir():
            if depth < 6:
                below, without = _folder(place, depth + 1)
                runs, left = runs + below, left + without
            continue
        if place.suffix not in ENDINGS or place.name.startswith("."):
            continue
        if place.name.startswith("samples_"):
            samples.append(place)
            continue
        try:
            runs.append(read_outside_file(place))
        except UserError as problem:
            left.append(LeftOut(place=str(place), reason=str(problem)))
    for place in samples:
        if not lm_eval_samples.belongs_to_results(place):
            try:
                runs.append(read_outside_file(place))
            except UserError as problem:
                left.append(LeftOut(place=str(place), reason=str(problem)))
    return runs, left


def _beside(path: Path, format: str) -> Iterator[LeftOut]:
    """Results of other programs below a folder that was read as one: they are named, not lost."""
    for count, place in enumerate(path.rglob("*")):
        if count > MOST_FILES:
            return
        if OF_OTHERS.fullmatch(place.name) and not place.is_symlink() and place.is_file():
            reason = f"it lies in a folder that was read as {format}; import it by itself"
            yield LeftOut(place=str(place), reason=reason)


def _entries(path: Path) -> Iterator[Path]:
    """What lies in a folder, in the order of names; links are not followed."""
    for count, place in enumerate(sorted(path.iterdir())):
        if count > MOST_FILES:
            raise UserError(f"{path} holds more than {MOST_FILES:,} files; give a smaller folder")
        if not place.is_symlink():
            yield place
