"""`make demo-agents`: an agent benchmark from claims to verdicts, with a model that repairs 12 of the 20 tasks.

The harness, the sandbox, the tests and the judge are the real ones; only the model is a script. What must come out is
checked: exit code 1 if it does not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.demo_agents.scripted_model import MODEL, scripted_model

PROGRAM = Path(sys.executable).parent / "claimcheck"
RELEASE = "scripted-coder"
CARD = f"""---
license: apache-2.0
---
# {RELEASE}

| Benchmark | {RELEASE} |
|---|---|
| Demo Repairs | 60.0 |
"""
SOLVED = 12
CLAIMED = (("60.0", None), ("80.0", None), ("100.0", "mini-swe-agent"), ("90.0", "OpenHands"))
"""What is said, and the scaffold that is named with it; the first stands in the card."""
EXPECTED = {"60.0": "confirmed", "80.0": "inconclusive", "100.0": "below_claim", "90.0": "not_tested"}


def claimcheck(home: Path, *words: str, show: bool = True) -> str:
    """Run the command line. Raises CalledProcessError."""
    if show:
        print("$ claimcheck", *words, flush=True)
    environment = {**os.environ, "CLAIMCHECK_HOME": str(home)}
    done = subprocess.run(
        [PROGRAM, *words], env=environment, check=True, text=True, stdout=None if show else subprocess.PIPE
    )
    return done.stdout or ""


def by(said: str) -> tuple[str, ...]:
    """Who says it where: a newer claim of one person or document stands for the older."""
    return "--source", f"made up for the demo: {said}", "--by", f"A reader who says {said}"


def verdicts(home: Path) -> dict[str, dict[str, Any]]:
    """The rows of the table, by what is claimed."""
    found = json.loads(claimcheck(home, "table", RELEASE, "--json", show=False))
    return {row["claimed"]: row for row in found if row["benchmark"] == "demo_repairs"}


def make_release(home: Path) -> Path:
    """The folder of the release, with its card."""
    folder = home / RELEASE
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(CARD)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
    return folder


def main() -> int:
    """Make the release, verify it, and compare the verdicts with the truth."""
    home = Path(os.environ.get("CLAIMCHECK_HOME") or "claimcheck-data").absolute() / "demo-agents"
    folder = make_release(home)
    for said, scaffold in CLAIMED[1:]:
        setting = ("--setting", f"scaffold={scaffold}") if scaffold else ()
        claimcheck(home, "claims", "add", RELEASE, "Demo Repairs", said, *by(said), *setting)
    with scripted_model(SOLVED) as server:
        place = ("--backend", "attached", "--url", server.url, "--served-model", MODEL)
        more = ("--quantization", "bf16", "--slots", "5", "--benchmark", "demo_repairs")
        claimcheck(home, "verify", str(folder), *place, *more)
        begun = list(server.begun)
    claimcheck(home, "table", RELEASE)
    found = {said: row["outcome"] for said, row in verdicts(home).items()}
    print(f"planted: {SOLVED} of 20 tasks; the model was asked about {len(begun)}, each {_times(begun)}")
    print(f"expected {EXPECTED}, found {found}")
    return 0 if found == EXPECTED else 1


def _times(begun: list[str]) -> str:
    return "once" if len(begun) == len(set(begun)) else "more than once"


if __name__ == "__main__":
    sys.exit(main())
