"""Git repositories and SWE-bench rows from one YAML file: small repairs that fit on a page each.

    - name: demo__clamp        instance id
      problem: ...             what the agent is told
      file: bounds.py          the one file of the repository, besides its tests
      content: ...             how it should be
      good, bad: ...           a passage of it, and what stands in its place while the fault is there
      tests: {test_x: ...}     bodies of tests that pass before and after
      shows: {test_y: ...}     bodies of tests that only pass without the fault; the repository does not have them

The same text gives the same commits on every machine: author, date and file modes are fixed.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from evaluators.outside.harnesses.harness import HarnessMissing
from evaluators.safe_load import load_yaml
from evaluators.user_error import UserError

SOURCE = "repositories.yaml"
MOMENT = "2026-01-01T00:00:00Z"
PARSER = "parse_log_django"
"""swebench's parser of what unittest writes."""
EVAL_SCRIPT = """#!/bin/bash
set -uxo pipefail
cd /testbed
git checkout {commit} {test}
git apply -v - <<'EOF_114329324912'
{test_patch}
EOF_114329324912
: '>>>>> Start Test Output'
python3 -m unittest -v {module} 2>&1
: '>>>>> End Test Output'
git checkout {commit} {test}
"""
"""As swebench writes them, with unittest as the test command."""


def build_repositories(source: Path, parent: Path) -> Path:
    """The folder with `test.jsonl` and `repositories/`, made below `place` unless it is there. Its name is the hash of
    the source. Raises HarnessMissing without git."""
    git = shutil.which("git")
    if git is None:
        raise HarnessMissing(
            "the repositories of this benchmark are made with git, which is not installed; install git"
        )
    content = source.read_bytes()
    # the format is a part of what is made
    name = hashlib.sha256(content + EVAL_SCRIPT.encode() + MOMENT.encode()).hexdigest()[:16]
    folder = parent.absolute() / f"{source.parent.name}-{name}"
    if (folder / "test.jsonl").exists():
        return folder
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    rows = []
    for entry in load_yaml(content.decode(), source.name):
        commit = _repository(git, half / "repositories" / entry["name"], entry)
        rows.append(_row(entry, commit))
    (half / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    try:
        half.rename(folder)
    except OSError:
        shutil.rmtree(half, ignore_errors=True)  # another process was faster
    return folder


def _repository(git: str, folder: Path, entry: dict[str, Any]) -> str:
    """A repository with one commit. Returns its hash."""
    folder.mkdir(parents=True)
    (folder / entry["file"]).write_text(_before(entry), encoding="utf-8")
    (folder / f"test_{entry['file']}").write_text(_tests(entry, "tests"), encoding="utf-8")
    (folder / "README.md").write_text(f"# {entry['file'].removesuffix('.py')}\n", encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
    who = {"NAME": "Demo", "EMAIL": "demo@localhost", "DATE": MOMENT}
    environment = {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in who.items()}
    environment |= {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}

    def run(*words: str) -> str:
        done = subprocess.run([git, *words], cwd=folder, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    run("init", "--quiet", "--initial-branch", "main")
    run("add", "--all")
    run("commit", "--quiet", "--message", "Start")
    return run("rev-parse", "HEAD")


def _row(entry: dict[str, Any], commit: str) -> dict[str, Any]:
    """The row of an instance."""
    file, test = entry["file"], f"test_{entry['file']}"
    test_patch = _patch(test, _tests(entry, "tests"), _tests(entry, "tests", "shows"))
    script = EVAL_SCRIPT.format(
        commit=commit, test=test, test_patch=test_patch.rstrip("\n"), module=test.removesuffix(".py")
    )
    return {
        "repo": f"demo/{file.removesuffix('.py')}",
        "instance_id": entry["name"],
        "base_commit": commit,
        "patch": _patch(file, _before(entry), entry["content"]),
        "test_patch": test_patch,
        "problem_statement": entry["problem"],
        "hints_text": "",
        "created_at": MOMENT,
        "version": "1.0",
        "environment_setup_commit": commit,
        "FAIL_TO_PASS": json.dumps(_names(entry, "shows")),
        "PASS_TO_PASS": json.dumps(_names(entry, "tests")),
        "image": "",
        "eval_script": script,
        "log_parser": PARSER,
        "eval_type": "pass_and_fail",
    }


def _before(entry: dict[str, Any]) -> str:
    """The file with its fault."""
    content: str = entry["content"]
    if content.count(entry["good"]) != 1:
        raise UserError(f"{entry['name']}: `good` must stand in `content` exactly once; write a longer passage")
    return content.replace(entry["good"], entry["bad"])


def _tests(entry: dict[str, Any], *groups: str) -> str:
    """The file of tests with these groups of them."""
    lines = ["import unittest", "", f"from {entry['file'].removesuffix('.py')} import *", "", ""]
    lines.append("class Tests(unittest.TestCase):")
    for group in groups:
        for name, body in entry[group].items():
            lines += [f"    def {name}(self):", *(f"        {line}" for line in body.splitlines()), ""]
    return "\n".join(lines)


def _names(entry: dict[str, Any], group: str) -> list[str]:
    """Tests as unittest names them since Python 3.11: `test_x (test_file.Tests.test_x)`."""
    module = f"test_{entry['file']}".removesuffix(".py")
    return [f"{name} ({module}.Tests.{name})" for name in entry[group]]


def _patch(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return f"diff --git a/{name} b/{name}\n" + "".join(lines)
