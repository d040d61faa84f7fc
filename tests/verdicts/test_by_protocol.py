"""One verdict from those under each protocol: confirmed under one, below only under each, else it depends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evaluators.records import Artifact, Protocol, Release, Settings, WeightFile
from tests.verdicts.cases import NOW, STATED, SUMS, make_claim, make_measurement, make_run, shuffled, stop_at
from warehouse.claim_records import Claim, Outcome, Verdict
from warehouse.verdicts import ClaimRule, combine_protocols, judge, make_criterion
from warehouse.verdicts.unplaced_words import unplaced_sentence, unplaced_words

OPEN = Settings(metric="exact_match", filter="strict-match")
ORDER = ("thinking", "chat", "completion")


def protocol(name: str, plausible: bool = True) -> Protocol:
    prompt = "completion" if name == "completion" else "chat"
    return Protocol(name=name, settings=STATED.model_copy(update={"prompt": prompt}), plausible=plausible)


def under(claim: Claim, name: str, score: float, count: int, seed: int = 3) -> Verdict:
    """The verdict under one protocol whose score over the whole benchmark is `score`, run until it is decided."""
    chosen = protocol(name)
    criterion = make_criterion(
        claim, SUMS, order_seed=1, now=NOW, settings=chosen.settings, plausible=count, protocol=name
    )
    values = shuffled(round(score * 1600), 1600, seed)
    measurement = make_measurement(values[: stop_at(ClaimRule([criterion]), values)], 1600)
    run = make_run(chosen.settings.model_copy(update={"quantization": "F16", "tools": "none"}), run_id=f"run-{name}")
    return judge(claim, criterion, run, measurement, now=NOW, benchmark=SUMS)


def combined(said: str, scores: dict[str, float], missing: Sequence[str] = (), stated: Settings = OPEN) -> Verdict:
    claim = make_claim(said, stated)
    parts = []
    for number, (name, score) in enumerate(scores.items()):
        parts.append((protocol(name), under(claim, name, score, len(scores) + len(missing), number)))
        if parts[-1][1].outcome is Outcome.confirmed:
            break
    return combine_protocols(claim, [protocol(name) for name in scores], parts, missing, now=NOW)


def test_true_by_chat_and_false_plain_is_confirmed_by_chat() -> None:
    """93 through the template, 83 plain, nothing stated: the claim holds, and the row says under which protocol."""
    for order in (("chat", "completion"), ("completion", "chat")):
        scores = {"chat": 0.93, "completion": 0.83}
        verdict = combined("93.0", {name: scores[name] for name in order})
        assert (verdict.outcome, verdict.protocol, verdict.flagged) == (Outcome.confirmed, "chat", False)
        assert "(chat)" in verdict.headline


def test_false_under_every_protocol_is_flagged() -> None:
    """83 however it is asked: below, flagged, with all scores."""
    verdict = combined("93.0", dict.fromkeys(ORDER, 0.83))
    assert (verdict.outcome, verdict.flagged) == (Outcome.below_claim, True)
    assert [result.protocol for result in verdict.by_protocol] == list(ORDER)
    assert all(result.outcome is Outcome.below_claim for result in verdict.by_protocol)


@pytest.mark.parametrize("missing", [["thinking: no formulation with generated answers"], ["chat was not asked for"]])
def test_what_was_not_run_is_not_refuted(missing: list[str]) -> None:
    """Below under all that were run, but a plausible way of asking is missing: no accusation."""
    verdict = combined("93.0", {"chat": 0.83, "completion": 0.83}, missing)
    assert (verdict.outcome, verdict.flagged) == (Outcome.depends_on_protocol, False)
    assert any(missing[0] in reason.text for reason in verdict.reasons)
    assert combined("93.0", {"chat": 0.93}, missing).outcome is Outcome.confirmed


def test_between_the_protocols_it_depends() -> None:
    """80 and 95 for a claim of 88: neither holds, and they do not agree on the side."""
    verdict = combined("88.0", {"chat": 0.80, "completion": 0.95})
    assert (verdict.outcome, verdict.flagged) == (Outcome.depends_on_protocol, False)
    assert "chat 8" in verdict.headline and "completion 9" in verdict.headline


def test_one_unsound_run_keeps_the_others_from_accusing() -> None:
    """A plausible protocol whose run cannot be judged is not refuted."""
    claim = make_claim("93.0", OPEN)
    below = under(claim, "chat", 0.83, 2)
    broken = below.model_copy(update={"outcome": Outcome.invalid_run, "flagged": False})
    both = [protocol("chat"), protocol("completion")]
    for parts in ([(both[0], below), (both[1], broken)], [(both[0], below)]):
        verdict = combine_protocols(claim, both, parts, now=NOW)
        assert (verdict.outcome, verdict.flagged) == (Outcome.depends_on_protocol, False)


def test_a_protocol_of_the_user_accuses_nobody() -> None:
    """Below under settings that only the user chose."""
    claim = make_claim("93.0", OPEN)
    below = under(claim, "chat", 0.83, 1)
    chosen = protocol("chat", plausible=False)
    verdict = combine_protocols(claim, [chosen], [(chosen, below)], now=NOW)
    assert (verdict.outcome, verdict.flagged) == (Outcome.depends_on_protocol, False)


def test_everything_stated_is_judged_as_ever() -> None:
    """One protocol, fully stated: matched, and flagged where the run refutes it."""
    assert combined("93.0", {"completion": 0.83}, stated=STATED).flagged
    assert combined("83.0", {"completion": 0.83}, stated=STATED).outcome is Outcome.confirmed


@pytest.mark.parametrize(("score", "expected"), [(0.93, Outcome.reached), (0.83, Outcome.not_reached)])
def test_a_quantization_is_judged_for_itself(score: float, expected: Outcome) -> None:
    """Weights of four bits against a claim about the released ones: an answer about the artifact, never flagged."""
    claim = make_claim("93.0", STATED)
    criterion = make_criterion(claim, SUMS, order_seed=1, now=NOW)
    artifact = Artifact(
        release=Release(model="other/demo-GGUF", commit="1", location="hub"), format="gguf", quantization="Q4_K_M",
        path="/x.gguf", files=(WeightFile(name="x.gguf", size=1, sha256="0" * 64),),
    )  # fmt: skip
    run = make_run(STATED.model_copy(update={"quantization": "Q4_K_M", "tools": "none"}), artifact=artifact)
    measurement = make_measurement(shuffled(round(score * 1600), 1600, 5))
    verdict = judge(claim, criterion, run, measurement, now=NOW, benchmark=SUMS)
    assert (verdict.outcome, verdict.flagged) == (expected, False)
    other = run.model_copy(update={"settings": run.settings.model_copy(update={"shots": 5})})
    tested = judge(claim, criterion, other, measurement, now=NOW, benchmark=SUMS)
    assert tested.outcome is Outcome.not_tested and "settings differ" in tested.headline


@pytest.mark.parametrize(
    ("note", "settings", "unplaced"),
    [
        ("Humanities", Settings(), True),
        ("Swahili", Settings(), True),
        ("cloze", Settings(), True),
        ("Average prompt/inst", Settings(), True),
        ("temperature 0.7", Settings(), True),
        ("Plain completion prompts, temperature 0.", Settings(prompt="completion", temperature=0.0), False),
        ("5-shot", Settings(shots=5), False),
        ("Higher is better. Best results in bold.", Settings(), False),
        ("evaluated with lm-eval", Settings(harness="lm-eval"), False),
    ],
)
def test_words_that_nothing_placed(note: str, settings: Settings, unplaced: bool) -> None:
    """Neither a setting of the claim nor harmless: fail closed."""
    assert bool(unplaced_words(settings.model_copy(update={"notes": (note,)}))) is unplaced


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("a large thinking budget", "whose size is not told"),
        ("temperature 0.6-1.0", "a range, of which"),
        ("T = 0.6 to 0.8", "a range, of which"),
        ("best-of-8", "the best of several"),
        ("BoN@16", "the best of several"),
        ("Swahili", "not understood: Swahili"),
    ],
)
def test_what_is_understood_and_not_run_is_said(note: str, told: str) -> None:
    """A claim with settings that no run here follows is refused with its reason, not judged without them."""
    words = unplaced_words(Settings(thinking="on", temperature=0.6, notes=(note,)))
    assert words == (note,) and told in unplaced_sentence(words)
    assert ("not run here" in unplaced_sentence(words)) is (note != "Swahili")


def test_the_best_of_several_answers_is_not_judged_as_one_answer() -> None:
    stated = STATED.model_copy(update={"metric": "best@8", "repeats": None})
    claim = make_claim("90.0", stated)
    criterion = make_criterion(make_claim("90.0"), SUMS, order_seed=1, now=NOW)
    verdict = judge(claim, criterion, make_run(), make_measurement(shuffled(1200, 1600, 1)), now=NOW, benchmark=SUMS)
    assert verdict.outcome is Outcome.not_tested and not verdict.flagged
