"""What a user may set: environment variables `CLAIMCHECK_*`.

Plain pydantic rather than pydantic-settings, whose import alone costs a reading command a third of its time.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from evaluators.records import Problem, Record


class Configuration(Record):
    """Settings of this installation. Each field is the variable CLAIMCHECK_<FIELD>."""

    home: Path = Path("claimcheck-data")
    """Folder of the ledger, the runs and the warehouse."""
    backend: str = "llama.cpp"
    """Serving engine when none is asked for: `llama.cpp`, `vllm`, `ollama` or `attached`."""
    llama_server: str | None = None
    """Path of a `llama-server`; without it the one on PATH, else the embedded one."""
    vllm: str | None = None
    """Path of the `vllm` program of another environment."""
    alpha: float = 0.05
    """Probability of any wrong verdict, at most."""
    order_seed: int = 0
    """Seed of the fixed random order of the items."""
    webhook: str | None = None
    """Slack-compatible URL that is told about discrepancies. Never shown."""


def configuration() -> Configuration:
    """The settings in force. Raises Problem for a value that does not fit."""
    given = {
        name: os.environ[f"CLAIMCHECK_{name.upper()}"]
        for name in Configuration.model_fields
        if os.environ.get(f"CLAIMCHECK_{name.upper()}")
    }
    try:
        return Configuration.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise Problem(f"CLAIMCHECK_{str(first['loc'][0]).upper()}: {first['msg']}") from None
