"""Weights that nobody can tell from the released ones: of an unknown format, or behind a server of somebody else."""

from __future__ import annotations

import pytest

from evaluators.records import Artifact, Release, Run, ServerDescription
from tests.verdicts.cases import AS_RUN, NOW, SUMS, make_claim, make_lock, make_measurement, make_run, shuffled
from warehouse.claim_records import Comparability, Outcome, Verdict
from warehouse.verdicts import judge

RELEASE = Release(model="demo/model", commit="c0ffee", location="hub")
HERE = ServerDescription(backend="llama.cpp", version="1", model="demo")
ELSEWHERE = ServerDescription(backend="attached", version="1", model="demo")


def run_of(server: ServerDescription, quantization: str, form: str = "gguf") -> Run:
    artifact = Artifact(release=RELEASE, format=form, quantization=quantization, path="", files=())  # type: ignore[arg-type]
    settings = AS_RUN.model_copy(update={"quantization": quantization})
    return make_run(settings, server=server, artifact=artifact, signals={"flip_rate": 0.0, "flip_items": 1600.0})


def judged(run: Run, right: int, stated: str | None = None) -> Verdict:
    claim = make_claim("80.0", AS_RUN.model_copy(update={"quantization": stated}))
    return judge(claim, make_lock(claim), run, make_measurement(shuffled(right, 1600, 3)), now=NOW, benchmark=SUMS)


@pytest.mark.parametrize("right", [1280, 900])
@pytest.mark.parametrize("stated", [None, "F16", "Q4_K_M"])
def test_a_format_that_nobody_knows_says_nothing_about_the_release(right: int, stated: str | None) -> None:
    """It may be two bits a weight: neither does it hold a claim up nor does it refute one."""
    verdict = judged(run_of(HERE, "unknown"), right, stated)
    assert verdict.comparability is Comparability.differs
    assert verdict.outcome is Outcome.not_tested and not verdict.flagged


@pytest.mark.parametrize("stated", [None, "F16", "Q4_K_M"])
def test_a_server_of_somebody_else_is_assumed_and_accuses_nobody(stated: str | None) -> None:
    assert judged(run_of(ELSEWHERE, "unknown", "unknown"), 1280, stated).outcome is Outcome.confirmed
    low = judged(run_of(ELSEWHERE, "unknown", "unknown"), 900, stated)
    assert low.comparability is Comparability.assumed and not low.flagged


def test_the_released_weights_are_held_to_the_claim() -> None:
    """The control: the same lie on weights that were seen is flagged."""
    low = judged(run_of(HERE, "f16"), 900)
    assert (low.outcome, low.flagged) == (Outcome.below_claim, True)
