"""The house has three storeys and arrows only downward."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "evaluators": {"warehouse", "flows", "prefect", "duckdb"},
    "warehouse": {"flows", "prefect", "lm_eval"},
}
WAREHOUSE_MAY_USE = (
    "evaluators.user_error",
    "evaluators.records",
    "evaluators.catalogue",
    "evaluators.stopping",
    "evaluators.safe_load",
    "evaluators.answer_spelling",
    "evaluators.files",
    "evaluators.licence_names",
    "evaluators.run_manifest",
)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_arrows_point_down(layer: str) -> None:
    files = list((ROOT / layer).rglob("*.py"))
    assert files
    for path in files:
        for name in imports(path):
            assert name.split(".")[0] not in FORBIDDEN[layer], f"{path} imports {name}"
            if layer == "warehouse" and name.startswith("evaluators"):
                assert name.startswith(WAREHOUSE_MAY_USE), f"{path} imports {name}"


def test_duckdb_lives_in_the_warehouse_only() -> None:
    for path in (ROOT / "flows").rglob("*.py"):
        assert "duckdb" not in {name.split(".")[0] for name in imports(path)}, path


def test_no_file_is_over_400_lines() -> None:
    for layer in ("evaluators", "warehouse", "flows", "tests"):
        for path in (ROOT / layer).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
