"""The fixed random order in which items are read: decided before the run, the same on every machine."""

from __future__ import annotations

import hashlib


def place(seed: int, task: str, doc_id: int) -> bytes:
    """Sort key of one item: SHA-256 of `seed|task|doc_id`. Sorting by it is a random permutation fixed by the seed."""
    return hashlib.sha256(f"{seed}|{task}|{doc_id}".encode()).digest()


def sampling_seed(task: str, doc_id: int, index: int, repeat: int) -> int:
    """Seed sent with a request, in [0, 2**31): differs between repeats, so that they are not copies."""
    digest = hashlib.sha256(f"{task}|{doc_id}|{index}|{repeat}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
