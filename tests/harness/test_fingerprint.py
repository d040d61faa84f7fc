"""A server whose weights nobody has seen is told by its answers: mended or exchanged, it gets a run of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluators.backends import ServerOptions, open_server
from evaluators.backends.fingerprint import PROBES, alike, ask_probes, fingerprint_id
from evaluators.backends.replicas.recognition import ask_replicas
from evaluators.backends.replicas.server_group import ServerGroup
from evaluators.harness import run_benchmark
from evaluators.records import Artifact, Release, Run, ServerDescription, Settings
from tests.harness.conftest import FEW_SUMS
from tests.harness.fakes import FakeServer
from tests.harness.scripted_server import ScriptedServer, generated

UNSEEN = Artifact(
    release=Release(model="fake/model", commit="0", location="/nowhere"),
    format="unknown", quantization="unknown", path="", files=(),
)  # fmt: skip


class Elsewhere(FakeServer):
    """The fake as somebody else's server, always at the same address."""

    backend = "attached"

    def describe(self) -> ServerDescription:
        return ServerDescription(
            backend="attached", version="1", model="fake", flags={"url": "http://there"}, slots=8, context=1024
        )


def run(folder: Path, wrong: float) -> tuple[Run, int]:
    """A run on the server as it is now, and the requests that it cost."""
    with Elsewhere(wrong=wrong) as server:
        made = run_benchmark(FEW_SUMS, UNSEEN, server, Settings(), folder=folder, limit=64, checks=False)
        return made, sum(server.counts().values())


def test_a_mended_server_gets_a_run_of_its_own_and_the_same_one_does_not(tmp_path: Path) -> None:
    broken, paid = run(tmp_path, 0.9)
    again, more = run(tmp_path, 0.9)
    mended, _ = run(tmp_path, 0.0)
    assert broken.run_id == again.run_id and more < paid
    assert mended.run_id != broken.run_id
    assert not broken.weights_seen and broken.server is not None and broken.server.fingerprint
    assert mended.measurements[0].score != broken.measurements[0].score
    assert broken.artifact is not None and broken.artifact.key == ""


def test_the_runs_of_one_verification_ask_which_server_it_is_once(tmp_path: Path) -> None:
    """And each further one a single question, which shows whether it is still the same."""

    def probed(settings: Settings) -> tuple[Run, int]:
        before = server.counts().get(0, 0)
        made = run_benchmark(FEW_SUMS, UNSEEN, server, settings, folder=tmp_path, limit=32, checks=False, order_seed=1)
        return made, server.counts()[0] - before

    with Elsewhere(wrong=0.5) as server:
        runs = [probed(Settings()), probed(Settings(temperature=0.5)), probed(Settings(temperature=1.0))]
    assert [questions for _, questions in runs] == [PROBES, 1, 1]
    assert len({made.run_id for made, _ in runs}) == 3
    assert len({made.server.fingerprint for made, _ in runs if made.server}) == 1


@pytest.mark.parametrize("several", [False, True])
def test_a_server_that_shows_a_change_is_asked_all_again(several: bool) -> None:
    prompts, asked, told = [str(number) for number in range(PROBES)], [0, 0], "it is "

    def scripted(number: int) -> ScriptedServer:
        def answer(body: dict[str, Any]) -> dict[str, Any]:
            asked[number] += 1
            return generated(told + body["prompt"])

        models = {"data": [{"id": "fake"}]}
        return ScriptedServer({"/v1/completions": answer, "/v1/models": lambda body: models})

    with scripted(0) as first, scripted(1) as second:
        options = ServerOptions(url=first.url, further_urls=(second.url,) if several else ())
        with open_server("attached", None, options, Path()) as server:
            before = ask_replicas(server, "fake", prompts, False)
            assert ask_replicas(server, "fake", prompts, False) == before and asked[0] == PROBES + 1
            told = "now "
            after = ask_replicas(server, "fake", prompts, False)
            assert after == [(f"now {prompt}", None) for prompt in prompts] != before and asked[0] == 2 * PROBES + 2
            assert ask_replicas(server, "fake", prompts[::-1], False) == after[::-1], "other prompts are asked"
            assert asked == [3 * PROBES + 2, (3 * PROBES + 2) * several]
            if isinstance(server, ServerGroup):
                server.replicas = server.replicas[:1]
                ask_replicas(server, "fake", prompts, False)
                assert asked[0] == 4 * PROBES + 2, "the servers are not those that agreed"


@pytest.mark.parametrize(("other", "same"), [(-1.02, True), (-1.4, False), (None, False)])
def test_log_probabilities_may_differ_by_what_kernels_make(other: float | None, same: bool, tmp_path: Path) -> None:
    one = [("4", -1.0), ("5", -0.1)]
    two = [("4", other), ("5", -0.1)]
    assert alike(one, two) is same
    assert (fingerprint_id(tmp_path, "there fake", one) == fingerprint_id(tmp_path, "there fake", two)) is same


@pytest.mark.parametrize("damage", ["", "[", "[1]", "{}", '[{"id": "x"}]', '[{"id": "x", "answers": [1]}]'])
def test_a_damaged_file_of_fingerprints_costs_nothing(damage: str, tmp_path: Path) -> None:
    """The same answers have the same id, so what the server answered before is found again."""
    answers = [("a", -1.0), ("b", None)]
    known = fingerprint_id(tmp_path, "url model", answers)
    path = next((tmp_path / "fingerprints").iterdir())
    path.write_text(damage)
    assert fingerprint_id(tmp_path, "url model", answers) == known
    assert fingerprint_id(tmp_path, "url model", [("a", -1.01), ("b", None)]) == known


def test_a_server_that_dies_at_that_moment_and_comes_back_is_the_same() -> None:
    """Its answers would be paid for again as those of another server."""
    prompts, dying = ["one", "two", "three"], [2, 3]
    asked = 0

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        if asked in dying:
            raise ConnectionResetError
        return generated(body["prompt"], logprobs={"token_logprobs": [-1.0]} if "logprobs" in body else None)

    with ScriptedServer({"/v1/completions": answer}) as server:
        found = ask_probes(server, "fake", prompts, False)
    assert found == [(prompt, -1.0) for prompt in prompts] and asked == len(prompts) + len(dying)
