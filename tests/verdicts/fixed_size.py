"""Intervals of one fixed size: the peers of those that hold at every look."""

from __future__ import annotations

Z95 = 1.959963984540054


def wilson(successes: int, items: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval for a share of independent items at one fixed size. Not valid when looked at repeatedly."""
    share = successes / items
    middle, half = share + z * z / (2 * items), z * (share * (1 - share) / items + z * z / (4 * items * items)) ** 0.5
    return (middle - half) / (1 + z * z / items), (middle + half) / (1 + z * z / items)


def exact_fixed(total: int, items: int, successes: int, alpha: float = 0.05) -> tuple[float, float]:
    """Exact interval for the full-run score from a random sample of a size fixed beforehand (hypergeometric tails); a
    point for a whole run. Not valid when looked at repeatedly."""
    import numpy as np
    from scipy.stats import hypergeom

    counts = np.arange(successes, total - (items - successes) + 1)
    over = hypergeom.sf(successes - 1, total, counts, items) > alpha / 2
    under = hypergeom.cdf(successes, total, counts, items) > alpha / 2
    kept = counts[over & under]
    return float(kept[0]) / total, float(kept[-1]) / total
