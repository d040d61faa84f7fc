"""What others publish arrives by itself: new and changed files about releases in the ledger, and no others."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from flows.scheduling.watch_results import scan_results
from tests.outside.test_import_results import claim, lm_eval_files, stored
from tests.outside.test_planted_results import write
from warehouse.home import Home
from warehouse.load import save_claims
from warehouse.queries.table import table_rows


def record(score: float, party: str = "third_party", model: str = "maker/odd-7b") -> dict[str, Any]:
    return {
        "schema_version": "0.3.0", "evaluation_id": "e", "retrieved_timestamp": "1776300000",
        "source_metadata": {"source_name": "Lab", "source_organization_name": "Lab", "evaluator_relationship": party},
        "eval_library": {"name": "inspect_ai", "version": "0.3.2"}, "model_info": {"name": "x", "id": model},
        "evaluation_results": [{
            "evaluation_result_id": "r0", "evaluation_name": "GSM8K", "source_data": {"dataset_name": "GSM8K"},
            "metric_config": {"metric_name": "accuracy", "max_score": 1, "score_type": "continuous"},
            "score_details": {"score": score}}],
    }  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    save_claims(home, [claim("Maker/Odd-7B", "gsm8k", "80")])
    return home


def test_a_folder_is_read_when_something_is_new(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    mine = write(folder / "lab" / "one.json", record(0.795))
    write(folder / "lab" / "other.json", record(0.5, model="else/where"))
    write(folder / "lab" / "vendor.json", record(0.81, "first_party"))
    write(folder / "broken.json", "{")
    news = scan_results(home, [str(folder)])
    assert (news.runs, news.claims, list(news.failed)) == (1, 1, [str(folder / "broken.json")])
    assert [run.release.model for run in stored(home)] == ["Maker/Odd-7B"]  # as the ledger spells it
    shown = next(row for row in table_rows(home) if row["claimed"] == "80")
    assert (shown["outcome"], shown["made_by"], shown["comparability"]) == ("confirmed", "Lab", "unknown")
    again = scan_results(home, [str(folder)])
    assert (again.runs, again.claims, again.failed) == (0, 0, {})
    write(mine, record(0.70))
    assert scan_results(home, [str(folder)]).runs == 1
    save_claims(home, [claim("else/where", "gsm8k", "50")])  # now the other file is about a release of the ledger
    assert scan_results(home, [str(folder)]).runs == 1


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A web server over the folder `published`."""
    (tmp_path / "published").mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "published"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_url_is_read_and_a_missing_one_named(
    home: Home, tmp_path: Path, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    config = {"model": "hf", "model_args": "pretrained=maker/odd-7b"}
    file = lm_eval_files(tmp_path / "made", [True] * 1319, config=config)
    (tmp_path / "published" / "results.json").write_text(file.read_text())
    news = scan_results(home, [f"{site}/results.json", f"{site}/absent.json", str(tmp_path / "nowhere")])
    assert news.runs == 1 and len(news.failed) == 2
    assert any("HTTP 404" in reason for reason in news.failed.values())
    origin = stored(home)[0].imported
    assert origin is not None and origin.path == f"{site}/results.json"
    assert not list(home.root.parent.glob("claimcheck-*"))


def test_paired_with_a_vendors_items(home: Home, tmp_path: Path) -> None:
    """Two runs over the same documents: what differs is the extraction."""
    from flows.verification.import_results import ImportRequest, import_results
    from warehouse.queries.paired_items import compare_runs

    answers = [number % 5 > 0 for number in range(1319)]
    one = import_results(home, str(lm_eval_files(tmp_path / "a", answers)), ImportRequest(by="A")).runs[0]
    worse = [right and number % 3 > 0 for number, right in enumerate(answers)]
    file = lm_eval_files(tmp_path / "b", worse)
    samples = next(file.parent.glob("samples_*"))
    samples.write_text(samples.read_text().replace('"[invalid]"', '"1"'))
    two = import_results(home, str(file), ImportRequest(by="B")).runs[0]
    found = compare_runs(home, one.run_id, two.run_id, "exact_match", "strict-match")
    assert found is not None and found.difference.items == 1319
    assert (found.difference.won, found.difference.lost) == (0, sum(answers) - sum(worse))
    assert found.difference.p_value < 1e-6 and "extraction" in found.sentence
    assert compare_runs(home, one.run_id, "absent", "exact_match", "strict-match") is None
    assert json.dumps(found.sentence)


class _Published(http.server.BaseHTTPRequestHandler):
    """Speaks as much of the hub's and of GitHub's protocol as a look at published results needs."""

    files: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.asked.append(path)
        if path.startswith("/api/datasets/lab/evals/tree/main/data"):
            names = [name for name in self.files if name.startswith("data/")]
            entries = [{"type": "file", "oid": self._version(n), "size": len(self.files[n]), "path": n} for n in names]
            return self._send(json.dumps(entries).encode())
        if path == "/repos/bench/experiments/git/trees/HEAD":
            names = [name for name in self.files if name.startswith("evaluation/")]
            entries = [{"path": name, "sha": self._version(name), "type": "blob"} for name in names]
            return self._send(json.dumps({"tree": entries}).encode())
        for before in ("/datasets/lab/evals/resolve/main/", "/bench/experiments/HEAD/"):
            if path.startswith(before) and (content := self.files.get(path.removeprefix(before))) is not None:
                return self._send(content)
        self.send_error(404)
        return None

    def _version(self, name: str) -> str:
        return hashlib.sha1(self.files[name]).hexdigest()

    def _send(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Published]]:
    """A server in the places of the hub and of GitHub."""
    from huggingface_hub import constants

    _Published.files, _Published.asked = {}, []
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Published) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setattr("flows.scheduling.watch_results.GITHUB", f"{address}/repos/{{repository}}/git/trees/HEAD")
        monkeypatch.setattr("flows.scheduling.watch_results.RAW", f"{address}/{{repository}}/HEAD/{{path}}")
        yield _Published
        server.shutdown()


def test_a_data_set_of_the_hub_is_listed_and_read_by_version(home: Home, published: type[_Published]) -> None:
    published.files = {
        "data/GSM8K/maker/Odd-7B/one.json": json.dumps(record(0.795)).encode(),
        "data/GSM8K/else/where/two.json": json.dumps(record(0.5, model="else/where")).encode(),
        "data/GSM8K/maker/Odd-7B/notes.txt": b"no result",
    }
    news = scan_results(home, ["dataset:lab/evals"])
    assert (news.runs, news.failed) == (1, {})
    assert not any("two.json" in path for path in published.asked)  # the folder names another model
    assert (again := scan_results(home, ["dataset:lab/evals"])).runs == 0 and not again.failed
    published.files["data/GSM8K/maker/Odd-7B/one.json"] = json.dumps(record(0.70)).encode()
    assert scan_results(home, ["dataset:lab/evals"]).runs == 1
    assert "lab/absent" in next(iter(scan_results(home, ["dataset:lab/absent"]).failed))


def test_experiments_of_a_repository_are_read_with_their_description(
    tmp_path: Path, published: type[_Published]
) -> None:
    home = Home(tmp_path / "home")
    save_claims(home, [claim("Maker/Odd-7B", "swe_bench_verified", "60")])
    folder = "evaluation/verified/20250901_scaffold_odd-7b"
    ids = [f"repo__case-{number}" for number in range(300)]
    published.files = {
        f"{folder}/results/results.json": json.dumps({"no_generation": [], "no_logs": [], "resolved": ids}).encode(),
        f"{folder}/metadata.yaml": b"info:\n  name: Scaffold + Odd 7B\ntags:\n  model: [maker/Odd-7B]\n",
        "evaluation/verified/20250901_other_else-9b/results/results.json": b'{"resolved": []}',
    }
    news = scan_results(home, ["github:bench/experiments/evaluation/verified"])
    assert (news.runs, news.failed) == (1, {})
    assert not any("else-9b" in path for path in published.asked)
    assert scan_results(home, ["github:bench/experiments/evaluation/verified"]).runs == 0
    failed = scan_results(home, ["github:bench/nowhere"]).failed
    assert list(failed) == ["github:bench/nowhere"] and "404" in next(iter(failed.values()))


def test_a_vendors_own_items_pair_with_others_by_prompt(home: Home, tmp_path: Path) -> None:
    """Meta's rows know no document numbers: equal prompts are equal items, and the rest stay unpaired."""
    from flows.verification.import_results import ImportRequest, import_results
    from warehouse.queries.paired_items import compare_runs

    answers = [number % 5 > 0 for number in range(1319)]
    prompts = [hashlib.sha256(f"prompt {number}".encode()).hexdigest() for number in range(1319)]
    file = lm_eval_files(tmp_path / "ours", answers)
    samples = next(file.parent.glob("samples_*"))
    rows = [json.loads(line) for line in samples.read_text().splitlines()]
    samples.write_text("\n".join(json.dumps(row | {"prompt_hash": prompts[row["doc_id"]]}) for row in rows))
    ours = import_results(home, str(file), ImportRequest(by="Lab")).runs[0]
    theirs = [
        {"task_name": "gsm8k__cot", "benchmark_label": "GSM8K", "is_correct": number % 4 > 0, "eval_config": {},
         "input_final_prompts_hash": [prompts[number] if number < 1300 else f"{number:064d}"],
         "output_parsed_answer": "1", "input_question_hash": f"q{number}", "input_correct_responses": ["1"]}
        for number in range(1319)
    ]  # fmt: skip
    place = write(tmp_path / "meta" / "Llama-3.1-8B-Instruct-evals__gsm8k.jsonl", "\n".join(map(json.dumps, theirs)))
    vendor = import_results(home, str(place), ImportRequest(release="Maker/Odd-7B", benchmark="gsm8k")).runs[0]
    measured = vendor.measurements[0]
    strict = next(m for m in ours.measurements if (m.metric, m.filter) == (measured.metric, measured.filter))
    found = compare_runs(home, ours.run_id, vendor.run_id, strict.metric, strict.filter)
    assert found is not None and found.difference.items == found.same_prompt == 1300
    assert found.difference.won + found.difference.lost > 0 and found.unpaired == 2 * 19
