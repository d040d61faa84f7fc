"""Releases: found on the hub or in a folder, pulled as artifacts, every file checked.

release = resolve("org/name")               # or a folder laid out like a hub repository
offers = quantizations(release)              # what it offers
artifact = pull(release, "gguf", "Q4_K_M")   # files on this machine, hashes checked
with using(artifact): ...                    # never evicted meanwhile
"""

from evaluators.weights.choose import Offer, choose, quantizations
from evaluators.weights.fit import Fit, fits
from evaluators.weights.pull import pull
from evaluators.weights.resolve import resolve
from evaluators.weights.use import using

__all__ = ["Fit", "Offer", "choose", "fits", "pull", "quantizations", "resolve", "using"]
