"""How long 100,000 claims take to import, and how long `claims list` then takes.

    python tests/benchmarks/import_many.py [--claims 100000]

One CSV of invented claims over many models goes through the same reading and storing as any import; the listing is the
command in a process of its own, interpreter start included. The peer is DuckDB itself reading the same CSV.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Print seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=100_000)
    count = parser.parse_args().claims
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), count)


def _measure(folder: Path, count: int) -> None:
    import duckdb

    from flows.cli.claim_import import import_claims
    from warehouse.claims.ledger import count_claims
    from warehouse.home import Home

    path, home = folder / "many.csv", Home(folder / "home")
    path.write_text(_rows(count))
    started = time.perf_counter()
    outcome = import_claims(home, str(path), model=None, revision=None, url=None, keep=True)
    seconds = time.perf_counter() - started
    assert outcome["new"] == count == count_claims(home), outcome["new"]
    started = time.perf_counter()
    duckdb.sql(f"create table plain as select * from read_csv('{path}')")
    peer = time.perf_counter() - started
    print(f"import of {count:,} claims: {seconds:.1f} s ({seconds / peer:.0f} times DuckDB's bare read_csv)")
    started = time.perf_counter()
    again = import_claims(home, str(path), model=None, revision=None, url=None, keep=True)
    print(f"the same file again: {time.perf_counter() - started:.1f} s, {again['new']} new")
    environment = {**os.environ, "CLAIMCHECK_HOME": str(home.root)}
    command = [sys.executable, "-c", "from flows.cli import main; main()", "claims", "list"]
    for arguments in ([], ["maker7/", "--benchmark", "gsm8k"]):
        times = []
        for _ in range(3):
            started = time.perf_counter()
            subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - started)
        print(f"claims list {' '.join(arguments)}: {min(times):.2f} s (best of 3, whole process)")


def _rows(count: int) -> str:
    names = (
        "MMLU-Pro (5-shot)",
        "GSM8K",
        "GPQA Diamond",
        "IFEval (strict)",
        "AIME'25",
        "HumanEval",
        "BBH",
        "Some Bench",
    )
    lines = ["model,benchmark,said,claimant,url"]
    for number in range(count):
        name = names[number % len(names)]
        lines.append(
            f'maker{number % 997}/model-{number // len(names)},"{name}",{10 + number % 880 / 10:.1f}%,vendor,https://x/{number}'
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
