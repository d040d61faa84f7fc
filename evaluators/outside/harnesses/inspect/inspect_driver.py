"""Lists or runs items of a task of Inspect. Run by Inspect's Python, not by ours:

    python inspect_driver.py ORDER

ORDER is a JSON file: `task` (`inspect_evals/NAME`, or the path of a file with `@NAME`), `mode`:

`list`  leaves `listing.json`: ids, a hash of what they ask, sandbox, scorers with their metrics, the task's limits
`ask`   runs `ids` and leaves Inspect's log in the working folder. `model`, `slots`, `turns`, `seconds`, `options`
        (of the requests), `user` (model that plays the user and grades; `none`: a task that wants one fails),
        `sha256` (of the listing: other data are refused)

The model is asked at SERVED_BASE_URL, the user's at USER_BASE_URL. Tasks that shuffle without a seed are given one, so
that an item is the same item in each process.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SEED = 0
LONGEST_ID = 200
"""Letters of an id, as the reader of logs has them."""
RETRIES = 2
"""Further attempts of one request. Inspect itself would try for ever."""
ROLES = ("user", "grader")
"""Under which tasks ask for a second model."""


def main(order: dict[str, Any]) -> None:
    """Do what the order says. Exits with a line where the data are not those of the listing."""
    task = _load(order["task"])
    samples = [task.dataset[position] for position in range(len(task.dataset))]
    for position, sample in enumerate(samples):
        sample.id = position + 1 if sample.id is None else sample.id
    digest = _digest(samples)
    if order["mode"] == "list":
        Path("listing.json").write_text(json.dumps(_listing(task, samples, digest)), encoding="utf-8")
        return
    if digest != order["sha256"]:
        sys.exit("the task's data are not the same any more; run again")
    ids = set(order["ids"])
    task.dataset = task.dataset.filter(lambda sample: _name(sample) in ids)
    _ask(task, order)


def _load(name: str) -> Any:
    random.seed(SEED)
    import_module("numpy").random.seed(SEED)
    seeded = SimpleNamespace(
        Random=lambda seed=None: random.Random(SEED if seed is None else seed), shuffle=random.shuffle
    )
    vars(import_module("inspect_ai.dataset._dataset"))["random"] = seeded
    (task,) = import_module("inspect_ai._eval.loader").load_tasks([name], {})
    return task


def _name(sample: Any) -> str:
    return str(sample.id)[:LONGEST_ID]


def _digest(samples: list[Any]) -> str:
    rows = [
        [
            _name(sample),
            sample.input
            if isinstance(sample.input, str)
            else [[message.role, message.text] for message in sample.input],
            sample.target,
            sample.choices,
        ]
        for sample in samples
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _listing(task: Any, samples: list[Any], digest: str) -> dict[str, Any]:
    sandbox = next(
        (candidate for candidate in (task.sandbox, *(sample.sandbox for sample in samples)) if candidate is not None),
        None,
    )
    about = import_module("inspect_ai._util.registry").registry_info
    scorers = task.scorer if isinstance(task.scorer, list) else [task.scorer] if task.scorer else []
    metrics_of = {}
    for scorer in scorers:
        info = about(scorer)
        scorer_metrics = task.metrics or info.metadata["metrics"]
        metrics_of[info.name.rpartition("/")[2]] = _metrics(scorer_metrics, about)
    return {
        "ids": [_name(sample) for sample in samples],
        "sha256": digest,
        "version": str(task.version),
        "sandbox": None if sandbox is None else str(getattr(sandbox, "type", sandbox)),
        "scorers": metrics_of,
        "turns": task.turn_limit,
    }


def _metrics(metrics: Any, about: Any) -> dict[str, list[str]]:
    """Metrics by the part of the score that they are of; `` for a score without parts."""
    by_part: dict[str, list[str]] = {}
    for metric in [metrics] if isinstance(metrics, dict) else metrics:
        if isinstance(metric, dict):
            by_part |= {part: [about(nested).name for nested in inner] for part, inner in metric.items()}
        else:
            by_part.setdefault("", []).append(about(metric).name)
    return by_part


def _ask(task: Any, order: dict[str, Any]) -> None:
    get_model = import_module("inspect_ai.model").get_model
    user = order["user"]
    other = get_model("none/none" if user == "none" else f"openai-api/user/{user}")
    import_module("inspect_ai").eval(
        task,
        model=get_model(f"openai-api/served/{order['model']}"),
        model_roles=dict.fromkeys(ROLES, other),
        epochs=1,
        turn_limit=order["turns"],
        time_limit=order["seconds"],
        max_samples=order["slots"],
        max_connections=order["slots"],
        max_retries=RETRIES,
        fail_on_error=False,
        retry_on_error=0,
        log_dir=".",
        log_format="eval",
        log_buffer=1,
        log_realtime=False,
        log_images=False,
        display="plain",
        **order["options"],
    )


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
