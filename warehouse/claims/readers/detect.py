"""Any file that claims come in -> its reader, told by its content, not by its name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evaluators.records import UserError
from warehouse.claims.source_reading import Reading

LARGEST = 64_000_000


def read_any(
    source: str | Path,
    *,
    model: str | None = None,
    url: str | None = None,
    read_at: datetime | None = None,
    own: Sequence[str] = (),
) -> Reading:
    """The reading of a file (Path) or text (str), by whichever reader its content asks for.

    `model` is needed for `.eval_results`, which do not name it themselves, and says that a text is that release's card;
    without it a text is an article about the models that it names. `own` are names in a card's tables that a person
    says are this release's. Raises UserError with the reason for what no reader can read.
    """
    when = read_at or datetime.now(UTC)
    if isinstance(source, Path):
        url = url or str(source)
        if source.suffix == ".parquet":
            from warehouse.claims.readers.csv_parquet import read_parquet

            return read_parquet(source, read_at=when)
        text = _text_of(source)
    else:
        text = source
    url = url or "text"
    start = text.lstrip("\ufeff \t\r\n")
    if not start:
        raise UserError(f"{url} is empty; nothing to import")
    if start[0] in "[{" and (content := _json(start, url)) is not None:
        return _by_json(content, text, url, when, model)
    if (first := start.partition("\n")[0]) and _is_csv(first):
        from warehouse.claims.readers.csv_parquet import read_csv

        return read_csv(text, url=url, read_at=when)
    if url.endswith((".yaml", ".yml")) or (_looks_yaml(start) and not url.endswith((".md", ".html"))):
        return _by_yaml(text, url, when, model)
    if model is None:
        from warehouse.claims.readers.article import read_article

        return read_article(text, url=url, read_at=when)
    from warehouse.claims.readers.model_card import read_card

    return read_card(text, model=model, url=url, read_at=when, own=own)


def _text_of(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UserError(f"{path} has {size:,} bytes, more than {LARGEST:,}; split it")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text; convert it and try again") from error


def _json(text: str, url: str) -> Any | None:
    """The JSON value; None for a text that only starts like JSON (a Markdown link, say)."""
    from evaluators.safe_load import load_json

    try:
        return load_json(text, url)
    except UserError as problem:
        if url.endswith(".json"):
            raise
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            first = json.loads(lines[0])
        except (ValueError, RecursionError):
            if text[0] == "{":
                raise problem from None
            return None
        keys = ", ".join(list(first)[:6]) if isinstance(first, dict) else type(first).__name__
        what = "lm-eval samples, one answer a line" if "doc_id" in keys else f"JSON lines with {keys}"
        raise UserError(f"{url} holds {what}, not results; import the results file beside it") from None


def _by_json(content: Any, text: str, url: str, when: datetime, model: str | None) -> Reading:
    from warehouse.claims.readers import every_eval_ever, inspect_log, llm_stats
    from warehouse.claims.readers import lm_eval as lm_eval_results

    if every_eval_ever.is_record(content):
        return every_eval_ever.read_every_eval_ever(text, url=url, read_at=when)
    if lm_eval_results.is_results(content):
        return lm_eval_results.read_lm_eval_results(text, url=url, read_at=when, model=model)
    if inspect_log.is_log(content):
        return inspect_log.read_inspect_log(text, url=url, read_at=when)
    if llm_stats.is_llm_stats(content):
        return llm_stats.read_llm_stats(text, url=url, read_at=when, model=model)
    keys = ", ".join(list(content)[:5]) if isinstance(content, dict) else type(content).__name__
    raise UserError(
        f"{url} is JSON of an unknown kind ({keys}); known are Every Eval Ever, LLM-Stats, lm-eval and Inspect"
    )


def _is_csv(first: str) -> bool:
    columns = {column.strip().strip('"').casefold() for column in first.split(",")}
    return {"model", "benchmark"} <= columns or {"model", "benchmark_text"} <= columns


def _looks_yaml(start: str) -> bool:
    first = start.partition("\n")[0]
    return (
        start.startswith(("- dataset:", "claims:", "source:", "model-index:", "# "))
        and "claims:" in start[:4000]
        and (not first.startswith("# ") or "\nclaims:" in start)
    )


def _by_yaml(text: str, url: str, when: datetime, model: str | None) -> Reading:
    from evaluators.safe_load import load_documents
    from warehouse.claims.readers.eval_results import read_eval_results
    from warehouse.claims.readers.ledger_yaml import read_ledger
    from warehouse.claims.readers.model_index import read_front_matter

    documents = [document for document in load_documents(text, url) if document is not None]
    first = documents[0] if documents else None
    if isinstance(first, dict) and "claims" in first:
        return read_ledger(text, url=url, read_at=when)
    if isinstance(first, list):
        if model is None:
            raise UserError(f"{url} names no model; say which release it is about with --model ORG/NAME")
        return read_eval_results(text, model=model, url=url, read_at=when)
    if any(isinstance(document, dict) and "model-index" in document for document in documents):
        return read_front_matter(text, model=model, url=url, read_at=when)
    keys = ", ".join(list(first)[:5]) if isinstance(first, dict) else type(first).__name__
    raise UserError(
        f"{url} is YAML of an unknown kind ({keys}); known are a claims ledger, .eval_results and model-index"
    )
