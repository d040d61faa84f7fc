"""What a user may set: environment variables `CLAIMCHECK_*`, else `claimcheck.toml` or `[tool.claimcheck]`.

A plain dataclass rather than pydantic-settings, whose import alone would cost a reading command a third of its time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.user_error import UserError
from flows.config_file import file_settings


@dataclass(frozen=True)
class Configuration:
    """Settings of this installation. Each field is the variable CLAIMCHECK_<FIELD>."""

    home: Path = Path("claimcheck-data")
    """Folder of the ledger, the runs and the warehouse."""
    backend: str = "llama.cpp"
    """Serving engine when none is asked for."""
    llama_server: str | None = None
    """Path of a `llama-server`; without it the one on PATH, else the embedded one."""
    vllm: str | None = None
    """Path of the `vllm` program of another environment."""
    sglang: str | None = None
    """Path of the Python or program that starts SGLang's server."""
    alpha: float = 0.05
    """Probability of any wrong verdict, at most."""
    order_seed: int | None = None
    """Seed of the fixed random order of the items; without it from the hash of the weights."""
    runs: str | None = None
    """Folder or fsspec URL (s3://bucket/folder) through which workers of several machines share what they did."""
    sandbox: str | None = None
    """What to run generated code in: `bwrap`, `nsjail`, `landlock` or `seatbelt`; without it the best that is here.
    `none` runs it with no sandbox and marks every row."""
    site: str | None = None
    """Folder or fsspec URL that `weekly` and `serve` write the site to; without it `site` in the home folder."""
    site_url: str | None = None
    """Address under which the site is found, for its feed and for previews in other people's pages."""
    webhook: str | None = None
    """Slack-compatible URL that is told about discrepancies. Never shown."""

    @property
    def executables(self) -> tuple[tuple[str, str], ...]:
        """Backend and path of its program, where one is set."""
        programs = ("llama.cpp", self.llama_server), ("vllm", self.vllm), ("sglang", self.sglang)
        return tuple((backend, path) for backend, path in programs if path)


READ: dict[str, Callable[[str], Any]] = {"home": Path, "alpha": float, "order_seed": int}


def configuration() -> Configuration:
    """The settings in force: of the environment, else of the nearest settings file (see `config_file`). Raises
    UserError for a value that does not fit."""
    given: dict[str, Any] = file_settings(Path.cwd(), Configuration.__dataclass_fields__)
    for name in Configuration.__dataclass_fields__:
        variable = f"CLAIMCHECK_{name.upper()}"
        if text := os.environ.get(variable):
            given[name] = (text, variable)
    values: dict[str, Any] = {}
    for name, (value, where) in given.items():
        try:
            values[name] = READ.get(name, str)(value)
        except (ValueError, TypeError):
            raise UserError(f"{where} is {value!r}; give a number") from None
    made = Configuration(**values)
    if not 0 < made.alpha < 1:
        raise UserError(f"{given['alpha'][1]} is {made.alpha}; give a probability between 0 and 1")
    if _is_file(made.home):
        raise UserError(f"{made.home} cannot be a folder (there is a file); set CLAIMCHECK_HOME")
    return made


def _is_file(home: Path) -> bool:
    try:
        return home.exists() and not home.is_dir()
    except OSError:  # a name that is too long is told where the folder is made
        return False
