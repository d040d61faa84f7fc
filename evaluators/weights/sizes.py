"""Bytes in words."""

from __future__ import annotations


def size_text(size: int | float) -> str:
    """Bytes as people write them, decimal units: `20.9 GB`, `1.6 MB`, `716 B`."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(size) >= one:
            return f"{size / one:.1f} {unit}"
    return f"{size:.0f} B"
