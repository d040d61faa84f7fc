"""The GitHub Action: its scripts are valid, name commands that exist, and take the caller's words as variables only."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.cli.app import build_app
from tests.cli.test_documentation import commands

ACTION = Path(__file__).parents[2] / "deploy" / "github-action" / "action.yml"


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    return found


def test_its_scripts_are_valid_and_hold_no_words_of_the_caller(action: dict[str, Any]) -> None:
    known = {name.split()[1] for name, _ in commands(build_app())}
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert len(scripts) == 3
    for script in scripts:
        assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
        assert "${{" not in script
    said = set(re.findall(r"^\s*claimcheck (\S+)", "\n".join(scripts), re.M))
    assert said == {"verify", "report"} <= known


def test_every_input_is_used_and_explained(action: dict[str, Any]) -> None:
    steps = yaml.safe_dump(action["runs"])
    for name, about in action["inputs"].items():
        assert about["description"] and f"inputs.{name} " in steps, name
