"""What all tests share."""

import os

from hypothesis import settings

# several tests run at a time on few cores: how long an example takes says nothing
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
# pytest tells its workers the width of a terminal that they do not have
os.environ.pop("COLUMNS", None)
