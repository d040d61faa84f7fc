"""The model's own earlier whole run, or other models', as control variate: chosen before the run, and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluators.harness import run_benchmark
from evaluators.records import Settings
from flows.options import VerifyOptions
from flows.predictions.frozen_predictions import frozen_for, read_predictions
from flows.verification.jobs import plan_jobs, protocol_criteria
from flows.verification.judge import judge_pairs
from flows.verification.measure import measure
from tests.flows.answering_server import AnsweringServer
from tests.flows.test_pairs import BASE, FULL
from tests.harness.fakes import ARTIFACT
from tests.verdicts.cases import make_claim
from warehouse.claim_records import Outcome
from warehouse.home import Home
from warehouse.load import load_home, save_criteria

STRICT = Settings(filter="strict-match", prompt="completion")
OPTIONS = VerifyOptions(backend="llama.cpp")


class OneServer:
    """A pool with one server."""

    backend = "llama.cpp"

    def __init__(self, given: AnsweringServer) -> None:
        self.given = given

    def server(self, artifact: object) -> AnsweringServer:
        return self.given


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.make()
    return found


@pytest.mark.long
def test_an_own_whole_run_under_another_protocol_saves_items(home: Home) -> None:
    claim = make_claim("85.2", STRICT, benchmark="demo_sums")
    plan = plan_jobs([claim], kind=BASE, options=OPTIONS)
    [job] = plan.jobs
    with AnsweringServer({"completion": 0.852}) as server:
        shots = job.settings.model_copy(update={"max_tokens": 30})
        earlier = run_benchmark(job.benchmark, ARTIFACT, server, shots, folder=home.runs, order_seed=7)
        load_home(home)
        plain = protocol_criteria(job, plan, OPTIONS, order_seed=7)
        assert not frozen_for(home, job, ARTIFACT, plain.values(), "v2", choose=False), "nothing is chosen by looking"
        chosen = frozen_for(home, job, ARTIFACT, plain.values(), "v2", choose=True)
        criteria = protocol_criteria(job, plan, OPTIONS, order_seed=7, predictions=chosen)
        save_criteria(home, criteria.values())
        pool: Any = OneServer(server)
        run = measure(job, ARTIFACT, pool, home, list(criteria.values()), OPTIONS)
    load_home(home)
    [verdict] = judge_pairs([(claim, criterion) for criterion in criteria.values()], run, home)
    assert verdict.outcome is Outcome.confirmed
    assert any(reason.code == "predictions" for reason in verdict.reasons)
    assert verdict.items is not None and verdict.items < 400, "without, it takes more than 600"
    assert frozen_for(home, job, ARTIFACT, plain.values(), "v2", choose=True) == chosen, "chosen once"
    [name] = set(chosen.values())
    values = read_predictions(home, [name])[name]
    found = next(one for one in earlier.measurements if one.filter == "strict-match")
    assert values == pytest.approx(found.values)
    (home.predictions / f"{name}.json").write_text('{"values": [1.0]}')
    assert not read_predictions(home, [name]), "changed ones are none"


def test_a_criterion_that_is_bound_already_gets_none(home: Home) -> None:
    claim = make_claim("85.2", STRICT, benchmark="demo_sums")
    plan = plan_jobs([claim], kind=BASE, options=OPTIONS)
    [job] = plan.jobs
    plain = protocol_criteria(job, plan, OPTIONS, order_seed=7)
    save_criteria(home, plain.values())
    assert frozen_for(home, job, FULL, plain.values(), "v1", choose=True) == {}
