"""Watch whether all answers of a run come from one model: an attached server may be changed half-way."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from evaluators.backends.reply_reader import LONGEST_NAME, one_line

MOST_NAMES = 20
FIELDS = ("model", "system_fingerprint")


class ServedModel:
    """Counts the names that answers give. One object for all clients of a run."""

    def __init__(self, earlier: str | None = None) -> None:
        """`earlier`: `as_text` of an attempt before this one."""
        known: dict[str, dict[str, int]] = json.loads(earlier) if earlier else {}
        self.names: dict[str, Counter[str]] = {field: Counter(known.get(field, {})) for field in FIELDS}

    def note(self, data: Any) -> None:
        """Take the names from an answer; an answer that gives none says nothing."""
        if not isinstance(data, dict):
            return
        for field in FIELDS:
            name = data.get(field)
            if isinstance(name, str) and name:
                names = self.names[field]
                name = one_line(name, LONGEST_NAME)
                names[name if name in names or len(names) < MOST_NAMES else "others"] += 1

    def changed(self) -> str | None:
        """What was changed, in one line; None if all answers name one model."""
        return self._several("model")

    def checks(self) -> dict[str, str]:
        """For `Run.checks`: a fingerprint that changed. Hosted services change theirs at will."""
        several = self._several("system_fingerprint")
        return {"system_fingerprint": several} if several else {}

    def as_text(self) -> str:
        """All counts as JSON, for the journal."""
        return json.dumps(self.names, sort_keys=True)

    def _several(self, field: str) -> str | None:
        names = self.names[field]
        if len(names) < 2:
            return None
        counts = ", ".join(f"{name} ({count:,} answers)" for name, count in names.most_common(3))
        return f"the server changed its {field} within the run: {counts}"
