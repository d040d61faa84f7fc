"""Settings in force: what a claim states, then the benchmark's protocol, then the task itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from evaluators.backends.openai_api import sampling
from evaluators.catalogue import Benchmark
from evaluators.records import Artifact, ServerDescription, Settings, UserError

if TYPE_CHECKING:
    from evaluators.harness.requests import Item
    from evaluators.harness.tasks import LoadedTasks


def complete_settings(benchmark: Benchmark, stated: Settings) -> Settings:
    """The stated settings, and the benchmark's protocol where they state nothing. Score: the first."""
    protocol = benchmark.protocol.model_dump()
    filled = {name: value if value is not None else protocol[name] for name, value in stated.model_dump().items()}
    if filled["prompt"] is None:
        filled["prompt"] = "completion"
    if benchmark.scores and filled["metric"] is None and filled["filter"] is None:
        filled["metric"], filled["filter"] = benchmark.scores[0].metric, benchmark.scores[0].filter
    if not stated.notes:
        filled["notes"] = ()
    return Settings.model_validate(filled)


def harness_name() -> str:
    """`lm-eval <version>`."""
    return f"lm-eval {version('lm-eval')}"


def in_force(
    settings: Settings,
    loaded: LoadedTasks,
    items: Sequence[Item],
    artifact: Artifact,
    server: ServerDescription,
    repeats: int,
) -> Settings:
    """The settings as the run will really have them: what the tasks fix themselves is read back from them."""
    shots = {task.get_config("num_fewshot") for task in loaded.tasks.values()}
    changes: dict[str, object] = {
        "shots": shots.pop() if len(shots) == 1 else None,
        "repeats": repeats,
        "system_prompt": settings.system_prompt or "",
        "subset": settings.subset or "",
        "harness": harness_name(),
        "quantization": artifact.quantization,
        "backend": server.backend,
        "backend_version": server.version,
        "hardware": server.hardware.gpu or server.hardware.cpu,
        "notes": (),
    }
    arguments = [item.instances[0].args[1] for item in items if item.instances[0].request_type == "generate_until"]
    if arguments:
        first = arguments[0]
        temperature = float(first.get("temperature") or 0.0)
        limit = sampling.limit(first)
        known = sampling.SAMPLERS if knows_samplers(server) else sampling.STANDARD
        neutral = {name: sampling.NEUTRAL[name] for name in known}
        changes |= {
            "temperature": temperature,
            "max_tokens": limit if limit is not None else server.context,
            **(neutral | {name: first[name] for name in sampling.SAMPLERS if first.get(name) is not None}),
        }
        if not temperature:
            changes |= {"top_p": None, "top_k": None, "min_p": None}  # they do nothing to the likeliest token
    return settings.model_copy(update=changes)


def knows_samplers(server: ServerDescription) -> bool:
    """Whether every sampler is set by us on this server, so that one nobody stated is known to be neutral."""
    own = sampling.OWN_SERVERS
    return server.backend in own | {"ollama"} or server.flags.get("server") in own


def repeats_of(settings: Settings, loaded: LoadedTasks, *, copies: bool = False) -> tuple[int, bool]:
    """(answers per request, whether the task's own filters take all of them at once).

    Raises UserError if repeats are asked of a log-likelihood run, or of a greedy one unless `copies` are wanted to see
    whether they are the same.
    """
    own = {int(task.get_config("repeats") or 1) for task in loaded.tasks.values()}
    if own != {1}:
        return settings.repeats or max(own), True
    repeats = settings.repeats or 1
    if repeats > 1:
        for task in loaded.tasks.values():
            if task.get_config("output_type") != "generate_until":
                raise UserError(f"{repeats} repeats of a log-likelihood are copies; run it with repeats 1")
            if not copies and not (task.get_config("generation_kwargs") or {}).get("temperature"):
                raise UserError(f"{repeats} repeats at temperature 0 are copies; state a temperature or repeats 1")
    return repeats, False
