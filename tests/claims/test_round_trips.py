"""What goes out comes in again, and is valid by the format's own schema or library."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.claim_records import Claim
from warehouse.claims import read_any, read_eval_results, read_ledger
from warehouse.claims.readers.ledger_yaml import SHIPPED
from warehouse.reports.export import export_claims

SCHEMA = Path(__file__).parents[3] / "shared/data/every_eval_ever/schema/eval.schema.json"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    text = (SHIPPED / "column-2026-04.yaml").read_text()
    return read_ledger(text, url="https://example.org/column", read_at=NOW).claims


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_brings_back_every_claim_whole(claims: list[Claim], form: str, tmp_path: Path) -> None:
    exported = export_claims(claims, tmp_path / f"claims.{form}", form)  # type: ignore[arg-type]
    back = read_any(exported.files[0])
    assert back.claims == claims
    assert back.unread == []


def test_a_changed_cell_beside_an_exported_claim_is_refused(claims: list[Claim], tmp_path: Path) -> None:
    path = export_claims(claims, tmp_path / "claims.csv", "csv").files[0]
    path.write_text(path.read_text().replace(",85.2%,", ",99.2%,", 1))
    back = read_any(path)
    assert len(back.claims) == len(claims) - 1
    assert "changed" in back.unread[0].reason


def test_every_eval_ever_records_are_valid_and_bring_back_every_number(claims: list[Claim], tmp_path: Path) -> None:
    exported = export_claims(claims, tmp_path, "every-eval-ever")
    back = [claim for path in exported.files for claim in read_any(path).claims]
    numbers = [claim for claim in claims if claim.interval is not None and claim.interval.value is not None]
    assert sorted(back, key=lambda c: c.claim_id) == sorted(numbers, key=lambda c: c.claim_id)
    assert exported.left_out == (
        f"{len(claims) - len(numbers)} claims without a number: the format holds numbers only",
    )
    if not SCHEMA.exists():
        pytest.skip("the schema is not here")
    import jsonschema

    schema = json.loads(SCHEMA.read_text())
    for path in exported.files:
        jsonschema.Draft7Validator(schema).validate(json.loads(path.read_text()))


def test_eval_results_hold_what_the_format_can(claims: list[Claim], tmp_path: Path) -> None:
    exported = export_claims(claims, tmp_path, "eval-results")
    said = {}
    for path in exported.files:
        model = str(path.parent.parent.relative_to(tmp_path))
        for claim in read_eval_results(path.read_text(), model=model, url=str(path), read_at=NOW).claims:
            assert claim.interval is not None
            said[model, claim.benchmark] = claim.interval.value
    assert said["Qwen/Qwen3.6-35B-A3B", "mmlu_pro"] == pytest.approx(0.852)
    assert said["Qwen/Qwen3.6-35B-A3B", "gpqa_diamond"] == pytest.approx(0.86)
