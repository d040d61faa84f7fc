"""Checks of a server before any benchmark."""

from __future__ import annotations

from typing import Any


async def examine(
    client: Any, protocol: Any, description: Any, settings: Any, dialect: str
) -> tuple[dict[str, str], str | None]:
    """Not written yet."""
    return {}, None
