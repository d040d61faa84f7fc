"""From claims and measurements to verdicts. Names are loaded when they are first used, so that reading stays fast."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.verdicts.discoveries import board as board
    from warehouse.verdicts.judging import judge as judge
    from warehouse.verdicts.locking import lock as lock
    from warehouse.verdicts.locking import lock_hash as lock_hash
    from warehouse.verdicts.planning import plan as plan
    from warehouse.verdicts.planning import plan_lock as plan_lock
    from warehouse.verdicts.rule import ClaimRule as ClaimRule
    from warehouse.verdicts.without_run import REASONS as REASONS
    from warehouse.verdicts.without_run import could_not_run as could_not_run
    from warehouse.verdicts.without_run import unverified as unverified

_PLACES = {
    "board": "discoveries",
    "judge": "judging",
    "lock": "locking",
    "lock_hash": "locking",
    "plan": "planning",
    "plan_lock": "planning",
    "ClaimRule": "rule",
    "REASONS": "without_run",
    "could_not_run": "without_run",
    "unverified": "without_run",
}
"""Public name -> module. No module is named like a name in it: importing one would hide the other."""
__all__ = [
    "REASONS",
    "ClaimRule",
    "board",
    "could_not_run",
    "judge",
    "lock",
    "lock_hash",
    "plan",
    "plan_lock",
    "unverified",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"warehouse.verdicts.{_PLACES[name]}"), name)
