"""A home with many releases and claims, written as the files that claimcheck writes and then loaded.

`python -m tests.reports.many_claims FOLDER [RELEASES] [CLAIMS OF EACH]` makes one.
"""

from __future__ import annotations

import hashlib
import random
import sys
from datetime import timedelta
from pathlib import Path

from evaluators.records import Artifact, Hardware, Release, Run, ServerDescription, WeightFile
from tests.verdicts.cases import AS_RUN, NOW, STATED, make_claim, make_lock, make_measurement, make_run
from warehouse.claim_records import Claim, Comparability, Criterion, Outcome, Reason, SettingCompared, Verdict
from warehouse.home import Home
from warehouse.load import load_home

OUTCOMES = (Outcome.confirmed,) * 5 + (Outcome.below_claim, Outcome.inconclusive, Outcome.could_not_run)
BENCHMARKS = ("gsm8k", "mmlu", "mmlu_pro", "ifeval", "gpqa_diamond", "hellaswag", "arc_challenge", "winogrande")


def make_home(root: Path, *, releases: int, claims: int, seed: int = 0) -> Home:
    """`releases` releases of `claims` claims each, every one with a verdict."""
    home, chance = Home(root), random.Random(seed)
    for folder in (home.claims, home.criteria, home.runs, home.verdicts):
        folder.mkdir(parents=True, exist_ok=True)
    for number in range(releases):
        model = f"vendor-{number % 40}/model-{number:04d}"
        said = [_claim(model, place, chance) for place in range(claims)]
        lines = "".join(f"{one.model_dump_json()}\n" for one in said)
        (home.claims / f"{_hash(lines)[:32]}.jsonl").write_text(lines)
        for place, claim in enumerate(said):
            run = _run(model, f"{claim.benchmark}-{number:08x}{place:08x}", claim, chance)
            bar = make_lock(claim)
            verdict = _verdict(claim, bar, run, chance.choice(OUTCOMES), chance)
            (home.criteria / f"{bar.criterion_id}.json").write_text(bar.model_dump_json())
            (home.verdicts / f"{_hash(verdict.model_dump_json())[:32]}.json").write_text(verdict.model_dump_json())
            if verdict.run_id:
                folder = home.runs / run.run_id
                folder.mkdir()
                (folder / "run.json").write_text(run.model_dump_json())
    load_home(home)
    return home


def one_of_each() -> tuple[list[Claim], list[Verdict]]:
    """One claim of every outcome, about a release of their own, with their verdicts."""
    chance = random.Random(1)
    claims = [_claim("vendor-of-each/model", place, chance) for place in range(len(Outcome))]
    verdicts = []
    for claim, outcome in zip(claims, Outcome, strict=True):
        run = _run(claim.model, f"run-{outcome.value}", claim, chance)
        verdicts.append(_verdict(claim, make_lock(claim), run, outcome, chance))
    return claims, verdicts


def _claim(model: str, place: int, chance: random.Random) -> Claim:
    claim = make_claim(f"{chance.uniform(30, 95):.1f}", STATED)
    source = claim.source.model_copy(update={"url": f"https://example.org/{model}", "sha256": _hash(model)})
    name = BENCHMARKS[place % len(BENCHMARKS)]
    changed = {
        "claim_id": _hash(model, str(place))[:16],
        "model": model,
        "benchmark": name,
        "benchmark_text": f"{name} ({place}-shot)",
        "settings": STATED.model_copy(update={"shots": place}),
        "source": source,
        "place": f"line {place}",
    }
    return claim.model_copy(update=changed)


def _run(model: str, run_id: str, claim: Claim, chance: random.Random) -> Run:
    release = Release(model=model, commit=_hash(model, "commit")[:40], location="hub")
    files = tuple(WeightFile(name=f"model-{n}.gguf", size=10**9 + n, sha256=_hash(run_id, str(n))) for n in range(3))
    server = ServerDescription(
        backend="llama.cpp", version="b1", model=model, flags={"ctx-size": "8192", "parallel": "4", "threads": "8"},
        hardware=Hardware(cpu="EPYC", cores=16),
    )  # fmt: skip
    measured = make_measurement([1.0] * 60 + [0.0] * 40, benchmark=claim.benchmark)
    return make_run(
        AS_RUN, run_id=run_id, release=release, server=server, benchmark=claim.benchmark, measurements=(measured,),
        artifact=Artifact(release=release, format="gguf", quantization="Q8_0", path="/w/model-0.gguf", files=files),
        started=NOW - timedelta(days=chance.randrange(60)), finished=NOW,
    )  # fmt: skip


def _verdict(claim: Claim, bar: Criterion, run: Run, outcome: Outcome, chance: random.Random) -> Verdict:
    assert claim.interval is not None and claim.interval.value is not None
    ran = outcome is not Outcome.could_not_run
    below = outcome is Outcome.below_claim
    score = claim.interval.value - (0.1 if below else 0.0) + chance.uniform(-0.01, 0.01)
    names = ("shots", "prompt", "metric", "filter", "temperature", "repeats", "subset")
    compared = tuple(
        SettingCompared(setting=name, claimed=None if name == "shots" else "x", measured="x",
                        relation="assumed" if name == "shots" else "equal")
        for name in names
    )  # fmt: skip
    return Verdict(
        claim_id=claim.claim_id, criterion_id=bar.criterion_id if ran else None, run_id=run.run_id if ran else None,
        outcome=outcome, comparability=Comparability.assumed if ran else None, flagged=below,
        reasons=(Reason(code="margin" if ran else "memory", text="bar: claim ±2 points, alpha 0.05"),),
        compared=compared if ran else (), score=score if ran else None, low=score - 0.02 if ran else None,
        high=score + 0.02 if ran else None, confidence=0.95, items=992, of=1600, stopped_early=True,
        e_values={"at_least_low": 5.0, "at_most_high": 4.0, "below": 6.0} if ran else {},
        headline=f"measured {score:.3f}", judged_at=NOW - timedelta(days=chance.randrange(60)),
    )  # fmt: skip


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


if __name__ == "__main__":
    folder, releases, claims = Path(sys.argv[1]), *(int(text) for text in (*sys.argv[2:], "1000", "10")[:2])
    make_home(folder, releases=releases, claims=claims)
