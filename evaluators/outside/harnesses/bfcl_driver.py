"""Runs and grades items of the Berkeley Function Calling Leaderboard. Run by bfcl-eval's Python, not by ours:

    python bfcl_driver.py ORDER

ORDER is a JSON file: `ids` (by category), `model` (name that the server knows), `threads`, `temperature`, `mode`:
`ask` the model at OPENAI_BASE_URL, or take the `gold` answers. The working folder is BFCL_PROJECT_ROOT. What is in
`result/` is not asked again, except items whose request failed.

bfcl-eval imports a client of every vendor, torch among them, to know the names of its models: these are left out.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import json
import sys
from collections.abc import MutableSequence, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

NAME = "served-FC"
"""Under which the model is registered."""
FOREIGN = ("bfcl_eval.model_handler.api_inference.", "bfcl_eval.model_handler.local_inference.")
KEPT = FOREIGN[0] + "openai_completion"
FAILED = "Error during inference"


class _Empty(ModuleType):
    """A module that has whatever name is asked of it."""

    __path__: MutableSequence[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _Foreign(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds an empty module for each vendor's handler."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        foreign = name.startswith(FOREIGN) and name != KEPT
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if foreign else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to do."""


def main(order: dict[str, Any]) -> None:
    """Generate what is missing, then grade all that is there."""
    sys.meta_path.insert(0, _Foreign())
    config = import_module("bfcl_eval.constants.model_config")
    handler = import_module(KEPT).OpenAICompletionsHandler
    about = {"display_name": NAME, "url": "", "org": "", "license": "", "is_fc_model": True, "underscore_to_dot": True}
    config.MODEL_CONFIG_MAPPING[NAME] = config.ModelConfig(
        model_name=order["model"], model_handler=handler, input_price=None, output_price=None, **about
    )
    _drop_failures()
    if order["mode"] == "gold":
        _write_gold(order["ids"])
    else:
        Path("test_case_ids_to_generate.json").write_text(json.dumps(order["ids"]), encoding="utf-8")
        import_module("bfcl_eval._llm_response_generation").main(
            SimpleNamespace(
                model=[NAME], test_category=[], temperature=order["temperature"], include_input_log=False,
                exclude_state_log=True, num_threads=order["threads"], result_dir=None, allow_overwrite=False,
                run_ids=True,
            )
        )  # fmt: skip
    categories = [name for name, ids in order["ids"].items() if ids]
    import_module("bfcl_eval.eval_checker.eval_runner").main([NAME], categories, None, None, True)


def _drop_failures() -> None:
    """bfcl-eval never asks again for what it has a row of, also where that is an error."""
    for path in Path("result").rglob("BFCL_*_result.json"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        good = [row for row in rows if not str(row.get("result")).startswith(FAILED)]
        if len(good) < len(rows):
            path.write_text("".join(json.dumps(row) + "\n" for row in good), encoding="utf-8")


def _write_gold(ids: dict[str, list[str]]) -> None:
    utils = import_module("bfcl_eval.utils")
    rows: list[dict[str, Any]] = []
    for category, wanted in ids.items():
        if "irrelevance" in category:
            rows += [{"id": name, "result": "None of the functions does that."} for name in wanted]
            continue
        truth = {entry["id"]: entry["ground_truth"] for entry in utils.load_ground_truth_entry(category)}
        tools = {entry["id"]: entry["function"] for entry in utils.load_dataset_entry(category, include_prereq=False)}
        rows += [{"id": name, "result": gold_answer(truth[name], tools[name])} for name in wanted]
    for row in rows:
        row |= {"input_token_count": 0, "output_token_count": 0, "latency": 0}
    handler = import_module(KEPT).OpenAICompletionsHandler(NAME, 0.0, NAME, True)
    handler.write(rows, result_dir=Path("result").absolute(), update_mode=True)


def gold_answer(truth: Any, tools: Sequence[dict[str, Any]]) -> Any:
    """The answer that the ground truth of an item allows, as the handler would have read it from the model: a list of
    calls; for several turns a list of turns, each of one step."""
    if truth and isinstance(truth[0], list):
        names = {tool["name"]: list(tool["parameters"].get("properties") or ()) for tool in tools}
        return [[[_parsed(call, names) for call in turn]] if turn else [] for turn in truth]
    required = {tool["name"]: set(tool["parameters"].get("required") or ()) for tool in tools}
    return [
        {
            name.replace(".", "_"): json.dumps(
                {
                    key: _one(values)
                    for key, values in given.items()
                    if key in required.get(name, ()) or "" not in values
                }
            )
        }
        for call in truth
        for name, given in call.items()
    ]


def _one(values: Any) -> Any:
    """The first value that is allowed, inside objects too; an empty text only means that it may be left out."""
    if isinstance(values, list):
        values = next((value for value in values if value != ""), values[0] if values else [])
    if isinstance(values, dict):
        return {key: _one(inner) for key, inner in values.items() if not (isinstance(inner, list) and "" in inner)}
    if isinstance(values, list):
        return [_one([inner]) if isinstance(inner, dict) else inner for inner in values]
    return values


def _parsed(call: str, names: dict[str, list[str]]) -> dict[str, str]:
    """`f("x", a=1)` as a call; `names`: the parameters of each function in their order."""
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)
    function = ast.unparse(tree.func)
    arguments = dict(zip(names.get(function, ()), map(ast.literal_eval, tree.args), strict=False))
    arguments |= {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in tree.keywords}
    return {function: json.dumps(arguments)}


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
