"""Real published scores beside real measured ones, through the real judge: who is accused, who gets away.

    python -m tests.benchmarks.truth [--shared FOLDER] [--lies 400]

Honest pairs: the expected scores of one model and its near-lossless quantizations in vLLM's own continuous integration
(read from FOLDER; none where it is absent). Broken set-ups: public disputes whose cause was found and whose run's own
data show it, and kinds of them; the evidence is what the engine records for such a run. Lies: claims 5 to 15
points above the true score on 1,000 items, items and flips simulated, run by the stopping rule. Exits with 1 if an
honest pair is flagged, if less than nine in ten of the broken set-ups are named and not flagged, or less than nine in
ten of the lies are flagged.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from evaluators.catalogue import Benchmark, benchmark
from evaluators.records import Measurement, ServerDescription, Settings
from tests.verdicts.cases import NOW, make_claim, make_measurement, make_run, shuffled, stop_at
from warehouse.claim_records import Outcome, Verdict
from warehouse.verdicts import ClaimRule, judge, make_criterion
from warehouse.verdicts.diagnostics.evidence import ColumnMatch

SHARED = Path(os.environ.get("CLAIMCHECK_SHARED") or Path(__file__).parents[3] / "shared")
LOSSLESS = ("FP8", "INT8", "W8A", "Channelwise", "QQQ")
"""Marks of quantizations that lose next to nothing, in file names of the continuous integration."""


@dataclass(frozen=True)
class Case:
    """One published score, one measured score, and what the run's data say."""

    source: str
    benchmark: str
    claimed: float
    """Percent."""
    measured: float
    """Percent."""
    items: int
    counts: dict[str, int] = field(default_factory=dict)
    signals: dict[str, float] = field(default_factory=dict)
    others: tuple[tuple[str, str, float], ...] = ()
    """Other scores of the run: metric, filter, percent."""
    server: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


BROKEN = (
    # figures and causes as published
    Case("lm-eval 3405: thinking scored", "mmlu_generative", 70.1, 22.8, 14042, signals={"think_tag_share": 0.93}),
    Case("evalscope 1529: token limit", "gpqa_diamond_cot_n_shot", 76.0, 43.0, 198, counts={"truncated": 66}),
    Case("sglang 29264: stop strings", "gsm8k", 97.1, 92.8, 1319, signals={"reasoning_stop_share": 0.045}),
    Case("vllm 57132: kernel", "gsm8k", 95.5, 0.1, 1319),
    Case("vllm-ascend 15916", "gsm8k", 90.3, 57.0, 1319, counts={"unextracted": 430}),
    Case("LAMBADA without BOS", "lambada_openai", 67.0, 0.37, 5153),
    Case("GSM8K, collapsed", "gsm8k", 78.0, 2.5, 1319),
    Case("PIQA without BOS", "piqa", 81.0, 54.95, 1838),
    Case("IFEval claimed by instruction", "ifeval", 86.2, 80.4, 541, others=(("inst_level_strict_acc", "none", 86.2),)),
    # kinds of set-ups with the sizes that disputes report (points)
    Case("token limit, 31 points", "gsm8k", 92.0, 61.0, 1319, counts={"truncated": 420}),
    Case("token limit, 35 points", "math500", 90.0, 55.0, 500, counts={"truncated": 190}),
    Case("token limit, by answers", "mmlu_pro", 71.0, 51.0, 12032, signals={"truncated_share": 0.21}),
    Case("BOS missing, guessing", "hellaswag", 80.0, 26.0, 10042),
    Case("BOS doubled", "gsm8k", 79.0, 73.0, 1319, signals={"bos_doubled": 1.0}),
    Case("KV cache in FP8, exact zero", "gsm8k", 80.0, 0.0, 1319),
    Case("KV cache in four bits", "gsm8k", 80.0, 62.0, 1319, server={"kv_type": "q4_0"}),
    Case("chat template missing", "gsm8k", 88.0, 62.0, 1319, server={"chat_template_sha256": "a"}),
    Case("reasoning without an answer", "gsm8k", 90.0, 62.0, 1319, signals={"reasoning_only_share": 0.2}),
    Case("stop string in the reasoning", "math500", 80.0, 40.0, 500, signals={"reasoning_stop_share": 0.3}),
    Case("stop string too eager", "gsm8k", 70.0, 10.0, 1319, {"unextracted": 1000}, {"median_generated_tokens": 3.0}),
    Case("LaTeX not read", "math500", 83.0, 42.0, 500, counts={"unextracted": 210}),
    Case("nothing read", "gsm8k", 60.0, 0.0, 1319, counts={"unextracted": 1319}),
    Case("strict filter", "gsm8k", 85.0, 24.0, 1319, others=(("exact_match", "flexible-extract", 84.5),)),
    Case("money signs", "gsm8k", 88.0, 60.0, 1319, signals={"respelled_share:exact_match,strict-match": 0.27}),
    Case("ARC by plain accuracy", "arc_challenge", 58.0, 52.0, 1172, others=(("acc", "none", 58.1),)),
    Case("HellaSwag by plain accuracy", "hellaswag", 76.1, 57.1, 10042, others=(("acc", "none", 76.2),)),
    Case("requests failed", "gsm8k", 80.0, 74.0, 1319, counts={"failed": 90}),
    Case("empty answers", "gsm8k", 80.0, 60.0, 1319, counts={"empty": 260}),
    Case("prompts cut in silence", "mmlu_pro", 60.0, 48.0, 12032, signals={"prompt_cut_share": 0.25}),
    Case("column of the base model", "mmlu_pro", 70.0, 62.0, 12032, more={"columns": (ColumnMatch("base", 3, 3),)}),
    Case("NaN logits", "arc_easy", 80.0, 27.0, 2376, signals={"underflow_share": 0.9}),
)


def quantized_pairs(shared: Path) -> Iterator[Case]:
    """(score of a model, score of a near-lossless quantization of it) on the same GSM8K items."""
    folder = shared / "data" / "ci_expected_values" / "vllm_lm_eval"
    rows = [(path.stem, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.yaml"))]
    for base, known in rows:
        for name, other in rows:
            same = name != base and name.startswith(base.partition("__")[0]) and known["limit"] == other["limit"]
            if not same or not (
                any(mark in name for mark in LOSSLESS) or base.partition("__")[0] == name.partition("__")[0]
            ):
                continue
            one, two = (_strict(row) for row in (known, other))
            if one is not None and two is not None:
                yield Case(f"{base} / {name}", "gsm8k", 100 * one, 100 * two, int(known["limit"]))


def _strict(row: dict[str, Any]) -> float | None:
    found = [metric["value"] for metric in row["tasks"][0]["metrics"] if "strict-match" in metric["name"]]
    return float(found[0]) if found else None


def judged(case: Case, seed: int) -> Verdict:
    """The verdict on a whole run with the case's scores and data."""
    known = benchmark(case.benchmark).model_copy(update={"items": case.items})
    stated = known.protocol.model_copy(update={"metric": None, "filter": None})
    claim = make_claim(f"{case.claimed:.1f}", Settings() if case.server else stated, benchmark=known.name)
    criterion = make_criterion(claim, known, order_seed=1, now=NOW)
    key = {"metric": criterion.metric, "filter": criterion.filter, "benchmark": known.name}
    values: list[float | None] = shuffled(round(case.measured / 100 * case.items), case.items, seed)
    counts = dict(case.counts)
    if failed := counts.pop("failed", 0):
        wrong = [place for place, value in enumerate(values) if value == 0][:failed]
        values = [None if place in set(wrong) else value for place, value in enumerate(values)]
    measurement = make_measurement(values, case.items, **key, **counts)
    others = tuple(_other(known, case.items, *other) for other in case.others)
    server = ServerDescription(backend="vllm", version="1", model="m", artifact_key="a", **case.server)
    run = make_run(
        known.protocol, benchmark=known.name, signals=case.signals, server=server, measurements=(measurement, *others)
    )
    return judge(claim, criterion, run, measurement, now=NOW, benchmark=known, **case.more)


def _other(known: Benchmark, items: int, metric: str, name: str, percent: float) -> Measurement:
    values = shuffled(round(percent / 100 * items), items, 9)
    return make_measurement(values, items, metric=metric, filter=name, benchmark=known.name)


def lie(points: float, score: float, flips: float, rng: random.Random, items: int = 1000) -> Verdict:
    """The verdict on a claim that lies so many points above the measured score of 1,000 items, by a run that the
    stopping rule ends, with the flip rate measured on 200 of them."""
    known = benchmark("gsm8k").model_copy(update={"items": items})
    right = round((score - points / 100) * items)
    values: list[float | None] = [1.0] * right + [0.0] * (items - right)
    rng.shuffle(values)
    rate = sum(rng.random() < flips for _ in range(200)) / 200
    claim = make_claim(f"{100 * score:.1f}", known.protocol, benchmark=known.name)
    criterion = make_criterion(claim, known, order_seed=1, now=NOW, flips=(rate, 200))
    seen = stop_at(ClaimRule([criterion]), values, (criterion.metric, criterion.filter))
    measurement = make_measurement(
        values[:seen], items, benchmark=known.name, metric=criterion.metric, filter=criterion.filter
    )
    run = make_run(known.protocol, benchmark=known.name, signals={"flip_rate": rate, "flip_items": 200.0})
    return judge(claim, criterion, run, measurement, now=NOW, benchmark=known)


def main() -> int:
    """Print the three tables; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with real data")
    parser.add_argument("--lies", type=int, default=400, help="lies to plant")
    options = parser.parse_args()
    honest = list(quantized_pairs(options.shared))
    accused = _show("honest", honest, lambda verdict: not verdict.flagged)
    hidden = _show("broken", BROKEN, lambda verdict: not verdict.flagged and verdict.outcome is not Outcome.confirmed)
    rng, caught = random.Random(1), 0
    for number in range(options.lies):
        points, flips = (5, 7, 10, 15)[number % 4], (0.0, 0.02, 0.05, 0.1)[number // 4 % 4]
        caught += lie(points, rng.choice((0.6, 0.75, 0.9)), flips, rng).flagged
    print(f"lies of 5 to 15 points on 1,000 items: {caught} of {options.lies} flagged")
    return int(accused > 0 or hidden > len(BROKEN) / 10 or caught < 0.9 * options.lies)


def _show(what: str, cases: Sequence[Case], good: Any) -> int:
    """Print what became of the cases; how many are not as they should be."""
    outcomes: dict[str, int] = {}
    bad = 0
    for seed, case in enumerate(cases):
        verdict = judged(case, seed)
        outcomes[verdict.outcome.value] = outcomes.get(verdict.outcome.value, 0) + 1
        if not good(verdict):
            bad += 1
            print(f"  {what}, {case.source}: {verdict.headline}")
    print(f"{what}: {len(cases)} cases, {bad} not as they should be; {outcomes}")
    return bad


if __name__ == "__main__":
    sys.exit(main())
