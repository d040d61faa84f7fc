"""A hub for each module and the real client in a process of its own: it reads its endpoint when it is imported."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from .server import Hub, serve


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """A hub without models."""
    with serve(Hub()) as running:
        yield running


@pytest.fixture(scope="module")
def environment(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of processes that talk to the hub and keep nothing outside the test's folder."""
    home = tmp_path_factory.mktemp("home")
    stated = {
        "HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "CLAIMCHECK_DATA": str(home / "data"),
        "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    left_out = ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "PYTHONDONTWRITEBYTECODE")
    return {key: value for key, value in os.environ.items() if key not in left_out} | stated


@pytest.fixture(scope="module")
def there(environment: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Call one of our functions in that process; Problems come back."""
    with (
        patch.dict(os.environ, environment, clear=True),
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        pool.submit(os.getpid).result()
        yield lambda function, *args, **kwargs: pool.submit(function, *args, **kwargs).result()


@pytest.fixture(autouse=True)
def no_faults(hub: Hub) -> Iterator[None]:
    """Each test starts with a hub that works and an empty log."""
    yield
    hub.requests.clear()
    hub.flipped.clear()
    hub.held.clear()
    hub.release.clear()
    hub.busy = 0
