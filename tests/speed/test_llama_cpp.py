"""The real llama.cpp, with the demo's model."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.catalogue import benchmark
from evaluators.records import Settings
from evaluators.speed import measure_ratio
from evaluators.weights import pull, resolve
from tests.speed.conftest import NOW, claim_of
from warehouse.claim_records import Comparability
from warehouse.verdicts import judge, make_criterion

RELEASE = Path(__file__).parents[2] / "flows" / "demo" / "release"

pytestmark = pytest.mark.alone


def test_two_files_of_one_release_are_compared(tmp_path: Path) -> None:
    release = resolve(str(RELEASE))
    over, under = (pull(release, "gguf", quantization) for quantization in ("Q8_0", "F16"))
    options = ServerOptions(threads=1, slots=1)
    with (
        open_server("llama.cpp", over, options, tmp_path / "over") as first,
        open_server("llama.cpp", under, options, tmp_path / "under") as second,
    ):
        known = benchmark("output_speed_ratio")
        run = measure_ratio(
            known, (over, first), (under, second), Settings(prompt_tokens=64, generation_tokens=256),
            folder=tmp_path, allowed_load=1.0,
        )  # fmt: skip
    measured = run.measurements[0]
    assert run.requests_sent > 0 and all(value is not None and value > 0 for value in measured.values)
    assert measured.evidence["prompt_tokens"] == "64 as the server counts"
    assert measured.evidence["denominator_quantization"].casefold() == "f16"
    active = [int(measured.evidence[f"{side}weight_bytes_per_token"]) for side in ("", "denominator_")]
    assert 0.4 < active[0] / active[1] < 0.6, "8 bits read about half of what 16 bits do"
    assert all(
        size < path.stat().st_size for size, path in zip(active, map(Path, (over.path, under.path)), strict=True)
    )
    claim = claim_of("0.5-2x", "output_speed_ratio", "ratio", numerator="Q8_0", denominator="F16", backend="llama.cpp")
    found = judge(claim, make_criterion(claim, known, order_seed=0, now=NOW), run, measured, now=NOW)
    assert found.comparability is Comparability.assumed
