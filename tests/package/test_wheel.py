"""The wheel in a clean environment outside the repository: program, a part of the demo, pages, `import claimcheck`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.wheel
SCRIPT = """
import claimcheck, flows, json, sys
home = claimcheck.open_home()
table = home.table(kind="pandas")
judged = table[table.outcome == "confirmed"]
detail = home.claim(judged.claim_id.iloc[0])
print(json.dumps({"rows": len(table), "from": flows.__file__, "confirmed": len(judged), "items": len(detail.items),
    "asked": [item["question"] for item in detail.items]}))
"""


def run(*words: str, cwd: Path, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(words, cwd=cwd, env=kept | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but the wheel and what it needs; the folder of its programs."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = str(Path(sys.executable).with_name("uv"))
    run(uv, "build", "--quiet", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT), cwd=folder)
    run(uv, "venv", "--quiet", "--python", sys.executable, str(folder / "env"), cwd=folder)
    [wheel] = (folder / "dist").glob("*.whl")
    python = str(folder / "env" / "bin" / "python")
    locked = str(ROOT / "deploy" / "constraints.txt")
    run(uv, "pip", "install", "--quiet", "--python", python, str(wheel), "-c", locked, cwd=folder)
    return folder / "env" / "bin"


def test_program_pages_and_import_work(installed: Path, tmp_path: Path) -> None:
    claimcheck, python = str(installed / "claimcheck"), str(installed / "python")
    place = {"CLAIMCHECK_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "CLAIMCHECK_LOCKS": str(tmp_path)}
    planned = run(claimcheck, "plan", "Qwen/Qwen3.6-35B-A3B", "--json", cwd=tmp_path, **place)
    assert json.loads(planned)["total"]["hours"] > 0
    release = run(python, "-c", "from flows.demo import RELEASE; print(RELEASE)", cwd=tmp_path, **place).strip()
    assert ROOT not in Path(release).parents
    told = run(claimcheck, "verify", release, "--benchmark", "demo_sums", "--json", cwd=tmp_path, **place)
    assert json.loads(told)["judged"] > 0
    run(claimcheck, "report", "--to", "pages", cwd=tmp_path, **place)
    assert (tmp_path / "pages" / "index.html").read_text().startswith("<!doctype html>")
    found = json.loads(run(python, "-c", SCRIPT, cwd=tmp_path, **place))
    assert Path(found["from"]).is_relative_to(installed.parent)
    assert found["confirmed"] > 0 and found["items"] > 0 and all(found["asked"]) and found["rows"] >= found["confirmed"]
