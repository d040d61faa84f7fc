"""`claimcheck completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Literal

from evaluators.user_error import UserError
from flows.runtime.plain_text import write_line

SHELLS = ("bash", "zsh", "fish")


def completion(shell: Literal["bash", "zsh", "fish"] | None = None, /) -> None:
    """Print the completion script of a shell, to be kept where that shell looks for them.

    bash: `claimcheck completion bash > ~/.local/share/bash-completion/completions/claimcheck`; zsh: `... zsh >
    ~/.zfunc/_claimcheck`; fish: `... fish > ~/.config/fish/completions/claimcheck.fish`.

    Parameters
    ----------
    shell
        bash, zsh or fish; without it the one that SHELL names.
    """
    from flows.cli.app import build_app

    name = shell or PurePath(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise UserError(f"no completion for {name or 'this shell'}; choose one of {', '.join(SHELLS)}")
    write_line(build_app().generate_completion(prog_name="claimcheck", shell=name).rstrip())  # type: ignore[arg-type]
