"""Releases: found on the hub or in a folder, pulled as artifacts, every file checked.

release = resolve("org/name")               # or a folder laid out like a hub repository
offers = quantizations(release)              # what it offers
artifact = pull(release, "gguf", "Q4_K_M")   # files on this machine, hashes checked
with using(artifact): ...                    # never evicted meanwhile
"""

from evaluators.weights.cache import using
from evaluators.weights.memory import Fit, fits
from evaluators.weights.pull import pull
from evaluators.weights.resolve import resolve
from evaluators.weights.weights_options import WeightsOption, choose_weights, quantizations

__all__ = ["Fit", "WeightsOption", "choose_weights", "fits", "pull", "quantizations", "resolve", "using"]
