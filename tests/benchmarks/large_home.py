"""A home folder of any size, written by the product's own writers: claims, criteria, verdicts, runs with their items.

    python -m tests.benchmarks.large_home FOLDER [--items N] [--claims N] [--runs N] [--answered N] [--folders]

Every release has ten claims and two runs. `--folders` gives each release a folder with a card and a small model file,
so that `weekly --dry-run` has something to read without a network.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from evaluators.harness.journal import Journal
from evaluators.harness.run_folder import write_run_folder, write_scored_folder
from evaluators.records import ItemScore, ItemStatus, RequestKind, Response, ResponseStatus, Run
from tests.reports.many_claims import OUTCOMES, _claim, _run, _verdict
from tests.verdicts.cases import make_lock
from warehouse.claim_records import Claim, Criterion, Outcome, Verdict
from warehouse.home import Home
from warehouse.load import save_claims, save_criteria, save_verdicts

CLAIMS_OF_A_RELEASE = 10
CARD = """---
license: apache-2.0
---
# {name}

| Benchmark | {name} |
|---|---|
| GSM8K (5-shot) | {score:.1f} |
| MMLU (5-shot) | {other:.1f} |
"""


def write_large_home(root: Path, *, items: int, claims: int, runs: int, answered: int, folders: bool = False) -> Home:
    """`items` item scores over `runs` runs, `answered` of the runs (the first ones) with their answers too; `claims`
    claims, each with a criterion and a verdict. Prints how long each kind took to write."""
    home, chance = Home(root), Random(0)
    releases = max(1, claims // CLAIMS_OF_A_RELEASE)
    said: list[Claim] = []
    bars: list[Criterion] = []
    judged: list[Verdict] = []
    made: list[Run] = []
    for number in range(releases):
        model = f"vendor-{number % 40}/model-{number:05d}"
        ours = [_claim(model, place, chance) for place in range(CLAIMS_OF_A_RELEASE)]
        of_release = [
            _located(
                _run(model, f"{ours[place].benchmark}-{number:08x}{place:08x}", ours[place], chance), root, folders
            )
            for place in range(max(1, runs // releases + (number < runs % releases)))
        ]
        for place, claim in enumerate(ours):
            run, bar = of_release[place % len(of_release)], make_lock(claim)
            outcome = Outcome.could_not_run if place >= len(of_release) else chance.choice(OUTCOMES)
            bars.append(bar)
            judged.append(_verdict(claim, bar, run, outcome, chance))
        said += ours
        made += of_release
        if folders:
            write_release(root / "releases" / model, chance)
    made = made[:runs]
    for what, write in (
        ("claims", lambda: save_claims(home, said)),
        ("criteria", lambda: save_criteria(home, bars)),
        ("verdicts", lambda: save_verdicts(home, judged)),
        ("items", lambda: [_write(home, run, items // len(made), place < answered) for place, run in enumerate(made)]),
    ):
        started = time.process_time()
        write()
        print(f"wrote {what}: {time.process_time() - started:.1f} CPU s", flush=True)
    return home


def write_release(folder: Path, chance: Random) -> None:
    """A card with two numbers beside a GGUF file of one tensor."""
    import gguf
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    card = CARD.format(name=folder.name, score=chance.uniform(20, 90), other=chance.uniform(20, 90))
    (folder / "README.md").write_text(card)
    writer = gguf.GGUFWriter(folder / f"{folder.name}-F16.gguf", "llama")
    for name in ("context_length", "embedding_length", "block_count", "feed_forward_length", "head_count"):
        getattr(writer, f"add_{name}")(2048 if name == "context_length" else 2)
    writer.add_file_type(1)
    writer.add_tensor("token_embd.weight", np.zeros((2, 2), dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _located(run: Run, root: Path, folders: bool) -> Run:
    if not folders:
        return run
    release = run.release.model_copy(update={"location": str(root / "releases" / run.release.model)})
    return run.model_copy(update={"release": release})


def _write(home: Home, run: Run, items: int, answered: bool) -> None:
    if not answered:
        write_scored_folder(home.runs / run.run_id, run, _scores(run, items))
        return
    journal = Journal(home.runs / run.run_id / "journal.sqlite")
    for start in range(0, items, 1000):
        answers = [_answer(run, item) for item in range(start, min(start + 1000, items))]
        journal.commit([(f"{one.doc_id:064x}", one) for one in answers])
    journal.commit([], _scores(run, items))
    write_run_folder(home.runs / run.run_id, run, journal, items)
    journal.remove()


def _scores(run: Run, items: int) -> Iterator[ItemScore]:
    for item in range(items):
        yield ItemScore.model_construct(
            task=run.benchmark, doc_id=item, position=item, repeat=0, metric="exact_match", filter="strict-match",
            value=float(item * 7 % 10 < 6), status=ItemStatus.ok, extracted=str(item % 97), target="42",
        )  # fmt: skip


def _answer(run: Run, item: int) -> Response:
    return Response(
        task=run.benchmark, doc_id=item, index=0, repeat=0, kind=RequestKind.generate, status=ResponseStatus.ok,
        text=f"the answer is {item % 97}", prompt_tokens=400, generated_tokens=60, seconds=0.5, attempts=1,
    )  # fmt: skip


def main() -> None:
    """Write one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    add_sizes(parser)
    given = vars(parser.parse_args())
    write_large_home(given.pop("folder"), **given)


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """Options for the sizes of a home."""
    parser.add_argument("--items", type=int, default=1_000_000, help="item scores")
    parser.add_argument("--claims", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--answered", type=int, default=50, help="runs that keep their answers too")
    parser.add_argument("--folders", action="store_true", help="a folder with a card for each release")


if __name__ == "__main__":
    main()
