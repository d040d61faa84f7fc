"""Any task of Inspect: those of inspect-evals (`task: inspect_evals/NAME`), or of a file in the entry's `data_folder`
(`task: FILE.py@NAME`).

The entry's score names the scorer (`filter`; `none` where the task has one only) and its metric, which must be the mean
of the items; for a score of several parts `metric` names the part. `judge` in `decides`: the task has a second
model, which `--user-model` names; without that word a task that asks for one fails. `tools` in `decides`: it has tools.
What runs code of the model in a sandbox of Inspect's is refused. A task knows no solution that could be tried as a
control; what a model gets that refuses everything is measured as its chance.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import json_document, mapping, sequence, whole
from evaluators.outside.formats.inspect_logs import inspect_items
from evaluators.outside.harnesses.harness import (
    Control,
    Endpoint,
    HarnessMissing,
    HarnessSetup,
    Need,
    Scaffold,
    Step,
)
from evaluators.outside.harnesses.harness_environment import harness_environment
from evaluators.outside.harnesses.run_step import last_words, run_step
from evaluators.outside.outside_records import OutsideItem
from evaluators.records import ItemStatus
from evaluators.user_error import UserError

VERSION, EVALS = "0.3.285", "0.26.0"
PACKAGES = (f"inspect-ai=={VERSION}", f"inspect-evals=={EVALS}", "openai==3.57.0")
DRIVER = Path(__file__).with_name("inspect_driver.py")
START_SECONDS = 300.0
"""To import all of it, and to get the task's data."""
CONTROL_TURNS, CONTROL_SECONDS = 5, 60.0
"""Of an item of the control."""
NO_LIMIT = 1_000_000
"""Requests an item of a task that has no limit."""
MEANS = frozenset({"inspect_ai/accuracy", "inspect_ai/mean"})
"""Metrics that are the mean of the items."""
PASSED_ON = ("HF_ENDPOINT", "HF_HUB_OFFLINE")


class InspectTask:
    """See `Harness`."""

    name, version = "inspect", VERSION
    least_batch = 16
    """The program takes ten seconds to start."""

    def __init__(self, setup: HarnessSetup) -> None:
        """Raises UserError where the environment or the task cannot be had, or the entry does not fit it."""
        self.setup = setup
        decides = setup.benchmark.decides
        self.judged, self.calls = "judge" in decides, "tools" in decides
        wanted: dict[Need, bool] = {"tool_calls": self.calls, "user_model": self.judged}
        self.needs: tuple[Need, ...] = tuple(need for need, there in wanted.items() if there)
        self.environment = harness_environment(setup.home, "inspect-ai", f"{VERSION}-{EVALS}", PACKAGES)
        self.scorer, self.part = self._score()

    @cached_property
    def listing(self) -> dict[str, Any]:
        """What the driver tells of the task."""
        folder = self.setup.work / "listing"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "listing.json"
        path.unlink(missing_ok=True)
        (folder / "log.txt").unlink(missing_ok=True)
        run_step(self._step(folder, {"mode": "list"}, START_SECONDS), folder, None)
        if not path.exists():
            text = f"Inspect cannot load {self._task}: {last_words(folder)}; see {folder / 'log.txt'}"
            raise HarnessMissing(text, "dataset_missing")
        return mapping(json_document(path))

    def items(self) -> tuple[str, ...]:
        """Ids of the task's samples."""
        return tuple(map(str, sequence(self.listing.get("ids"))))

    def data_version(self) -> str:
        """Hash of what the items ask and want, and of an own folder's files."""
        digest = hashlib.sha256(f"{self.listing['version']} {self.listing['sha256']}".encode())
        folder = self.setup.benchmark.data_folder
        for path in sorted(Path(folder).rglob("*")) if folder else ():
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.name.encode() + path.read_bytes())
        return f"sha256:{digest.hexdigest()}"

    def sandbox(self) -> str | None:
        """No code of the model runs."""
        return None

    def scaffold(self) -> Scaffold:
        """Inspect, with the task's own solver."""
        limits, own = self.setup.limits, whole(self.listing.get("turns"))
        judge = self._judge
        config = [DRIVER.read_text(encoding="utf-8"), self._name, self.data_version(), self._options, limits.turns]
        return Scaffold(
            harness=self.name,
            version=VERSION,
            lock=self.environment.lock,
            agent="the task's own",
            config=self._name,
            config_sha256=hashlib.sha256(json.dumps([*config, judge, self.scorer, self.part]).encode()).hexdigest(),
            tools="tools of the task" if self.calls else "none",
            turns=limits.turns or own,
            own_turns=(own or NO_LIMIT) if limits.turns not in (None, own) else None,
            tokens=limits.tokens,
            user=judge,
            graders=f"inspect-evals {EVALS}" if self.setup.benchmark.data_folder is None else None,
        )

    def controls(self, folder: Path, ids: Sequence[str], idle: Endpoint) -> tuple[Control, ...]:
        """What a model gets that refuses everything."""
        nothing = folder / "nothing"
        step = self._asking(nothing, ids, idle, CONTROL_TURNS, CONTROL_SECONDS)
        return (Control("nothing", nothing, (step,), None, each_item=False),)

    def batch(self, folder: Path, ids: Sequence[str], endpoint: Endpoint) -> tuple[Step, ...]:
        """The items that no log of an earlier attempt holds finished."""
        done = {item.id for item in self.read(folder) if item.status is not ItemStatus.failed}
        left = [name for name in ids if name not in done]
        limits = self.setup.limits
        return (self._asking(folder, left, endpoint, limits.turns, limits.seconds),) if left else ()

    def read(self, folder: Path) -> Iterator[OutsideItem]:
        """The best that any log has of an item."""
        items: dict[str, OutsideItem] = {}
        for path in sorted(folder.glob("*.eval")):
            for item in inspect_items(path, self.scorer, self.part):
                if item.id not in items or items[item.id].status is ItemStatus.failed:
                    items[item.id] = item
        return iter(items.values())

    @property
    def _name(self) -> str:
        return self.setup.benchmark.task or ""

    @property
    def _task(self) -> str:
        folder = self.setup.benchmark.data_folder
        return str(Path(folder).absolute() / self._name) if folder else self._name

    @property
    def _judge(self) -> str | None:
        user = self.setup.user
        return None if not self.judged else user.model if user else "the model itself"

    @property
    def _options(self) -> dict[str, Any]:
        """Of the requests, where they are not the task's own."""
        options = {"temperature": self.setup.temperature, "max_tokens": self.setup.limits.tokens}
        return {name: value for name, value in options.items() if value is not None}

    def _score(self) -> tuple[str, str]:
        """Scorer and part of its score. Raises UserError where the entry asks for what the task does not give."""
        entry = self.setup.benchmark
        ids, scorers = self.items(), mapping(self.listing.get("scorers"))
        if self.listing.get("sandbox"):
            text = f"{self._name} runs what the model writes in Inspect's sandbox `{self.listing['sandbox']}`"
            raise HarnessMissing(f"{text}, which is not supported; bring its results by `claimcheck results import`")
        if not ids or len(set(ids)) < len(ids):
            raise UserError(f"{self._name} has {len(ids)} items, {len(set(ids))} names of items; it cannot be run")
        if len(entry.scores) != 1:
            raise UserError(f"{entry.name} has {len(entry.scores)} scores; make an entry for each")
        score = entry.scores[0]
        known = ", ".join(sorted(scorers)) or "none"
        scorer = next(iter(scorers), "") if score.filter == "none" and len(scorers) == 1 else score.filter
        if scorer not in scorers:
            raise UserError(f"{entry.name}: {self._name} has the scorers {known}; name one as `filter` of the score")
        parts = mapping(scorers[scorer])
        part = score.metric if score.metric in parts or "*" in parts else ""
        metrics = set(map(str, sequence(parts.get(part) or parts.get("*" if part else ""))))
        if not metrics & MEANS or (not part and score.metric not in ("accuracy", "mean")):
            told = ", ".join(sorted(str(name) for names in (*parts.values(), list(parts)) for name in names if name))
            raise UserError(f"{entry.name}: {scorer} gives {told}; `metric` must be accuracy, mean or a part with one")
        return scorer, part

    def _asking(self, folder: Path, ids: Sequence[str], endpoint: Endpoint, turns: int | None, seconds: float) -> Step:
        slots = max(1, endpoint.slots)
        user = self.setup.user or endpoint
        order = {
            "mode": "ask", "ids": list(ids), "model": endpoint.model, "slots": slots, "turns": turns,
            "seconds": round(seconds), "options": self._options, "sha256": self.listing["sha256"],
            "user": user.model if self.judged else "none",
        }  # fmt: skip
        rounds = -(-len(ids) // slots)
        variables = {"SERVED_BASE_URL": endpoint.url, "USER_BASE_URL": user.url}
        variables |= {"USER_API_KEY": self.setup.user_key or "none"} if self.setup.user else {}
        keys = ("SERVED_API_KEY",) if self.setup.user else ("SERVED_API_KEY", "USER_API_KEY")
        return self._step(folder, order, START_SECONDS + rounds * seconds, variables, keys)

    def _step(
        self,
        folder: Path,
        order: dict[str, Any],
        seconds: float,
        variables: dict[str, str] | None = None,
        keys: tuple[str, ...] = (),
    ) -> Step:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "order.json").write_text(json.dumps(order | {"task": self._task}), encoding="utf-8")
        cache = str(self.setup.home.absolute() / "harnesses" / "cache")
        own = {"XDG_CACHE_HOME": cache, "HF_HOME": f"{cache}/huggingface", "PYTHONDONTWRITEBYTECODE": "1"}
        own |= {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        argv = (str(self.environment.python), "-I", str(DRIVER), "order.json")
        return Step(argv, seconds, own | (variables or {}), keys)
