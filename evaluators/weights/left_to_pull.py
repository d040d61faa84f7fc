"""How much of an artifact is not on this machine yet."""

from __future__ import annotations

from evaluators.records import Release
from evaluators.weights.download import snapshot_path
from evaluators.weights.weights_options import WeightsOption


def left_to_pull(release: Release, option: WeightsOption) -> int:
    """Bytes of an artifact's files that pulling would fetch; 0 for a local folder, which is served where it lies."""
    if release.location != "hub":
        return 0
    return sum(entry.size for entry in option.files if not snapshot_path(release, entry.name).exists())
