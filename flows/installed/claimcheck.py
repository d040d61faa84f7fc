"""claimcheck: independent scores beside the vendor's claims.

    import claimcheck

    home = claimcheck.open_home("claimcheck-data")
    home.table().to_pandas()

The wheel installs this file as the package `claimcheck`. It imports nothing but the standard library before it has
seen that the three packages beside it are its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluators.user_error import UserError as UserError
    from flows.library import LibraryHome as LibraryHome
    from flows.library import open_home as open_home

__all__ = ["LibraryHome", "UserError", "main", "open_home"]
_NAMES = {"open_home": "flows.library", "LibraryHome": "flows.library", "UserError": "evaluators.user_error"}
_OWN = {"flows": "cli/app.py", "warehouse": "home.py", "evaluators": "user_error.py"}
"""Our packages, each with a file by which it is known."""


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'claimcheck' has no attribute {name!r}")
    if (problem := _problem()) is not None:
        raise ImportError(problem)
    return getattr(importlib.import_module(_NAMES[name]), name)


def main() -> None:
    """Run the command line, unless something stands in its way, which is one line and exit code 3."""
    if (problem := _problem()) is not None:
        sys.stderr.write(f"claimcheck: {problem}\n")
        sys.exit(3)
    importlib.import_module("flows.cli").main()


def _problem() -> str | None:
    """Why nothing can work here, in one line with the next step; None if nothing stands in the way."""
    if sys.platform == "win32":
        return "Windows is not supported, because model servers are supervised by POSIX means; install it inside WSL"
    for name, known in _OWN.items():
        spec = importlib.util.find_spec(name)
        places = list(spec.submodule_search_locations or [spec.origin or "?"]) if spec else []
        if not places:
            return f"its package {name} is not installed; install claimcheck again"
        if not any((Path(directory) / known).is_file() for directory in places):
            return (
                f"{os.path.relpath(places[0])} stands before claimcheck's own package {name}; take its folder out of "
                f"PYTHONPATH, or start claimcheck from another folder"
            )
    return None
