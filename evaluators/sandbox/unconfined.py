"""No sandbox: only by the user's explicit choice. Rows of such a run are marked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from evaluators.sandbox.box import INSIDE_HOST, Box, Invocation, stage_command


class Unconfined:
    """Limits of processes, an empty environment, an own folder: nothing else lies between a program and the machine."""

    kind = "none"

    def missing(self) -> str | None:
        """Nothing is needed."""
        return None

    def label(self) -> str:
        """For tables."""
        return "none: generated code ran without a sandbox"

    def invocation(self, box: Box, command: tuple[str, ...], *, descriptors: tuple[int, ...] = ()) -> Invocation:
        """See `Sandbox`. Paths of the box that differ from the host's are not shown."""
        folder = Path(tempfile.mkdtemp(prefix="claimcheck-box-"))
        working_folder = str(folder) if box.folder == "/tmp" else box.folder
        more: dict[str, Any] = {"environment": box.variables(str(folder)), "folder": working_folder}
        order = stage_command(box, command, str(INSIDE_HOST), **more)
        return Invocation(order, descriptors, scratch=folder, supervised=False)
