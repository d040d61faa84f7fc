"""Scores on variants of a benchmark: run when asked for, shown beside the claim, and no part of the verdict."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from evaluators.catalogue import benchmark, catalogue
from evaluators.records import Run, Settings
from flows.cli.text.claim_page import print_details
from flows.verification.jobs import Job
from flows.verification.variant_runs import measure_variants
from tests.flows.answering_server import AnsweringServer
from tests.harness.fakes import ARTIFACT
from tests.reports.many_claims import make_home
from tests.verdicts.cases import make_claim, make_lock, make_measurement, make_run, shuffled, verify
from warehouse.claim_records import Verdict
from warehouse.home import Home
from warehouse.load import load_home
from warehouse.queries.table import details
from warehouse.reports.export_verdicts import write_verdicts
from warehouse.reports.site.site import write_site
from warehouse.store import fetch_rows, reading
from warehouse.verdicts.variants import with_variants


def variant_run(right: int, items: int = 400, **more: Any) -> Run:
    found = make_measurement(shuffled(right, items, 1), 10552, benchmark="gsm_plus", **more)
    return make_run(run_id="gsm_plus-1", benchmark="gsm_plus", measurements=(found,))


def test_a_variant_changes_no_verdict() -> None:
    """However low it is; without a score of that metric it is left out."""
    claim = make_claim("80.0")
    verdict = verify(claim, shuffled(1280, 1600, 3))
    beside = with_variants(verdict, make_lock(claim), [variant_run(120), variant_run(90, metric="other")])
    [score] = beside.variants
    assert (score.title, score.score, score.items, score.of) == ("GSM-Plus", 0.3, 400, 10552)
    assert score.low is not None and score.high is not None and 0.23 < score.low < 0.3 < score.high < 0.39
    assert beside.model_copy(update={"variants": ()}) == verdict


def test_variants_name_runnable_benchmarks_of_the_same_scores() -> None:
    named = {entry.name: entry.variants for entry in catalogue().values() if entry.variants}
    assert "gsm8k" in named and "mmlu_pro" in named
    for name, variants in named.items():
        for variant in map(benchmark, variants):
            assert variant.evaluator == "lm-eval" and not variant.cannot_run
            scores = {(score.metric, score.filter) for score in variant.scores}
            assert (benchmark(name).scores[0].metric, benchmark(name).scores[0].filter) in scores, variant.name


def test_a_variant_is_asked_as_the_benchmark_was(tmp_path: Path) -> None:
    """Under the run's settings, on the first items; what cannot be run is left out, and nothing else fails."""
    known = benchmark("demo_sums").model_copy(update={"variants": ("demo_sums", "gpqa_diamond")})
    settings = Settings(prompt="completion", temperature=0.0, shots=0, max_tokens=40)
    job, run = Job(known, None, (), settings), make_run(settings, order_seed=7)
    with AnsweringServer({"completion": 0.6, "chat": 0.9, "thinking": 0.9}) as server:

        class Pool:
            def server(self, artifact: object) -> AnsweringServer:
                if len(server.bodies) > 300:
                    raise OSError("no server")
                return server

        [found] = measure_variants(job, run, ARTIFACT, Pool(), Home(tmp_path))  # type: ignore[arg-type]
    measured = found.measurements[0]
    assert (measured.items, found.order_seed, found.settings.prompt) == (400, 7, "completion")
    assert measured.score is not None and 0.5 < measured.score < 0.7


def test_shown_beside_the_claim_everywhere(tmp_path: Path) -> None:
    """On the claim's page in the terminal, on its web page and in the export."""
    home = make_home(tmp_path / "home", releases=1, claims=1)
    [stored] = list(home.verdicts.glob("*.json"))
    verdict = Verdict.model_validate_json(stored.read_text())
    with reading(home) as connection:
        [row] = fetch_rows(connection, "select claim_id from claims_vs_measured")
    lock = make_lock(make_claim("80.0"))
    beside = with_variants(verdict, lock, [variant_run(120)])
    later = beside.model_copy(update={"judged_at": verdict.judged_at.replace(year=verdict.judged_at.year + 1)})
    content = later.model_dump_json()
    (home.verdicts / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.json").write_text(content)
    load_home(home)
    out = Console(record=True, width=100, file=(tmp_path / "out").open("w"))
    print_details(out, details(home, row["claim_id"]))
    said = " ".join(out.export_text().split())
    assert "Memory or ability" in said and "GSM-Plus: 30.0" in said and "the verdict does not depend on it" in said
    write_site(home, str(tmp_path / "site"))
    pages = "".join(page.read_text() for page in (tmp_path / "site").rglob("*.html"))
    assert "GSM-Plus: 30.0" in pages and "the verdict does not depend on it" in pages
    write_verdicts(home, tmp_path / "all.json", "json")
    [exported] = json.loads((tmp_path / "all.json").read_text())
    assert [one["benchmark"] for one in exported["variants"]] == ["gsm_plus"]
