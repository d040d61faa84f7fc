"""Claims and runs as Every Eval Ever records, schema 0.3.0 (github.com/evaleval/every_eval_ever)."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from evaluators.catalogue import catalogue
from evaluators.records import Measurement, Run, Settings
from warehouse.claim_records import Claim, Claimant
from warehouse.claims.source_reading import KEY

SCHEMA = "0.3.0"
RELATION = {
    Claimant.vendor: "first_party",
    Claimant.third_party: "third_party",
    Claimant.press: "other",
    Claimant.community: "other",
}
Record = dict[str, Any]


def claim_records(claims: Iterable[Claim]) -> dict[str, Record]:
    """Path below `data/` -> record, one a model, source and party. Claims without a number have no place in the format
    and are left out; each result carries the whole claim, so that an import restores it."""
    grouped: dict[tuple[str, str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.interval is not None and claim.interval.value is not None:
            grouped[claim.model, claim.source.sha256, claim.claimant.value].append(claim)
    return dict(_claim_record(group) for group in grouped.values())


def _claim_record(group: Sequence[Claim]) -> tuple[str, Record]:
    first = group[0]
    stamp = str(first.source.read_at.timestamp())
    organisation = first.by or (first.model.split("/")[0] if first.claimant == Claimant.vendor else "unknown")
    record = {
        "schema_version": SCHEMA,
        "evaluation_id": f"claims/{_slug(first.model)}/{first.source.sha256[:16]}-{first.claimant.value}/{stamp}",
        "retrieved_timestamp": stamp,
        "source_metadata": {
            "source_name": first.source.title or first.source.url,
            "source_type": "documentation",
            "source_organization_name": organisation,
            "evaluator_relationship": RELATION[first.claimant],
            "additional_details": {"url": first.source.url, "sha256": first.source.sha256, "kind": first.source.kind},
        },
        "eval_library": {"name": "unknown", "version": "unknown"},
        "model_info": _model_info(first.model, {"deployment_type": "unknown", "model_availability": "unknown"}),
        "evaluation_results": [_claim_result(claim) for claim in group],
    }
    return _path("claims", first.model, str(record["evaluation_id"])), record


def _claim_result(claim: Claim) -> Record:
    assert claim.interval is not None
    known = catalogue().get(claim.benchmark or "")
    details = {"said": claim.said, "qualifier": claim.interval.qualifier.value, "place": claim.place}
    details |= {key: str(value) for key in ("low", "high") if (value := getattr(claim.interval, key)) is not None}
    return {
        "evaluation_result_id": claim.claim_id,
        "evaluation_name": known.title if known else claim.benchmark_text,
        "source_data": _source_data(claim.benchmark, claim.benchmark_text),
        "metric_config": _metric(claim.settings.metric, claim.interval.unit, claim.benchmark),
        "score_details": {"score": claim.interval.value, "details": details},
        "generation_config": _generation(claim.settings)
        | {"additional_details": _words(claim.settings) | {KEY: claim.model_dump_json(exclude_none=True)}},
    }


def run_record(run: Run, measurements: Sequence[Measurement]) -> tuple[str, Record]:
    """Path below `data/` and record of one run of ours; `measurements` are those that are sound."""
    stamp = str((run.finished or run.started).timestamp())
    server = run.server
    about = {
        "deployment_type": "externally_managed" if server and server.backend == "attached" else "self_deployed",
        "model_availability": "open_weights" if run.artifact else "unknown",
        "commit": run.release.commit,
        "run_id": run.run_id,
    }
    if run.artifact:
        about |= {"artifact_key": run.artifact.key, "quantization": run.artifact.quantization}
        about |= {"format": run.artifact.format}
    info = _model_info(run.release.model, about)
    if server:
        info["inference_engine"] = {"name": server.backend, "version": server.version}
    record = {
        "schema_version": SCHEMA,
        "evaluation_id": f"{run.benchmark}/{_slug(run.release.model)}/{run.run_id}",
        "evaluation_timestamp": run.started.isoformat(),
        "retrieved_timestamp": stamp,
        "source_metadata": {
            "source_name": "claimcheck",
            "source_type": "evaluation_run",
            "source_organization_name": "claimcheck",
            "evaluator_relationship": "third_party",
        },
        "eval_library": {"name": run.evaluator, "version": run.evaluator_version},
        "model_info": info,
        "evaluation_results": [
            _run_result(run, number, measurement) for number, measurement in enumerate(measurements)
        ],
    }
    return _path(run.benchmark, run.release.model, str(record["evaluation_id"])), record


def _run_result(run: Run, number: int, measurement: Measurement) -> Record:
    counts = {
        name: str(getattr(measurement, name)) for name in ("truncated", "empty", "refused", "unextracted", "failed")
    }
    uncertainty: Record = {"num_samples": measurement.items}
    if measurement.stderr is not None:
        uncertainty["standard_error"] = {"value": measurement.stderr, "method": "lm-eval"}
    known = catalogue().get(measurement.benchmark)
    stated = run.settings.model_copy(update={"metric": measurement.metric, "filter": measurement.filter})
    return {
        "evaluation_result_id": f"{run.run_id}-{number}",
        "evaluation_name": known.title if known else measurement.benchmark,
        "source_data": _source_data(measurement.benchmark, measurement.benchmark),
        "metric_config": _metric(f"{measurement.metric},{measurement.filter}", measurement.unit, measurement.benchmark),
        "score_details": {
            "score": measurement.score,
            "details": counts | {"of": str(measurement.of)},
            "uncertainty": uncertainty,
        },
        "generation_config": _generation(run.settings) | {"additional_details": _words(stated)},
    }


def _model_info(model: str, details: dict[str, str]) -> Record:
    info: Record = {"name": model.split("/")[-1], "id": model, "additional_details": details}
    if "/" in model:
        info["developer"] = model.split("/")[0]
    return info


def _source_data(benchmark: str | None, text: str) -> Record:
    known = catalogue().get(benchmark or "")
    if known and known.dataset:
        return {"dataset_name": known.title, "source_type": "hf_dataset", "hf_repo": known.dataset}
    return {"dataset_name": known.title if known else text, "source_type": "other"}


def _metric(metric: str | None, unit: str, benchmark: str | None) -> Record:
    known = catalogue().get(benchmark or "")
    config: Record = {
        "metric_unit": unit,
        "lower_is_better": bool(known and not known.higher_is_better),
        "score_type": "continuous",
        "min_score": 0,
        "max_score": 1 if unit == "fraction" else "Infinity",
    }
    return config | ({"metric_name": metric} if metric else {})


def _generation(settings: Settings) -> Record:
    given: Record = {name: getattr(settings, name) for name in ("temperature", "top_p", "top_k", "max_tokens")}
    if settings.thinking in ("on", "off"):
        given["reasoning"] = settings.thinking == "on"
    return {"generation_args": {name: value for name, value in given.items() if value is not None}}


def _words(settings: Settings) -> dict[str, str]:
    """The settings that the format has no field for, as text."""
    fields = ("temperature", "top_p", "top_k", "max_tokens", "thinking", "notes")
    held = settings.model_dump(exclude_none=True, exclude=set(fields))
    words = {name: str(value) for name, value in held.items()}
    return words | ({"notes": "\n".join(settings.notes)} if settings.notes else {})


def _slug(model: str) -> str:
    return model.replace("/", "_")


def _path(collection: str, model: str, identity: str) -> str:
    """`<collection>/<developer>/<model>/<uuid>.json`; the UUID is made from the id, so a second export is the same."""
    made = uuid.UUID(bytes=hashlib.sha256(identity.encode()).digest()[:16], version=4)
    developer, _, name = model.rpartition("/")
    safe = [part.replace("..", "_").replace("\\", "_").replace("/", "_") or "unknown" for part in (developer, name)]
    return f"{collection}/{safe[0]}/{safe[1]}/{made}.json"
