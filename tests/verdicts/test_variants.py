"""Scores on variants of a benchmark: run when asked for, shown beside the claim, and no part of the verdict."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from evaluators.catalogue import benchmark, catalogue
from evaluators.item_pairs import originals_of
from evaluators.records import Run, Settings
from flows.cli.text.claim_page import print_details
from flows.verification import variant_runs
from flows.verification.jobs import Job
from flows.verification.variant_runs import beside_claim, measure_variants
from tests.flows.answering_server import AnsweringServer
from tests.harness.fakes import ARTIFACT
from tests.reports.many_claims import make_home
from tests.verdicts.cases import make_claim, make_lock, make_measurement, make_run, shuffled, verify
from warehouse.claim_records import VariantScore, Verdict
from warehouse.home import Home
from warehouse.load import load_home
from warehouse.queries.table import details
from warehouse.reports.export_verdicts import write_verdicts
from warehouse.reports.site.site import write_site
from warehouse.store import fetch_rows, reading
from warehouse.verdicts.variants import around_release, beside_originals, with_variants

SAME = ("question", "question")
"""A benchmark as a variant of itself."""


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


def test_a_variant_is_asked_as_the_benchmark_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        # item by item, where the catalogue knows the originals: here each is its own
        monkeypatch.setattr(variant_runs, "benchmark", lambda name: known.model_copy(update={"original_by": SAME}))
        claim = make_claim("60.0", benchmark="demo_sums")
        verdict, criterion = verify(claim, shuffled(960, 1600, 3)), make_lock(claim)
        shown = beside_claim(verdict, criterion, job, found, [found], Home(tmp_path))
        [paired] = shown.variants
        assert (paired.pairs, paired.paired_score, paired.original_score) == (400, measured.score, measured.score)
        assert (paired.difference_low, paired.difference_high) == (0.0, 0.0)
        assert shown.model_copy(update={"variants": ()}) == verdict


def test_originals_are_found_by_their_text() -> None:
    """None where the catalogue names no field, or where it has no such text."""
    sums = benchmark("demo_sums")
    assert originals_of(sums, sums) == {}
    same = originals_of(sums.model_copy(update={"original_by": SAME}), sums)
    assert len(same) > 1500 and all(key == original for key, original in same.items())
    assert not originals_of(sums.model_copy(update={"original_by": ("answer", "question")}), sums)


def test_the_catalogue_names_the_fields_of_variants_made_item_by_item() -> None:
    named = {variant for entry in catalogue().values() for variant in entry.variants}
    assert {name for name in named if benchmark(name).original_by} >= {"gsm_plus", "gsm8k_platinum", "mmlu_pro_plus"}


def test_the_difference_to_the_originals_lies_in_its_interval() -> None:
    """Of eight variants of each of 300 originals, of which 150 were asked, by a model that knows the originals."""
    missed = 0
    score = VariantScore(benchmark="gsm_plus", title="GSM-Plus", score=0.5, items=200, of=2400, run_id="r")
    originals = {("plus", number): ("gsm8k", number // 8) for number in range(2400)}
    for seed in range(60):
        source = random.Random(seed)
        ability = [source.random() for _ in range(300)]
        own = [(("gsm8k", number), float(source.random() < 0.8 + 0.2 * ability[number])) for number in range(300)]
        other = [(key, float(source.random() < ability[number])) for key, (_, number) in originals.items()]
        asked, order = source.sample(own, 150), source.sample(other, 600)
        shown = beside_originals(score, order, asked, originals)
        known = dict(asked)
        whole = [value - known[originals[key]] for key, value in other if originals[key] in known]
        truth = sum(whole) / len(whole)
        assert shown.difference_low is not None and shown.difference_high is not None and shown.pairs > 200
        missed += not shown.difference_low <= truth <= shown.difference_high
        assert shown.difference_high < 0, "such a drop is seen on 300 pairs"
    assert missed <= 6
    assert beside_originals(score, order[:30], asked[:10], originals) == score, "too few pairs are not shown"


def test_both_sides_of_the_release_date() -> None:
    """A model that knows the problems published before its release; nothing where a side is too small to say."""
    first, released = date(2024, 1, 1), date(2024, 7, 1)
    dates = {("lcb", number): first + timedelta(days=number) for number in range(400)}
    asked = [(key, float(day < released or key[1] % 3 == 0)) for key, day in dates.items()]
    random.Random(1).shuffle(asked)
    run = make_run(run_id="lcb-1", benchmark="livecodebench_v5")
    before, since = around_release(run, asked[:300], dates, released)
    assert (before.score, before.of, since.of) == (1.0, 182, 218) and before.items + since.items == 300
    assert before.low is not None and since.high is not None and since.high < before.low
    assert "before 2024-07-01" in before.title and "since 2024-07-01" in since.title
    assert around_release(run, asked, dates, first + timedelta(days=10)) == ()
    assert around_release(run, asked, {}, released) == ()


def test_shown_beside_the_claim_everywhere(tmp_path: Path) -> None:
    """On the claim's page in the terminal, on its web page and in the export."""
    home = make_home(tmp_path / "home", releases=1, claims=1)
    [stored] = list(home.verdicts.glob("*.json"))
    verdict = Verdict.model_validate_json(stored.read_text())
    with reading(home) as connection:
        [row] = fetch_rows(connection, "select claim_id from claims_vs_measured")
    lock = make_lock(make_claim("80.0"))
    beside = with_variants(verdict, lock, [variant_run(120)])
    paired = {
        "pairs": 90,
        "paired_score": 0.25,
        "original_score": 0.75,
        "difference_low": -0.6,
        "difference_high": -0.4,
    }
    beside = beside.model_copy(update={"variants": (beside.variants[0].model_copy(update=paired),)})
    later = beside.model_copy(update={"judged_at": verdict.judged_at.replace(year=verdict.judged_at.year + 1)})
    content = later.model_dump_json()
    (home.verdicts / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.json").write_text(content)
    load_home(home)
    out = Console(record=True, width=100, file=(tmp_path / "out").open("w"))
    print_details(out, details(home, row["claim_id"]))
    said = " ".join(out.export_text().split())
    assert "90 pairs: 25.0 for 75.0, -50.0 points [-60.0, -40.0]" in said
    assert "Memory or ability" in said and "GSM-Plus: 30.0" in said and "the verdict does not depend on it" in said
    write_site(home, str(tmp_path / "site"))
    pages = "".join(page.read_text() for page in (tmp_path / "site").rglob("*.html"))
    assert "90 pairs: 25.0 for 75.0" in pages
    assert "GSM-Plus: 30.0" in pages and "the verdict does not depend on it" in pages
    write_verdicts(home, tmp_path / "all.json", "json")
    [exported] = json.loads((tmp_path / "all.json").read_text())
    assert [one["benchmark"] for one in exported["variants"]] == ["gsm_plus"]
