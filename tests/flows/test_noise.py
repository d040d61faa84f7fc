"""A sampled benchmark: some items are answered twice, and the judge takes the noise between them into account."""

from pathlib import Path

from evaluators.backends import ServerOptions
from evaluators.catalogue import benchmark
from evaluators.weights import pull, resolve
from flows.demo import RELEASE
from flows.options import VerifyOptions
from flows.runtime.server_pool import ServerPool
from flows.verification.jobs import Job, make_criteria
from flows.verification.judge import judge_run
from flows.verification.measure import measure
from flows.verification.read_claims import read_pages
from flows.verification.run_noise_items import TWICE
from warehouse.home import Home
from warehouse.load import load_home
from warehouse.queries.verification import flip_rate
from warehouse.store import fetch_rows, reading


def test_some_items_are_answered_twice_and_the_noise_reaches_the_verdict(tmp_path: Path) -> None:
    home, release = Home(tmp_path), resolve(str(RELEASE))
    artifact = pull(release, "gguf", "F16")
    greedy = benchmark("demo_sums")
    protocol = greedy.protocol.model_copy(update={"temperature": 1.0})
    sampled = greedy.model_copy(update={"protocol": protocol})
    [claim] = [
        claim
        for page, _ in read_pages(release)
        for claim in page.claims
        if claim.benchmark_text == "Demo Sums"
    ]  # fmt: skip
    job, options = Job(sampled, None, (claim,), protocol), VerifyOptions()
    locks = make_criteria([claim], options)
    with ServerPool("llama.cpp", ServerOptions(slots=4), tmp_path / "logs") as pool:
        run = measure(job, artifact, pool, home, list(locks.values()), options)
    assert run.settings.temperature == 1.0
    load_home(home)
    with reading(home) as connection:
        asked = "select requests_sent from runs where (settings ->> 'repeats')::integer = 2"
        [twice] = fetch_rows(connection, asked)
    assert twice["requests_sent"] <= TWICE  # the first answers were taken from the run itself
    flips = flip_rate(home, run, "exact_match", "strict-match")
    assert flips is not None
    assert 0 < flips["flip_rate"] < 0.5 and flips["flip_items"] == TWICE
    assert abs(flips["flip_gain"]) <= flips["flip_rate"]
    [verdict] = judge_run([claim], locks, run, home)
    assert any("run noise" in reason.text for reason in verdict.reasons)
