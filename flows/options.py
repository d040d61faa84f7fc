"""What a verification may be asked for."""

from __future__ import annotations

from evaluators.records import Record
from evaluators.servers import ServerOptions


class Options(Record):
    """Options of one verification; the same for the command line, a deployment's parameters and the weekly flow."""

    revision: str | None = None
    """Branch, tag or commit; None: the default branch."""
    backend: str = "llama.cpp"
    """Serving engine."""
    weights: str | None = None
    """Repository or folder that the weights come from, e.g. a packer's GGUF of the release; None: the release."""
    quantization: str | None = None
    """Quantization to run; None: the most exact one that fits this machine."""
    benchmarks: tuple[str, ...] = ()
    """Catalogue names; empty: every benchmark that a claim names."""
    full: bool = False
    """Run whole benchmarks instead of stopping when the claims are decided."""
    again: bool = False
    """Judge claims again that have a standing verdict."""
    order_seed: int = 0
    """Seed of the fixed random order."""
    alpha: float = 0.05
    """Probability of any wrong verdict, at most."""
    server: ServerOptions = ServerOptions()
    """How to serve."""
    executables: tuple[tuple[str, str], ...] = ()
    """Backend and path of its program, for ratios whose sides are backends."""
