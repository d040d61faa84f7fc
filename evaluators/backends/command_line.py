"""Command-line words of a server and its flags by long name, there and back."""

from __future__ import annotations

import os
from collections.abc import Set

from evaluators.records import UserError

TRUSTING = "--trust-remote-code"
SECRETS = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def split_flags(arguments: tuple[str, ...], long_names: dict[str, str]) -> dict[str, str]:
    """Command-line words as flags by long name: `("-c", "4096", "--metrics")` -> `{"--ctx-size": "4096", ...}`.

    A repeated flag counts the last time. Raises UserError for a word that belongs to no flag.
    """
    flags: dict[str, str] = {}
    name = None
    for word in arguments:
        if word.startswith("-") and not _is_number(word):
            name, given, value = word.partition("=") if word.startswith("--") else (word, "", "")
            name = long_names.get(name, name)
            flags[name] = value
            name = None if given else name
        elif name is None:
            raise UserError(f"'{word}' among the extra arguments belongs to no flag; give it as --flag value")
        else:
            flags[name], name = word, None
    return flags


def flags_of_user(arguments: tuple[str, ...], long_names: dict[str, str], ours: Set[str]) -> dict[str, str]:
    """The flags that a user adds, by long name. Raises UserError for one of `ours`, and for one that lets code of a
    release run."""
    flags = split_flags(arguments, long_names)
    if TRUSTING in flags:
        raise UserError(f"code that a release brings is never run; leave out {TRUSTING}")
    for name in ours & flags.keys():
        raise UserError(f"{name} is set by claimcheck; leave it out of the extra arguments")
    return flags


def join_flags(flags: dict[str, str]) -> list[str]:
    """The command-line words of flags."""
    return [word for name, value in flags.items() for word in ((name, value) if value else (name,))]


def describe_flags(flags: dict[str, str], excluded: set[str]) -> dict[str, str]:
    """The flags but those of place and name, by long name without dashes; a switch is `on`."""
    return {name.lstrip("-"): value or "on" for name, value in flags.items() if name not in excluded}


def describe_environment(prefix: str) -> dict[str, str]:
    """Settings that a server takes from our environment, as flags `env NAME`; secrets are left out."""
    return {
        f"env {name}": value
        for name, value in sorted(os.environ.items())
        if name.startswith(prefix) and not any(word in name for word in SECRETS)
    }


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
