"""Hub metadata, registries and other people's results: parties apart, units and settings as stated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluators.records import UserError
from tests.claims.scoring import CARDS, NOW
from warehouse.claims import (
    Reading,
    read_any,
    read_csv,
    read_eval_results,
    read_every_eval_ever,
    read_front_matter,
    read_ledger,
    read_llm_stats,
    read_lm_eval_results,
)

DATA = CARDS.parent
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the data are not here")


def values(reading: Reading) -> dict[str | None, float | None]:
    return {claim.benchmark: claim.interval.value if claim.interval else None for claim in reading.claims}


@needs_data
def test_model_index_of_real_models_in_points_and_in_fractions() -> None:
    path = DATA / "hf_metadata/model_index_fragments.yaml"
    reading = read_front_matter(path.read_text(), url=str(path), read_at=NOW)
    first, second = reading.claims
    assert (first.model, first.said, first.settings.metric) == ("phi-2-super", "0.2717", "prompt_level_loose_acc")
    assert first.interval is not None and first.interval.value == 0.2717
    assert (second.said, second.settings.shots) == ("22.77", 0)
    assert second.interval is not None and second.interval.value == pytest.approx(0.2277)
    assert len(reading.unread) == 1


def test_model_index_keeps_tokens_and_tells_a_leaderboard_from_its_vendor() -> None:
    text = """---
model-index:
- name: x
  results:
  - task: {type: text-generation}
    dataset: {type: Idavidrein/gpqa, name: GPQA, config: gpqa_diamond}
    metrics:
    - {type: exact_match, value: 60.50, verifyToken: tok}
    - {type: exact_match, value: "20.0 ± 1.2"}
    source: {name: Open LLM Leaderboard, url: https://example.org}
  - task: {type: text-generation}
    metrics: [{type: acc, value: 1}]
---
"""
    reading = read_front_matter(text, model="maker/x", url="u", read_at=NOW)
    assert [(claim.benchmark, claim.said) for claim in reading.claims] == [
        ("gpqa_diamond", "60.50"),
        ("gpqa_diamond", "20.0 ± 1.2"),
    ]
    assert {claim.claimant.value for claim in reading.claims} == {"third_party"}
    assert "verify token: tok" in str(reading.claims[0].note)
    assert len(reading.unread) == 1


def test_eval_results_tell_owner_community_and_others_apart() -> None:
    text = """
- dataset: {id: Idavidrein/gpqa, task_id: gpqa_diamond}
  value: 0.412
- dataset: {id: cais/hle, task_id: default}
  value: 20.90
  source: {url: https://example.org, org: somebody}
  notes: no-tools
- dataset: {id: cais/hle}
  value: 3
"""
    reading = read_eval_results(text, model="maker/x", url="u", read_at=NOW)
    assert [(c.benchmark, c.said, c.claimant.value) for c in reading.claims] == [
        ("gpqa_diamond", "0.412", "vendor"),
        ("hle", "20.90", "third_party"),
    ]
    assert values(reading) == pytest.approx({"gpqa_diamond": 0.412, "hle": 0.209})
    assert len(reading.unread) == 1
    open_request = read_eval_results(text, model="maker/x", url="u", read_at=NOW, merged=False)
    assert {claim.claimant.value for claim in open_request.claims} == {"community"}


@needs_data
def test_every_eval_ever_of_every_version_in_the_data() -> None:
    versions = set()
    for path in sorted((DATA / "every_eval_ever/data").rglob("*.json")):
        record = json.loads(path.read_text())
        versions.add(record["schema_version"])
        reading = read_every_eval_ever(path.read_text(), url=str(path), read_at=NOW)
        assert len(reading.claims) + len(reading.unread) == len(record["evaluation_results"])
        for claim, result in zip(reading.claims, record["evaluation_results"], strict=False):
            assert float(claim.said) == result["score_details"]["score"]
    assert versions == {"0.2.0", "0.2.2"}


def test_every_eval_ever_keeps_parties_uncertainty_and_subsets_apart() -> None:
    def record(relation: str, name: str, dataset: str) -> str:
        result = {
            "evaluation_name": name,
            "source_data": {"dataset_name": dataset, "source_type": "other"},
            "metric_config": {"metric_unit": "percent", "lower_is_better": False},
            "score_details": {"score": 85.2, "uncertainty": {"standard_error": {"value": 0.3}}},
            "generation_config": {"generation_args": {"temperature": 0.6, "reasoning": True}},
        }
        about = {"source_type": "documentation", "evaluator_relationship": relation, "source_organization_name": "Org"}
        info = {"name": "x", "id": "maker/x", "inference_engine": {"name": "vllm", "version": "0.19"}}
        content = {"schema_version": "0.3.0", "source_metadata": about, "model_info": info}
        return json.dumps(content | {"evaluation_results": [result]})

    own = read_every_eval_ever(record("first_party", "MMLU-Pro", "MMLU-Pro"), url="u", read_at=NOW).claims[0]
    assert (own.claimant.value, own.benchmark, own.by) == ("vendor", "mmlu_pro", "Org")
    assert own.interval is not None and own.interval.value == pytest.approx(0.852)
    assert (own.settings.temperature, own.settings.thinking, own.settings.backend) == (0.6, "on", "vllm")
    assert "standard_error" in str(own.note)
    part = read_every_eval_ever(record("third_party", "Math", "RewardBench 2"), url="u", read_at=NOW).claims[0]
    assert (part.claimant.value, part.benchmark) == ("third_party", None)


@needs_data
def test_llm_stats_of_both_forms() -> None:
    for path in sorted((DATA / "vendor_claims_json").rglob("*.json")):
        reading = read_any(path)
        assert reading.unread == []
        assert {claim.claimant.value for claim in reading.claims} <= {"vendor", "third_party"}
        for claim in reading.claims:
            if claim.interval and claim.interval.unit == "fraction":
                assert claim.interval.value is not None and 0 <= claim.interval.value <= 1
    path = DATA / "vendor_claims_json/llmstats/qwen__qwq-32b.json"
    found = values(read_llm_stats(path.read_text(), url=str(path), read_at=NOW))
    assert found["aime24"] == 0.795 and found["gpqa"] == 0.652


@needs_data
def test_lm_eval_results_of_old_and_new_layout() -> None:
    folder = DATA / "lm_eval_results"
    old = folder / "stablelm/open_llm_leaderboard__stablelm-beta-3b-v2-arc-challenge.json"
    claims = read_any(old).claims
    assert {(c.model, c.benchmark, c.settings.shots) for c in claims} == {
        ("stabilityai/stablelm-base-alpha-3b-v2", "arc_challenge", 25)
    }
    assert {c.settings.metric for c in claims} == {"acc", "acc_norm"}
    limited = next(folder.glob("lm-evaluation-harness/results__truthfulqa_gen_neo125*.json"))
    assert {c.settings.subset for c in read_any(limited).claims} == {"first 20 items"}


def test_lm_eval_results_name_metric_filter_and_never_a_model_by_guess() -> None:
    numbers = {"alias": "gsm8k", "exact_match,strict-match": 0.7142, "exact_match_stderr,strict-match": "N/A"}
    content = {
        "results": {"gsm8k": numbers | {"exact_match,flexible-extract": float("nan")}},
        "versions": {"gsm8k": 3},
        "n-shot": {"gsm8k": 5},
        "config": {"model": "vllm", "model_args": {"pretrained": "a/b"}},
        "lm_eval_version": "0.4.13",
        "chat_template_sha": None,
    }
    reading = read_lm_eval_results(json.dumps(content), url="u", read_at=NOW)
    claim = reading.claims[0]
    assert (claim.model, claim.settings.metric, claim.settings.filter) == ("a/b", "exact_match", "strict-match")
    assert (claim.settings.shots, claim.settings.backend, claim.settings.prompt) == (5, "vllm", "completion")
    assert claim.settings.harness == "lm-eval 0.4.13"
    assert len(reading.unread) == 1
    with pytest.raises(UserError, match="names no model"):
        read_lm_eval_results(json.dumps({**content, "config": {}}), url="u", read_at=NOW)


def test_a_csv_of_ones_own() -> None:
    text = "model,benchmark,said,claimant,shots,url\nm/x,MMLU,70.1%,vendor,5,https://x\nm/x,,1,vendor,,\n"
    reading = read_csv(text, url="my.csv", read_at=NOW)
    claim = reading.claims[0]
    assert (claim.benchmark, claim.settings.shots, claim.place, claim.note) == ("mmlu", 5, "line 2", "https://x")
    assert [part.line for part in reading.unread] == [3]
    with pytest.raises(UserError, match="needs model, benchmark and said"):
        read_csv("a,b\n1,2\n", url="my.csv", read_at=NOW)


def test_a_broken_ledger_row_does_not_take_the_others_along() -> None:
    text = """
claims:
- {model: m/x, benchmark: mmlu, said: "70.1%", claimant: vendor}
- {model: m/x, benchmark: mmlu, said: 70.1}
- {model: m/x, benchmark: mmlu, said: "1%", claimed: yes}
- {model: m/x, benchmark: mmlu, said: "2%", claimant: nobody}
- 5
"""
    reading = read_ledger(text, url="l.yaml", read_at=NOW)
    assert [claim.said for claim in reading.claims] == ["70.1%"]
    assert [part.text[:7] for part in reading.unread] == ["claim 2", "claim 3", "claim 4", "claim 5"]


@needs_data
def test_what_no_reader_knows_is_said_clearly() -> None:
    for name in ("mercor_eval__api_payload.json", "community_evals_converter__aggregate.jsonl"):
        with pytest.raises(UserError, match="unknown kind"):
            read_any(DATA / "every_eval_ever/fixtures" / name)
    samples = next(Path(DATA / "lm_eval_results/every_eval_ever").glob("samples*.jsonl"))
    with pytest.raises(UserError, match="one answer a line"):
        read_any(samples)
