"""`claimcheck compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from evaluators.user_error import UserError
from flows.cli.output import print_json
from flows.config import configuration
from flows.options import VerifyOptions

if TYPE_CHECKING:
    from flows.compare_artifacts import CompareSide

Json = Annotated[bool, Parameter(name="--json", negative=())]
WORDS = {"holds": "HOLDS", "fails": "DOES NOT HOLD", None: "NOT DECIDED"}


def compare_command(
    first: str,
    second: str,
    /,
    *,
    benchmark: str,
    within: float = 1.0,
    budget: float | None = None,
    json: Json = False,
) -> int:
    """Ask whether one artifact loses at most so many points against another on the same items.

    Parameters
    ----------
    first
        RELEASE, RELEASE:QUANTIZATION or RELEASE:QUANTIZATION@BACKEND, e.g. org/name:Q4_K_M@llama.cpp.
    second
        What it is compared with, written alike.
    benchmark
        Catalogue name of the benchmark.
    within
        Points that the first may lose.
    budget
        Most items that may be used, as a share (0.3).
    json
        JSON instead of a sentence.
    """
    from flows.compare_artifacts import compare_artifacts
    from warehouse.home import Home

    if not 0 < within < 100:
        raise UserError(f"{within:g} points is no margin; give a number between 0 and 100")
    sides = read_side(first), read_side(second)
    options = VerifyOptions(budget=budget)
    comparison = compare_artifacts(*sides, benchmark, within / 100, Home(configuration().home), options)
    if json:
        print_json(comparison.model_dump())
        return 0
    print(
        f"{first} loses at most {within:g} points against {second} on {benchmark}: {WORDS[comparison.holds]} "
        f"(alpha={comparison.alpha:g})\n"
        f"  {100 * comparison.first:.1f}% against {100 * comparison.second:.1f}% "
        f"on {comparison.items:,} of {comparison.of:,} items; "
        f"difference {100 * (comparison.first - comparison.second):+.1f} points "
        f"[{100 * comparison.low:+.1f}, {100 * comparison.high:+.1f}]\n"
        f"  only the second right: {comparison.lost:,}, only the first: {comparison.won:,}; "
        f"McNemar p={comparison.p_value:.3g}"
    )
    return 0


def read_side(text: str) -> CompareSide:
    """`RELEASE[:QUANTIZATION][@BACKEND]`. Raises UserError for an empty release."""
    from flows.compare_artifacts import CompareSide

    rest, _, backend = text.rpartition("@") if "@" in text else (text, "", "")
    release, _, quantization = rest.rpartition(":") if ":" in rest else (rest, "", "")
    if not release:
        raise UserError(f"{text!r} names no release; write RELEASE:QUANTIZATION@BACKEND")
    return CompareSide(release=release, quantization=quantization or None, backend=backend or configuration().backend)
