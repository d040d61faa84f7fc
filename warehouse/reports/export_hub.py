"""Claims and runs as the hub's `.eval_results/*.yaml`, through huggingface_hub's own types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from evaluators.catalogue import catalogue
from evaluators.records import Measurement, Run
from warehouse.claim_records import Claim

if TYPE_CHECKING:
    from huggingface_hub import EvalResultEntry


def claims_yaml(claims: Iterable[Claim]) -> tuple[dict[str, str], int]:
    """`<model>/.eval_results/claims.yaml` -> text, and how many claims the format has no place for.

    It holds scores of benchmarks that are hub data sets. The value is written as said: points or fraction as printed.
    """
    grouped: dict[str, list[EvalResultEntry]] = defaultdict(list)
    left = 0
    for claim in claims:
        entry = _claim_entry(claim)
        if entry is None:
            left += 1
        else:
            grouped[claim.model].append(entry)
    return {f"{_folder(model)}/.eval_results/claims.yaml": _dump(entries) for model, entries in grouped.items()}, left


def _claim_entry(claim: Claim) -> EvalResultEntry | None:
    from huggingface_hub import EvalResultEntry

    known = catalogue().get(claim.benchmark or "")
    if known is None or known.dataset is None or known.unit != "fraction" or claim.interval is None:
        return None
    number = claim.said.strip().removesuffix("%").strip()
    try:
        plain = Decimal(number)
    except ArithmeticError:
        return None
    web = claim.source.url.startswith(("http://", "https://"))
    return EvalResultEntry(
        dataset_id=known.dataset,
        task_id=known.name,
        value=float(plain),
        source_url=claim.source.url if web else None,
        source_name=claim.source.title if web else None,
        source_org=claim.by if web else None,
        notes="; ".join((claim.benchmark_text, *claim.settings.notes))[:1000],
    )


def run_yaml(runs: Iterable[tuple[Run, tuple[Measurement, ...]]]) -> tuple[dict[str, str], list[str]]:
    """`<model>/.eval_results/claimcheck.yaml` -> text, and what was left out, with the reason."""
    from huggingface_hub import EvalResultEntry

    grouped: dict[str, list[EvalResultEntry]] = defaultdict(list)
    left = []
    for run, measurements in runs:
        known = catalogue().get(run.benchmark)
        if known is None or known.dataset is None or known.unit != "fraction":
            left.append(f"{run.run_id} ({run.benchmark}): the benchmark is no hub data set")
            continue
        for measurement in measurements:
            shown = {**run.settings.model_dump(exclude_none=True, exclude={"notes", "metric", "filter"})}
            words = [
                f"{measurement.metric},{measurement.filter}",
                *(f"{name} {value}" for name, value in shown.items()),
            ]
            words.append(f"{run.evaluator} {run.evaluator_version}, claimcheck run {run.run_id}")
            grouped[run.release.model].append(
                EvalResultEntry(
                    dataset_id=known.dataset,
                    task_id=known.name,
                    value=measurement.score,
                    date=run.started.isoformat(),
                    notes=", ".join(words),
                )
            )
    texts = {f"{_folder(model)}/.eval_results/claimcheck.yaml": _dump(entries) for model, entries in grouped.items()}
    return texts, left


def _folder(model: str) -> str:
    return "/".join(part.replace("..", "_").replace("\\", "_") for part in model.split("/")[:2] if part) or "unknown"


def _dump(entries: list[EvalResultEntry]) -> str:
    import yaml
    from huggingface_hub import eval_result_entries_to_yaml

    return str(yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False, allow_unicode=True, width=120))
