"""BFCL v4 by bfcl-eval: one request an item, or several turns with functions that the package itself carries out.

The package brings its data. Its environment is made without its dependencies (torch and the clients of twenty vendors,
5.9 GB) but for those that a server with an OpenAI interface needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from evaluators.outside.bounded_reading import json_lines
from evaluators.outside.formats.agents.bfcl_scores import graded_items
from evaluators.outside.harnesses.harness import Control, Endpoint, HarnessSetup, Need, Scaffold, Step
from evaluators.outside.harnesses.harness_environment import harness_environment
from evaluators.outside.outside_records import OutsideItem
from evaluators.user_error import UserError

VERSION = "2026.3.23"
LIGHT = (
    "beautifulsoup4==4.15.0", "filelock==3.20.0", "html2text==2025.4.15", "huggingface-hub==2.4.0", "mpmath==1.3.0",
    "networkx==3.3", "numpy==1.26.4", "openai==3.57.0", "overrides==7.7.0", "pandas==3.0.6", "pydantic==2.14.4",
    "python-dotenv==1.2.4", "rank-bm25==0.2.2", "requests==2.34.2", "setuptools==84.2.1", "tabulate==0.10.0",
    "tenacity==9.2.1", "tqdm==4.70.1", "tree-sitter==0.21.3", "tree-sitter-java==0.21.0",
    "tree-sitter-javascript==0.21.4", "typer==0.29.2",
)  # fmt: skip
"""Of the package's dependencies those that are imported here."""
DRIVER = Path(__file__).with_name("bfcl_driver.py")
START_SECONDS = 120.0
TURNS = 20
"""bfcl-eval's own limit of steps a turn (MAXIMUM_STEP_LIMIT)."""
TEMPERATURE = 0.001
"""bfcl-eval's own."""


class Bfcl:
    """See `Harness`. The entry's `task` names the categories, separated by commas."""

    name, version = "bfcl-eval", VERSION
    needs: tuple[Need, ...] = ("tool_calls",)
    least_batch = 64
    """The program takes longer to start than a request."""

    def __init__(self, setup: HarnessSetup) -> None:
        """Raises UserError where the environment cannot be had."""
        self.setup = setup
        self.categories = tuple((setup.benchmark.task or "").split(","))
        self.environment = harness_environment(
            setup.home, self.name, VERSION, LIGHT, without_dependencies=(f"bfcl-eval=={VERSION}",)
        )

    @cached_property
    def data(self) -> Path:
        """The package's own."""
        folder = next(self.environment.programs.parent.glob("lib/python3*/site-packages/bfcl_eval/data"), None)
        if folder is None:
            raise UserError(f"{self.environment.programs.parent} lacks bfcl_eval; remove the folder and run again")
        return folder

    @cached_property
    def category_of(self) -> dict[str, str]:
        """Category by id."""
        return {
            str(row["id"]): category
            for category in self.categories
            for _, row in json_lines(self.data / f"BFCL_v4_{category}.json")
        }

    def items(self) -> tuple[str, ...]:
        """Ids, category by category."""
        return tuple(self.category_of)

    def data_version(self) -> str:
        """Hash of questions and answers."""
        digest = hashlib.sha256()
        for category in self.categories:
            for parent in (self.data, self.data / "possible_answer"):
                path = parent / f"BFCL_v4_{category}.json"
                digest.update(path.read_bytes() if path.exists() else b"none")
        return f"sha256:{digest.hexdigest()}"

    def sandbox(self) -> str | None:
        """Functions are the package's own; no code of the model runs."""
        return None

    def scaffold(self) -> Scaffold:
        """bfcl-eval with function calling through the chat route."""
        config = json.dumps([DRIVER.read_text(encoding="utf-8"), self.categories, self._temperature])
        return Scaffold(
            harness=self.name,
            version=VERSION,
            lock=self.environment.lock,
            agent="function calling",
            config="openai_completion",
            config_sha256=hashlib.sha256(config.encode()).hexdigest(),
            tools="functions of the item",
            turns=TURNS if any(name.startswith("multi_turn") for name in self.categories) else None,
        )

    def controls(self, folder: Path, ids: Sequence[str], idle: Endpoint) -> tuple[Control, ...]:
        """The package's own answers must be right. What a model gets that calls nothing is the chance: all of the items
        that no function fits."""
        gold, nothing = folder / "gold", folder / "nothing"
        return (
            Control("gold", gold, (self._step(gold, ids, None),), 1.0),
            Control("nothing", nothing, (self._step(nothing, ids, idle),), None, each_item=False),
        )

    def batch(self, folder: Path, ids: Sequence[str], endpoint: Endpoint) -> tuple[Step, ...]:
        """The driver on these items."""
        return (self._step(folder, ids, endpoint),)

    def read(self, folder: Path) -> Iterator[OutsideItem]:
        """Results with grades."""
        return graded_items(folder)

    @property
    def _temperature(self) -> float:
        return TEMPERATURE if self.setup.temperature is None else self.setup.temperature

    def _step(self, folder: Path, ids: Sequence[str], endpoint: Endpoint | None) -> Step:
        """endpoint: None for the gold answers."""
        folder.mkdir(parents=True, exist_ok=True)
        threads = endpoint.slots if endpoint else 1
        order = {
            "ids": {name: [item for item in ids if self.category_of[item] == name] for name in self.categories},
            "model": endpoint.model if endpoint else "gold",
            "threads": threads,
            "temperature": self._temperature,
            "mode": "ask" if endpoint else "gold",
        }
        (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
        variables = {
            "BFCL_PROJECT_ROOT": str(folder.absolute()),
            "OPENAI_BASE_URL": endpoint.url if endpoint else "http://127.0.0.1:9/v1",
            "OPENAI_API_KEY": "none",
        }
        seconds = START_SECONDS + self.setup.limits.seconds * -(-len(ids) // max(1, threads))
        key = ("OPENAI_API_KEY",) if endpoint else ()
        return Step((str(self.environment.python), "-I", str(DRIVER), "order.json"), seconds, variables, key)
