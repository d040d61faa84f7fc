"""The demo: a small real model, its card with claims of every kind, two benchmarks."""

from pathlib import Path

RELEASE = Path(__file__).parent / "release"
"""A folder laid out like a hub repository."""
