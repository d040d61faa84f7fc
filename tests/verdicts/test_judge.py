"""The judge: outcomes, comparability, flags, and that an unsound run accuses nobody."""

from __future__ import annotations

from typing import Any

import pytest

from evaluators.records import (
    Artifact,
    ItemScore,
    ItemStatus,
    Measurement,
    Release,
    RunStatus,
    ServerDescription,
    Settings,
)
from tests.verdicts.cases import (
    AS_RUN,
    NOW,
    STATED,
    SUMS,
    make_claim,
    make_lock,
    make_measurement,
    make_run,
    shuffled,
    verify,
)
from warehouse.claim_records import Comparability, Outcome, Verdict
from warehouse.verdicts import judge
from warehouse.verdicts.diagnostics.evidence import ColumnMatch

NO_FLIPS = {"flip_rate": 0.0, "flip_items": 100_000.0}
"""Signals of a run whose answers were measured to be the same each time."""


def judged(
    claim_text: str, correct: int, total: int = 1600, run: dict[str, Any] | None = None, **counts: Any
) -> Verdict:
    """A whole run of 1,600 items with so many correct."""
    claim = make_claim(claim_text, counts.pop("stated", STATED))
    more = {name: counts.pop(name) for name in ("other_cells", "columns", "items") if name in counts}
    values = counts.pop("values", shuffled(correct, total, 7))
    benchmark = counts.pop("benchmark", SUMS)
    measurement = make_measurement(values, total, **counts)
    made = make_run(**(run or {}))
    return judge(claim, make_lock(claim), made, measurement, now=NOW, benchmark=benchmark, **more)


def test_true_inflated_and_modest_claims() -> None:
    values = shuffled(1280, 1600, 3)
    true, inflated, modest = (verify(make_claim(said), values) for said in ("80.0", "92.0", "68.0"))
    assert true.outcome is Outcome.confirmed and not true.flagged
    assert inflated.outcome is Outcome.below_claim and inflated.flagged
    assert modest.outcome is Outcome.above_claim and not modest.flagged
    assert inflated.items is not None and inflated.items < 320
    assert inflated.stopped_early and "at stop" in inflated.headline and "BELOW CLAIM by ≥" in inflated.headline
    assert "CONFIRMED within ±2 points" in true.headline and true.comparability is Comparability.matched
    assert true.confidence == pytest.approx(0.92) and inflated.confidence == pytest.approx(0.96)
    assert inflated.high is not None and inflated.high < 0.92 - 0.02


def test_a_whole_run_is_decided_by_arithmetic() -> None:
    bar_low = round(1600 * 0.7795)
    assert judged("80.0", bar_low + 1).outcome is Outcome.confirmed
    assert judged("80.0", bar_low - 2, run={"signals": NO_FLIPS}).outcome is Outcome.below_claim
    assert judged("80.0", bar_low - 2).reasons[0].code == "needs_repeats"
    assert judged("80.0", 1280).low == judged("80.0", 1280).high == 0.8


def test_the_same_arguments_give_the_same_verdict() -> None:
    values = shuffled(1200, 1600, 5)
    assert verify(make_claim("92.0"), values) == verify(make_claim("92.0"), values)


@pytest.mark.parametrize(
    ("stated", "expected", "flagged"),
    [
        (STATED, Comparability.matched, True),
        (STATED.model_copy(update={"subset": None, "repeats": None}), Comparability.matched, True),
        (Settings(), Comparability.assumed, True),
        (STATED.model_copy(update={"shots": 5}), Comparability.differs, False),
        (STATED.model_copy(update={"quantization": "Q4_K_M"}), Comparability.differs, False),
        (STATED.model_copy(update={"filter": "flexible"}), Comparability.matched, True),
    ],
)
def test_comparability_decides_what_is_flagged(stated: Settings, expected: Comparability, flagged: bool) -> None:
    claim = make_claim("92.0", stated)
    bar = make_lock(claim)
    measurement = make_measurement(shuffled(1280, 1600, 7), filter=bar.filter)
    verdict = judge(claim, bar, make_run(), measurement, now=NOW, benchmark=SUMS)
    assert verdict.comparability is expected
    differs = expected is Comparability.differs
    assert verdict.outcome is (Outcome.not_tested if differs else Outcome.below_claim)
    assert verdict.flagged is flagged
    if expected is Comparability.differs:
        assert verdict.reasons[0].code == "settings_differ" and "settings differ" in verdict.headline
    if expected is Comparability.assumed:
        assert {line.relation for line in verdict.compared} >= {"assumed"}


def test_weights_that_are_not_as_released_are_never_held_against_a_claim() -> None:
    run = {"settings": AS_RUN.model_copy(update={"quantization": "Q2_K"})}
    verdict = judged("92.0", 1100, run=run)
    assert verdict.comparability is Comparability.differs and not verdict.flagged
    assert "quantization" in verdict.reasons[0].text and "Q2_K" in verdict.reasons[0].text


def test_what_the_benchmark_leaves_no_choice_about_need_not_be_stated() -> None:
    single = SUMS.model_copy(update={"scores": SUMS.scores[:1], "decides": ("shots", "metric", "filter")})
    claim = make_claim("80.0", Settings(shots=0))
    measurement = make_measurement(shuffled(1280, 1600, 7))
    verdict = judge(claim, make_lock(claim), make_run(), measurement, now=NOW, benchmark=single)
    assert verdict.comparability is Comparability.matched


def test_the_vendors_own_quantized_weights_are_as_released() -> None:
    artifact = Artifact(
        release=Release(model="demo/model", commit="c0ffee", location="hub"),
        format="safetensors",
        quantization="mxfp4",
        path="weights",
        files=(),
    )
    settings = AS_RUN.model_copy(update={"quantization": "mxfp4"})
    assert judged("92.0", 1280, run={"artifact": artifact, "settings": settings}).flagged
    other = artifact.model_copy(update={"release": Release(model="packer/model-AWQ", commit="1", location="hub")})
    assert not judged("92.0", 1280, run={"artifact": other, "settings": settings}).flagged


def server(**more: Any) -> ServerDescription:
    return ServerDescription(backend="llama.cpp", version="1", model="demo", **more)


def wrong(number: int, answer: str) -> ItemScore:
    """A wrong item whose target is its number."""
    return ItemScore(
        task="sums", doc_id=number, position=number, metric="exact_match", filter="strict-match", value=0.0,
        status=ItemStatus.ok, extracted=answer, target=f"It is. #### {number}",
    )  # fmt: skip


def flexible(correct: int) -> Measurement:
    """The same run's score under the other filter."""
    return make_measurement(shuffled(correct, 1600, 8), filter="flexible-extract")


PLANTED: list[tuple[str, dict[str, Any]]] = [
    ("token_limit", {"correct": 200, "truncated": 1300}),
    ("failed_requests", {"values": [None if n % 10 == 0 else value for n, value in enumerate(shuffled(900, 1600, 7))]}),
    ("chat_template_doubled", {"correct": 900, "run": {"signals": {"template_doubled": 1.0}}}),
    (
        "chat_template_missing",
        {"correct": 900, "stated": Settings(), "run": {"server": server(chat_template_sha256="a")}},
    ),
    ("bos_missing", {"correct": 400, "run": {"signals": {"bos_missing": 1.0}}}),
    ("bos_doubled", {"correct": 900, "run": {"signals": {"bos_doubled": 1.0}}}),
    ("stop_string", {"correct": 300, "run": {"signals": {"reasoning_stop_share": 0.6}}}),
    ("stop_string", {"correct": 300, "unextracted": 1200, "run": {"signals": {"median_generated_tokens": 3.0}}}),
    ("think_block_scored", {"correct": 700, "run": {"signals": {"think_tag_share": 0.9}}}),
    ("exact_zero", {"correct": 0}),
    ("chance_level", {"correct": 410}),
    ("extraction", {"correct": 600, "unextracted": 700}),
    ("wrong_model_or_column", {"correct": 1152, "other_cells": [("demo/model-Base, Sums", 0.721)]}),
    ("wrong_model_or_column", {"correct": 1152, "columns": [ColumnMatch("small model", 3, 3)]}),
    ("near_collapse", {"correct": 530}),
    ("prompt_cut", {"correct": 900, "run": {"signals": {"prompt_cut_share": 0.25}}}),
    ("logprob_underflow", {"correct": 900, "run": {"signals": {"underflow_share": 0.25}}}),
    ("answer_spelling", {"correct": 900, "run": {"signals": {"respelled_share:exact_match,strict-match": 0.35}}}),
    ("answer_spelling", {"correct": 900, "items": [wrong(number, f"${number}.00") for number in range(300)]}),
    ("server_messages", {"correct": 900, "run": {"signals": {"message_share": 0.1}}}),
    ("noise", {"correct": 1200, "run": {"signals": {"noise_share": 0.2}}}),
    ("cut_open", {"correct": 1200, "run": {"signals": {"cut_open_share": 0.2}}}),
    ("capped", {"correct": 1200, "run": {"signals": {"capped_share": 0.2}}}),
    ("one_choice", {"correct": 1200, "run": {"signals": {"modal_choice_share": 0.6}}}),
    (
        "sampled",
        {"correct": 1100, "run": {"greedy_repeats": False, "signals": {"flip_rate": 0.2, "flip_items": 100.0}}},
    ),
    (
        "load_dependent",
        {"correct": 1100, "run": {"signals": {"flip_rate": 0.2, "flip_items": 100.0, "flip_gain": 0.16}}},
    ),
    ("tool_calls", {"correct": 1100, "empty": 300, "run": {"signals": {"tool_call_share": 0.19}}}),
    ("fingerprint_changed", {"correct": 1100, "run": {"checks": {"system_fingerprint": "a (9), b (8)"}}}),
    ("unparsable", {"correct": 1200, "run": {"signals": {"unparsable_share": 0.2}}}),
    ("unreadable", {"correct": 600, "run": {"signals": {"unreadable_share": 0.6}}}),
    ("uncased", {"correct": 1200, "run": {"signals": {"uncased_share": 0.9}}}),
    ("encoded", {"correct": 1200, "run": {"signals": {"encoded_share": 0.2}}}),
    ("answer_form", {"correct": 1200, "run": {"signals": {"other_form_share:exact_match,strict-match": 0.2}}}),
    ("cut_open", {"correct": 1200, "run": {"signals": {"cut_open_share": 0.1, "same_text_share": 0.07}}}),
    ("same_text", {"correct": 1200, "run": {"signals": {"same_text_share": 0.2}}}),
    ("think_block_scored", {"correct": 1200, "run": {"signals": {"leading_block_share": 0.9}}}),
    (
        "thinking_missing",
        {
            "correct": 1200,
            "stated": STATED.model_copy(update={"thinking": "on"}),
            "run": {
                "settings": AS_RUN.model_copy(update={"thinking": "on"}),
                "signals": {"answers": 1600.0, "reasoning_share": 0.01},
            },
        },
    ),
    ("thinking_on", {"correct": 1200, "run": {"signals": {"reasoning_share": 0.9}}}),
    ("other_metric", {"correct": 1200, "run": {"measurements": (flexible(1470),)}}),
    ("kv_cache_quantized", {"correct": 900, "run": {"server": server(kv_type="q4_0")}}),
    ("run_invalid", {"correct": 900, "run": {"status": RunStatus.invalid, "reason": "the server gave up"}}),
]


@pytest.mark.parametrize(("code", "plant"), PLANTED, ids=[f"{n}-{code}" for n, (code, _) in enumerate(PLANTED)])
def test_a_planted_cause_is_named_first_and_accuses_nobody(code: str, plant: dict[str, Any]) -> None:
    plant = dict(plant)
    verdict = judged("92.0", plant.pop("correct", 0), **plant)
    assert verdict.outcome in (Outcome.invalid_run, Outcome.inconclusive)
    assert not verdict.flagged
    assert verdict.reasons[0].code == code
    assert code == "run_invalid" or verdict.reasons[0].text in verdict.headline


@pytest.mark.parametrize("stated", [Settings(), Settings(shots=0), Settings(temperature=0.0)])
def test_a_model_with_a_template_that_nobody_asked_by_chat_is_not_accused(stated: Settings) -> None:
    """Where the claim does not say how it was asked; a criterion of one protocol is judged with the others."""
    planted: dict[str, Any] = {"stated": stated, "run": {"server": server(chat_template_sha256="a")}}
    verdict = judged("92.0", 1320, **planted)
    assert verdict.outcome is Outcome.inconclusive and verdict.reasons[0].code == "chat_template_missing"
    claim = make_claim("92.0", stated)
    measurement, run = make_measurement(shuffled(1320, 1600, 7), 1600), make_run(**planted["run"])
    tried = make_lock(claim, protocol="completion")
    assert judge(claim, tried, run, measurement, now=NOW, benchmark=SUMS).outcome is Outcome.below_claim


def test_small_letters_hide_no_lie_where_no_grade_minds_them() -> None:
    """RULER's words, whose right answers have no capital either."""
    signals = {"signals": {"uncased_share": 0.9}}
    words = SUMS.model_copy(update={"sized": True})
    verdict = judged("92.0", 1200, run=signals, benchmark=words)
    assert "uncased" not in {reason.code for reason in verdict.reasons}
    assert verdict.outcome is Outcome.below_claim


def test_unreadable_answers_that_cannot_explain_the_gap_do_not_protect_a_claim() -> None:
    verdict = judged("92.0", 1200, unextracted=60)
    assert verdict.outcome is Outcome.below_claim and verdict.flagged
    assert any(reason.code == "extraction" for reason in verdict.reasons)
    told = next(reason.text for reason in verdict.reasons if reason.code == "bounds")
    assert "between 71.2% and 78.8%" in told


def test_reasons_name_three_items() -> None:
    items = [
        ItemScore(
            task="sums",
            doc_id=number,
            position=number,
            metric="exact_match",
            filter="strict-match",
            value=0.0,
            status=ItemStatus.truncated if number % 2 else ItemStatus.ok,
        )
        for number in range(10)
    ]
    verdict = judged("92.0", 200, truncated=1300, items=items)
    assert verdict.reasons[0].items == ("sums/1", "sums/3", "sums/5")


def test_answers_that_go_round_in_circles_are_told_from_answers_that_needed_more_room() -> None:
    circling = judged("92.0", 200, truncated=800, run={"signals": {"truncated_share": 0.5, "looping_share": 0.45}})
    assert circling.outcome is Outcome.invalid_run
    assert "45.0% while repeating themselves: a longer limit would not end those" in circling.reasons[0].text
    assert "repeating" not in judged("92.0", 200, truncated=800).reasons[0].text


def test_another_order_than_the_locked_one_decides_nothing() -> None:
    claim = make_claim("92.0")
    measurement = make_measurement(shuffled(1280, 1600, 7)[:640], order_seed=2)
    verdict = judge(claim, make_lock(claim), make_run(), measurement, now=NOW, benchmark=SUMS)
    assert verdict.outcome is Outcome.inconclusive and verdict.reasons[0].code == "other_order"


def test_a_score_that_is_no_mean_is_decided_by_whole_runs_only() -> None:
    claim = make_claim("92.0")
    for items, expected in ((640, Outcome.inconclusive), (1600, Outcome.below_claim)):
        measurement = Measurement(
            benchmark="sums",
            metric="exact_match",
            filter="strict-match",
            score=0.8,
            unit="fraction",
            items=items,
            of=1600,
            order_seed=1,
            stopped_early=items < 1600,
        )
        verdict = judge(claim, make_lock(claim), make_run(), measurement, now=NOW, benchmark=SUMS)
        assert verdict.outcome is expected


def test_budget_says_how_many_more_items() -> None:
    claim = make_claim("80.0")
    values = shuffled(1242, 1600, 11)[:320]
    verdict = judge(claim, make_lock(claim), make_run(), make_measurement(values), now=NOW, benchmark=SUMS)
    assert verdict.outcome is Outcome.inconclusive
    assert verdict.reasons[0].code == "budget"


def test_run_noise_needs_repeats() -> None:
    sampled = STATED.model_copy(update={"temperature": 0.7})
    claim = make_claim("80.0", sampled)
    bar = make_lock(claim, settings=sampled)
    assert 0.02 < bar.noise < 0.04
    run = make_run(AS_RUN.model_copy(update={"temperature": 0.7}))
    near, far = (make_measurement(shuffled(correct, 1600, 3)) for correct in (1230, 1130))
    verdict = judge(claim, bar, run, near, now=NOW, benchmark=SUMS)
    assert verdict.outcome is Outcome.inconclusive and verdict.reasons[0].code == "needs_repeats"
    assert judge(claim, bar, run, far, now=NOW, benchmark=SUMS).outcome is Outcome.below_claim


@pytest.mark.parametrize("cells", [0, 1, 3, 8])
def test_cells_of_other_models_hide_no_lie(cells: int) -> None:
    """Cells near the measured score, and everywhere else: only a note."""
    others = [(f"other-{number}, Sums", 0.75 + 0.001 * number) for number in range(cells)]
    verdict = judged("90.0", 1200, other_cells=others)
    assert verdict.outcome is Outcome.below_claim and verdict.flagged
    assert any(reason.code == "another_cell_near" for reason in verdict.reasons) == bool(cells)


def test_another_filter_that_is_refuted_too_hides_no_lie() -> None:
    assert judged("90.0", 1200, run={"measurements": (flexible(1230),)}).flagged


def test_other_spellings_that_do_not_close_the_gap_hide_no_lie() -> None:
    verdict = judged("90.0", 1200, run={"signals": {"respelled_share:exact_match,strict-match": 0.03}})
    assert verdict.flagged and any(reason.code == "answer_spelling" for reason in verdict.reasons)


def test_programs_of_a_weak_model_that_are_no_python_hide_no_lie() -> None:
    assert judged("90.0", 900, run={"signals": {"unreadable_share": 0.35}}).flagged


def test_answers_that_flip_both_ways_hide_no_lie() -> None:
    signals = {"flip_rate": 0.2, "flip_items": 100.0, "flip_gain": 0.06}
    assert judged("92.0", 1100, run={"signals": signals}).flagged


def test_small_shares_of_several_kinds_hide_no_lie() -> None:
    """Two shares that close the gap together only by being added up, as the wrong answers of any model would."""
    signals = {"cut_open_share": 0.04, "cut_answer_share:exact_match,strict-match": 0.04}
    assert judged("86.0", 1200, run={"signals": signals}).flagged


def test_a_doubt_says_how_likely_it_is_and_what_would_settle_it() -> None:
    reason = judged("92.0", 1200, run={"measurements": (flexible(1470),)}).reasons[0]
    assert reason.likelihood is not None and 0 < reason.likelihood < 1
    assert reason.settled_by is not None


@pytest.mark.parametrize("backend", ["attached", "ollama"])
def test_weights_that_nobody_saw_accuse_nobody(backend: str) -> None:
    described = ServerDescription(backend=backend, version="1", model="demo")
    verdict = judged("92.0", 1200, run={"server": described})
    assert verdict.outcome is Outcome.below_claim and not verdict.flagged
    assert verdict.comparability is Comparability.assumed
    assert ("weights", "not seen") in {(line.setting, line.measured) for line in verdict.compared}
