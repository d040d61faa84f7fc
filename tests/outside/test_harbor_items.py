"""What Harbor leaves of a trial, as our own runs read it."""

from __future__ import annotations

import json
from pathlib import Path

from evaluators.outside.harnesses.harbor.harbor_harness import read_trial
from evaluators.records import ItemStatus


def trial(folder: Path, reward: float | None, error: str | None = None, **changes: object) -> Path:
    rewards = None if reward is None else {"rewards": {"reward": reward}}
    content = {
        "task_name": "org/chess", "trial_name": "chess__1", "task_id": {"path": "/tasks/chess"},
        "verifier_result": rewards, "exception_info": error and {"exception_type": error, "exception_message": "why"},
        "started_at": "2026-01-02T03:04:05Z", "finished_at": "2026-01-02T03:05:05Z",
    } | changes  # fmt: skip
    path = folder / "result.json"
    path.write_text(json.dumps(content))
    return path


def test_a_task_that_ran_out_of_time_is_a_bound_and_a_broken_container_no_zero(tmp_path: Path) -> None:
    for reward, error, score, status in (
        (1.0, None, 1.0, ItemStatus.ok),
        (0.0, None, 0.0, ItemStatus.ok),
        (0.0, "AgentTimeoutError", 0.0, ItemStatus.timed_out),
        (1.0, "AgentTimeoutError", 1.0, ItemStatus.ok),
        (None, "EnvironmentStartTimeoutError", None, ItemStatus.failed),
        (0.0, "InternalServerError", None, ItemStatus.failed),
    ):
        [item] = read_trial(trial(tmp_path, reward, error))
        assert (item.id, item.score, item.status) == ("chess", score, status)
    assert read_trial(trial(tmp_path, 1.0, finished_at=None)) == []
