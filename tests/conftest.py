"""What all tests share."""

import gc
import os

from hypothesis import settings

# the modules of all tests stay: walking them while they are imported finds nothing
gc.disable()
# several tests run at a time on few cores: how long an example takes says nothing
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
# pytest tells its workers the width of a terminal that they do not have
os.environ.pop("COLUMNS", None)
# the matrices of tests are small: threads would spin beside other tests on the same cores
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """What three thousand tests are made of stays to the end: no collection of garbage need walk it again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """What was kept may go, as at the end of any program."""
    gc.unfreeze()
