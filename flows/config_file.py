"""Settings that lie beside a project: `claimcheck.toml`, or `[tool.claimcheck]` of `pyproject.toml`.

The nearest one counts, in the working folder or above it; the environment comes before it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.user_error import UserError

FROM_THE_ENVIRONMENT_ONLY = ("llama_server", "vllm", "sglang", "sandbox", "webhook")
"""Settings that start programs, open the sandbox or send things away: entering somebody else's folder must not."""
LARGEST = 1_000_000


def file_settings(folder: Path, known: Collection[str]) -> dict[str, tuple[Any, str]]:
    """By name: value, and where it stands, in words. `home`, `site` and `runs` that are relative are so to the file's
    folder. known: names of the settings. Empty where there is no file.

    Raises UserError for a file that cannot be read, and for a setting that is not known or may not stand there.
    """
    path = config_file(folder)
    if path is None:
        return {}
    settings: dict[str, tuple[Any, str]] = {}
    for name, value in _settings(path, path.stat().st_mtime_ns).items():
        where = f"{name} in {path}"
        if name not in known:
            raise UserError(f"{where} is no setting; choose one of {', '.join(sorted(known))}")
        if name in FROM_THE_ENVIRONMENT_ONLY:
            raise UserError(f"{where} may not stand in a file; set CLAIMCHECK_{name.upper()} in the environment")
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            raise UserError(f"{where} is {value!r}; give a text or a number")
        if name in ("home", "site", "runs") and isinstance(value, str) and "://" not in value:
            value = str(path.parent / Path(value).expanduser())
        settings[name] = (value, where)
    return settings


def config_file(folder: Path) -> Path | None:
    """The nearest settings file of a folder; None if there is none."""
    for parent in (folder, *folder.parents):
        if (own := parent / "claimcheck.toml").is_file():
            return own
        shared = parent / "pyproject.toml"
        if shared.is_file() and _settings(shared, shared.stat().st_mtime_ns):
            return shared
    return None


@lru_cache(maxsize=16)
def _settings(path: Path, changed: int) -> dict[str, Any]:
    """The settings of a file; empty for a pyproject.toml without ours. changed: time of its last change."""
    shared = path.name == "pyproject.toml"
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path} has more than {LARGEST:,} bytes; it is no settings file")
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if shared:  # somebody else's, and not ours to judge
            return {}
        raise UserError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    tool = whole.get("tool")
    table = (tool.get("claimcheck") if isinstance(tool, dict) else None) if shared else whole
    return table if isinstance(table, dict) else {}
