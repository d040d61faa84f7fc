"""Memory and time of importing one sample file of lm-eval with very many rows, each in a process of its own.

    python tests/benchmarks/import_samples.py [--rows 100000 290000 1000000]

The peer is reading the same file line by line as JSON, and keeping nothing. More rows than are held at once are
refused with one line, and the memory of that refusal is measured too.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 290_000, 1_000_000])
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.file:
        _import(options.file)
        return
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "samples_gsm8k_2026-01-01T00-00-00.000000.jsonl"
            _write(path, rows)
            began = time.perf_counter()
            with path.open("rb") as file:
                for line in file:
                    json.loads(line)
            peer = time.perf_counter() - began
            command = [sys.executable, __file__, "--file", str(path)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            print(f"{rows:9,} rows, {path.stat().st_size / 1e6:.0f} MB (bare JSON: {peer:.1f} s): {said}", flush=True)


def _write(path: Path, rows: int) -> None:
    with path.open("w") as file:
        for number in range(rows):
            right = number % 3 == 0
            row = {"doc_id": number, "doc": {"question": "q" * 200, "answer": "a" * 100}, "target": str(number),
                   "arguments": {"gen_args_0": {"arg_0": "p" * 300}}, "resps": [["The answer is #### " + str(number)]],
                   "filtered_resps": [str(number) if right else "[invalid]"], "filter": "strict-match",
                   "metrics": ["exact_match"], "exact_match": float(right)}  # fmt: skip
            file.write(json.dumps(row) + "\n")


def _import(path: Path) -> None:
    from evaluators.user_error import UserError
    from flows.verification.import_results import ImportRequest, import_results
    from warehouse.home import Home

    began = time.perf_counter()
    try:
        report = import_results(Home(path.parent / "home"), str(path), ImportRequest(release="org/model"))
        measured = report.runs[0].measurements[0]
        said = f"score {measured.score:.4f} over {measured.items:,} items"
    except UserError as problem:
        said = f"refused: {str(problem).rpartition('/')[2]}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{said}; {time.perf_counter() - began:.1f} s, peak {peak:.0f} MiB")


if __name__ == "__main__":
    main()
