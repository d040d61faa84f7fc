"""YAML from strangers: no objects, no alias bombs, no endless files; dates and numbers stay as the hub reads them."""

from __future__ import annotations

import json
from typing import Any

import yaml

from evaluators.records import UserError

LARGEST = 20_000_000
MOST_ALIASES = 200
DEEPEST = 100


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, with text for dates."""


class _Words(_Loader):
    """The same, with text for numbers too, so that `20.90` stays `20.90`."""


def _without(*kinds: str) -> dict[str, list[tuple[str, Any]]]:
    tags = {f"tag:yaml.org,2002:{kind}" for kind in kinds}
    resolvers = _Loader.yaml_implicit_resolvers.items()
    return {first: [pair for pair in pairs if pair[0] not in tags] for first, pairs in resolvers}


_Loader.yaml_implicit_resolvers = _without("timestamp")
_Words.yaml_implicit_resolvers = _without("timestamp", "float", "int", "bool")


def load_yaml(text: str, name: str, *, words: bool = False) -> Any:
    """The first document of a YAML text. Raises UserError for broken, huge or exploding YAML; `name` is for
    the message.

    `words`: numbers and yes/no stay text, as printed.
    """
    documents = load_documents(text, name, words=words)
    return documents[0] if documents else None


def load_documents(text: str, name: str, *, words: bool = False) -> list[Any]:
    """All documents of a YAML text. Raises UserError as `load_yaml` does."""
    if len(text) > LARGEST:
        raise UserError(f"{name} has {len(text):,} characters of YAML, more than {LARGEST:,}; split it")
    aliases = depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            aliases += isinstance(event, yaml.AliasEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise UserError(f"{name} nests more than {DEEPEST} levels of YAML; flatten it")
            if aliases > MOST_ALIASES:
                raise UserError(f"{name} uses more than {MOST_ALIASES} YAML aliases; write the values out")
        if aliases and _grown(text) > 1_000_000:
            raise UserError(f"{name} grows without bound through YAML aliases; write the values out")
        return list(yaml.load_all(text, Loader=_Words if words else _Loader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise UserError(f"{name} is no valid YAML{where}: {first}; mend it and try again") from error


def _grown(text: str) -> int:
    """How many nodes the text has when every alias is written out, at most a little over a million."""
    sizes: dict[int, int] = {}

    def size(node: Any, depth: int) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        sizes[id(node)] = 1_000_001  # an alias to itself
        total = 1
        if isinstance(node, yaml.MappingNode):
            total += sum(size(key, depth + 1) + size(value, depth + 1) for key, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            total += sum(size(child, depth + 1) for child in node.value)
        sizes[id(node)] = min(total, 1_000_001)
        return sizes[id(node)]

    return sum(size(node, 0) for node in yaml.compose_all(text, Loader=_Loader) if node is not None)


LARGEST = 60_000_000


class Written(float):
    """A number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> Written:
        made = super().__new__(cls, text)
        made.text = text
        return made


def load_json(text: str, name: str) -> Any:
    """A JSON text; floating-point numbers come as `Written`, NaN and infinities as text.

    Raises UserError for broken, huge or endlessly nested JSON; `name` is for the message.
    """
    if len(text) > LARGEST:
        raise UserError(f"{name} has {len(text):,} characters of JSON, more than {LARGEST:,}; split it")
    try:
        return json.loads(text.removeprefix("\ufeff"), parse_float=Written, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name} is no valid JSON ({error}); mend it and try again") from error


def written(number: object) -> str:
    """A number as it was written in the JSON. Raises UserError for anything that is none."""
    if isinstance(number, Written):
        return number.text
    if isinstance(number, int) and not isinstance(number, bool):
        return str(number)
    raise UserError(f"{number!r} is not a number"[:200])
