"""lm-eval results files, layouts of 0.3 to 0.4.13, with the sample files beside them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

from evaluators.outside.bounded_reading import finite, inside, json_document, mapping, moment, sequence, text, whole
from evaluators.outside.formats import lm_eval_samples
from evaluators.outside.model_names import format_of_weights
from evaluators.outside.outside_records import LeftOut, OutsideItem, OutsideResult, OutsideRun
from evaluators.outside.redact import redacted, redacted_text
from evaluators.records import Settings
from evaluators.user_error import UserError

NO_METRICS = frozenset({"alias", "name", "sample_len", "sample_count", "samples"})
PRECISION = {"bfloat16": "bf16", "float16": "f16", "half": "f16", "float32": "f32", "float": "f32"}
NAMED_IN = ("pretrained", "model", "path", "engine", "peft")
"""Keys of `model_args` that name the model."""
OTHER_WEIGHTS = ("peft", "lora_local_path", "lora_path", "delta", "steer_path", "subfolder")
"""Keys of `model_args` that make another model of the one that is named."""


THINKING = re.compile(r"(?i)enable_thinking['\"]?\s*[:=]\s*(true|false)")
"""In arguments for the template, which are a mapping or its text."""


def is_lm_eval_file(content: Any) -> bool:
    """Whether a JSON value is a results file."""
    return isinstance(content, dict) and isinstance(content.get("results"), dict) and (
        isinstance(content.get("versions"), dict) or "lm_eval_version" in content
    )  # fmt: skip


def read_lm_eval_file(path: Path) -> OutsideRun:
    """Every task, metric and filter of a results file, with the items of the sample files beside it.

    Raises UserError if it is no results file, or for a sample file that cannot be read.
    """
    content = json_document(path)
    if not is_lm_eval_file(content):
        raise UserError(f"{path} is no lm-eval results file; it needs `results` and `versions`")
    config = mapping(content.get("config"))
    arguments = model_arguments(config.get("model_args"))
    left: list[LeftOut] = []
    items, noted = _items(path, content)
    left += noted
    results = []
    for task, numbers in content["results"].items():
        if not isinstance(numbers, dict):
            left.append(LeftOut(place=f"results.{task}", reason="it is no mapping of metrics"))
            continue
        for key, value in numbers.items():
            if key in NO_METRICS or "_stderr" in key:
                continue
            if (score := finite(value)) is None:
                left.append(LeftOut(place=f"results.{task}.{key}", reason=f"{str(value)[:40]!r} is no finite number"))
                continue
            metric, _, kind = key.partition(",")
            results.append(_result(content, task, metric, kind or "none", score, items, arguments))
    version = text(content.get("lm_eval_version"))
    return OutsideRun(
        format="lm-eval results",
        path=str(path),
        harness="lm-eval",
        harness_version=version,
        model=_model(content, config, arguments),
        model_commit=text(config.get("model_sha")),
        model_parameters=whole(config.get("model_num_parameters")),
        finished=moment(content.get("date")),
        results=tuple(results),
        left_out=tuple(left),
        checks=_checks(content, config, arguments),
    )


def model_arguments(stated: Any) -> dict[str, Any]:
    """`model_args` as a mapping: a mapping, `a=b,c=d`, or the text of a mapping."""
    if isinstance(stated, dict):
        return stated
    if not isinstance(stated, str) or len(stated) > 100_000:
        return {}
    if stated.lstrip().startswith("{"):
        for parse in (json.loads, ast.literal_eval):
            try:
                return mapping(parse(stated))
            except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
                continue
    return dict(part.split("=", 1) for part in stated.split(",") if "=" in part)


def _model(content: dict[str, Any], config: dict[str, Any], arguments: dict[str, Any]) -> str | None:
    """The model's name, with what makes other weights of it than those that bear the name."""
    for key in NAMED_IN:
        if arguments.get(key):
            changed = [f"{name} {arguments[name]}" for name in OTHER_WEIGHTS if name != key and arguments.get(name)]
            if (revision := text(arguments.get("revision"))) and revision not in ("main", "None"):
                changed += [] if re.fullmatch(r"[0-9a-f]{7,40}", revision) else [f"revision {revision}"]
            return redacted_text(" with ".join((str(arguments[key]), *changed)))
    name = text(content.get("model_name")) or text(config.get("model"))
    # without any of those, lm-eval writes a random id or the name of its own backend
    return name if name and ("/" in name or not config.get("model_args")) else None


def _items(path: Path, content: dict[str, Any]) -> tuple[dict[str, lm_eval_samples.TaskSamples], list[LeftOut]]:
    """Samples by task: from files beside the results, or from `samples` inside old results."""
    samples_of: dict[str, lm_eval_samples.TaskSamples] = {}
    left: list[LeftOut] = []
    for task in content["results"]:
        sample_file = lm_eval_samples.samples_beside(path, task)
        if sample_file is not None:
            samples_of[task] = lm_eval_samples.samples_of_file(sample_file, task)
    for task, rows in mapping(content.get("samples")).items():
        if task not in samples_of and isinstance(rows, list):
            samples_of[task] = lm_eval_samples.samples_of_rows(enumerate(rows, 1), task, f"samples.{task}")
    for samples in samples_of.values():
        left += samples.left_out
    for task in list(samples_of):
        if (reason := _not_theirs(content, task, samples_of[task])) is not None:
            left.append(LeftOut(place=f"samples of {task}", reason=f"{reason}: they are not used"))
            del samples_of[task]
    return samples_of, left


def _not_theirs(content: dict[str, Any], task: str, samples: lm_eval_samples.TaskSamples) -> str | None:
    """Why samples cannot stand for a task's score; None where they can."""
    if (changed := samples.hashes.changed()) is not None:
        return changed
    stated, computed = text(mapping(content.get("task_hashes")).get(task)), samples.hashes.task_hash()
    if stated and computed and stated != computed:
        return f"their hash {computed[:12]} is not the results' task hash {stated[:12]}, so they are of another run"
    counted = whole(inside(content, "n-samples", task, "effective"))
    documents = {item.id for items in samples.items.values() for item in items}
    if counted and documents and len(documents) != counted:
        return f"they are of {len(documents):,} documents, the results of {counted:,}"
    return None


def _leaves(content: dict[str, Any], task: str, seen: frozenset[str] = frozenset()) -> list[str]:
    """The tasks of a group; the task itself if it is none."""
    below = [name for name in sequence(mapping(content.get("group_subtasks")).get(task)) if isinstance(name, str)]
    if not below or task in seen:
        return [task]
    return [leaf for name in below for leaf in _leaves(content, name, seen | {task})]


def _result(
    content: dict[str, Any],
    task: str,
    metric: str,
    kind: str,
    score: float,
    samples: dict[str, lm_eval_samples.TaskSamples],
    arguments: dict[str, Any],
) -> OutsideResult:
    numbers = content["results"][task]
    leaves = _leaves(content, task)
    of, counted = _counts(content, leaves)
    items: tuple[OutsideItem, ...] = ()
    if all(leaf in samples for leaf in leaves):
        parts = [samples[leaf].items.get((metric, kind)) for leaf in leaves]
        if all(parts):
            items = tuple(item for part in parts for item in part or ())
    if not counted and len(leaves) == 1:
        counted = whole(numbers.get("sample_len")) or (len(items) or None)
    stderr = numbers.get(f"{metric}_stderr,{kind}", numbers.get(f"{metric}_stderr"))
    limit = finite(inside(content, "config", "limit"))
    limited = None
    if limit or (of and counted and counted < of):
        first_of = "first " if limit else ""  # without a limit they were chosen by their numbers
        part = f"{100 * limit:g} % of the items" if limit and limit < 1 else f"{limit or 0:g} items a task"
        limited = f"{first_of}{counted:,} of {of:,} items" if of and counted else f"limited to {part}"
    first = leaves[0]
    return OutsideResult(
        task=task,
        metric=metric,
        filter=kind,
        score=score,
        stderr=finite(stderr),
        unit="fraction"
        if 0 <= score <= 1 and not metric.startswith(("ppl", "perplexity", "word_", "byte_"))
        else "value",
        higher_is_better=_direction(content, task, metric),
        count=counted,
        whole=of,
        limited=limited,
        settings=_settings(content, task, first, metric, kind, limited, arguments),
        task_version=_word(mapping(content.get("versions")).get(task)),
        task_hash=text(mapping(content.get("task_hashes")).get(task)),
        items=items,
        signals=lm_eval_samples.sample_signals({leaf: samples[leaf] for leaf in leaves if leaf in samples}),
        evidence=_evidence(content, first),
    )


def _counts(content: dict[str, Any], leaves: list[str]) -> tuple[int | None, int | None]:
    """Items of the benchmark and items that were run, over the leaves; None where the file does not tell."""
    told = [mapping(mapping(content.get("n-samples")).get(leaf)) for leaf in leaves]
    originals = [whole(counts.get("original")) for counts in told]
    effectives = [whole(counts.get("effective")) for counts in told]
    return (
        sum(original or 0 for original in originals) if originals and None not in originals else None,
        sum(effective or 0 for effective in effectives) if effectives and None not in effectives else None,
    )


def _direction(content: dict[str, Any], task: str, metric: str) -> bool | None:
    told = inside(content, "higher_is_better", task, metric)
    return told if isinstance(told, bool) else None


def _settings(
    content: dict[str, Any],
    task: str,
    leaf: str,
    metric: str,
    kind: str,
    limited: str | None,
    arguments: dict[str, Any],
) -> Settings:
    config = mapping(content.get("config"))
    about = mapping(inside(content, "configs", leaf))
    shots = mapping(content.get("n-shot")).get(task, mapping(content.get("n-shot")).get(leaf))
    shots = shots if shots is not None else about.get("num_fewshot", config.get("num_fewshot"))
    generation = _generation(about, config)
    greedy = generation.get("do_sample") in (False, "False", "false")
    temperature = 0.0 if greedy and not finite(generation.get("temperature")) else finite(generation.get("temperature"))
    generates = about.get("output_type") == "generate_until"
    if generates and temperature is None and generation.get("do_sample") is None:
        temperature = 0.0  # lm-eval's own default for every backend
    lengths = ("max_gen_toks", "max_tokens", "max_new_tokens")
    told = [whole(source.get(name)) for source in (generation, arguments) for name in lengths]
    version = text(content.get("lm_eval_version"))
    return Settings(
        shots=whole(shots),
        prompt=_prompt(content, config),
        system_prompt=_system(content),
        thinking=_thinking(arguments),
        temperature=temperature if generates else None,
        top_p=finite(generation.get("top_p")) if generates else None,
        top_k=whole(generation.get("top_k")) if generates else None,
        max_tokens=next((length for length in told if length is not None), None) if generates else None,
        metric=metric,
        filter=kind,
        repeats=whole(about.get("repeats")) or (1 if content.get("configs") else None),
        subset=limited if limited else ("" if content.get("n-samples") else None),
        harness=f"lm-eval {version}" if version else "lm-eval",
        quantization=_precision(config, arguments),
        backend=text(config.get("model")) if "/" not in str(config.get("model")) else None,
    )


def _generation(about: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """Generation arguments in force: the task's, overridden by the command line's."""
    return {
        **mapping(about.get("generation_kwargs")),
        **{name: value for name, value in model_arguments(config.get("gen_kwargs")).items() if value is not None},
    }


def _prompt(content: dict[str, Any], config: dict[str, Any]) -> str | None:
    """`chat` if a template was applied. Files of lm-eval 0.3 know no template: it had none, and they say neither their
    version nor the tasks' configurations. An empty one is that of a backend which leaves templates to its server, where
    nothing says whether it applied one."""
    if content.get("chat_template") or content.get("chat_template_sha"):
        return "chat"
    if "chat" in str(config.get("model")):
        return "chat"
    if content.get("chat_template") == "":
        return None
    known = "chat_template" in content or "chat_template_sha" in content
    first = "configs" not in content and "lm_eval_version" not in content and "n-shot" not in content
    return "completion" if known or first else None


def _system(content: dict[str, Any]) -> str | None:
    if isinstance(content.get("system_instruction"), str):
        return redacted_text(content["system_instruction"])
    return "" if "system_instruction" in content else None


def _thinking(arguments: dict[str, Any]) -> str | None:
    told = arguments.get("enable_thinking")
    if told is None and (said := THINKING.search(str(arguments.get("chat_template_args")))):
        told = said[1]
    return {"true": "on", "false": "off"}.get(str(told).casefold()) if told is not None else None


def _precision(config: dict[str, Any], arguments: dict[str, Any]) -> str | None:
    """Format of the weights: a quantization in the arguments, else the data type."""
    for name in ("load_in_4bit", "load_in_8bit"):
        if str(arguments.get(name)).casefold() == "true":
            return "int4" if "4" in name else "int8"
    if told := text(arguments.get("quantization")):
        return told
    for name in ("gptqmodel", "autogptq"):
        if str(arguments.get(name)).casefold() not in ("none", "false"):
            return "gptq"
    named = next((str(arguments[name]) for name in ("gguf_file", *NAMED_IN) if arguments.get(name)), "")
    if said := format_of_weights(named):  # the data type is that of the computation, not of such weights
        return said
    kind = str(config.get("model_dtype") or arguments.get("dtype") or "").removeprefix("torch.")
    return PRECISION.get(kind)


def _checks(content: dict[str, Any], config: dict[str, Any], arguments: dict[str, Any]) -> dict[str, str]:
    """What the file tells about BOS, in the words of the preflight: `one`, or `unasked` where nobody asked for it."""
    if str(arguments.get("add_bos_token")).casefold() == "true":
        return {"bos": "one: add_bos_token is set"}
    if str(config.get("model")) in ("hf", "hf-auto", "huggingface", "hf-causal", "hf-causal-experimental", "vllm"):
        return {"bos": "unasked: add_bos_token is not set, so whether a BOS token came first is up to the tokenizer"}
    return {}


def _evidence(content: dict[str, Any], leaf: str) -> dict[str, str]:
    config = mapping(content.get("config"))
    told = {
        "model_args": json.dumps(redacted(model_arguments(config.get("model_args"))), sort_keys=True, default=str),
        "git_hash": content.get("git_hash"),
        "chat_template_sha256": content.get("chat_template_sha"),
        "transformers": content.get("transformers_version"),
        "dataset": inside(content, "configs", leaf, "dataset_path"),
        "seconds": content.get("total_evaluation_time_seconds"),
    }
    return {name: str(value)[:500] for name, value in told.items() if value not in (None, "", "{}")}


def _word(value: Any) -> str | None:
    return None if value is None or isinstance(value, (dict, list)) else str(value)[:60]
