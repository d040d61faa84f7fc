"""Are claim and run about the same thing? Setting by setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evaluators.catalogue import Benchmark
from evaluators.records import Origin, Run, Settings, UserError
from warehouse.claim_records import Claim, Comparability, SettingCompared
from warehouse.number_text import PAIR_UNITS
from warehouse.verdicts.hardware_names import same_machine
from warehouse.verdicts.scaffold_names import limited, same_scaffold

ALWAYS = (
    "quantization", "thinking", "effort", "tools", "scaffold", "judge", "subset", "repeats", "numerator", "denominator",
)  # fmt: skip
"""Settings that decide wherever a claim states them, whatever the benchmark."""
REFERENCE = "reference"
"""What the setting `denominator` is called in a claim about a pair."""
NEVER = ("notes", "harness", "backend_version")
"""Settings that are recorded and shown elsewhere, not compared."""
PLAIN = {"subset": "", "repeats": 1, "tools": "none", "scaffold": "none"}
"""What a claim means that says nothing: the whole benchmark, one answer an item, no tools."""
SAME = {"same", "the same", "same hardware", "the same hardware", "same machine", "the same machine"}
"""Hardware of a ratio that names none: only that both sides ran on it."""
LOWERING = ("assumed", "unknown", "differs")
"""Relations of a setting that make a run less than matched."""
FULL = {"f16", "fp16", "float16", "half", "bf16", "bfloat16", "f32", "fp32", "float32", "full"}
"""Formats that hold the weights as released, as far as scores go."""
CLOSE = {"q8_0", "q8", "int8", "fp8", "8bit", "8-bit", "w8a8", "w8a16"}
"""Formats close enough to stand for the weights as released where a claim states none."""


def compare(
    claim: Claim, run: Run, benchmark: Benchmark, *, metric: str | None = None, filter: str | None = None
) -> tuple[Comparability, tuple[SettingCompared, ...]]:
    """The settings diff between a claim and a run, and what follows. `metric` and `filter` are those that were
    compared.

    relation: `equal`; `differs` (stated and different); `assumed` (not stated: the benchmark's standard protocol was
    used); `unknown` (an imported run's file does not tell it); `not_applicable`. The benchmark's `decides`, and ALWAYS
    where stated, decide comparability."""
    stated, measured = _stated(claim, benchmark), run.settings
    untold = run.ran_by == "imported" and measured.filter is None
    measured = measured.model_copy(
        update={
            "metric": metric or measured.metric,
            "filter": None if untold else filter or measured.filter,
            **_quantization_of(run),
        }
    )
    lines, outcome = [], Comparability.matched
    for name in Settings.model_fields:
        if name in NEVER:
            continue
        said, ran = getattr(stated, name), getattr(measured, name)
        decides = name in benchmark.decides or (name in ALWAYS and said is not None)
        line, decides = _compared(name, said, ran, decides, claim, run, benchmark, measured)
        if line is None:
            continue
        lines.append(line)
        if decides:
            outcome = _lowered(outcome, line.relation)
    if not run.weights_seen:
        lines.append(SettingCompared(setting="weights", claimed="as released", measured="not seen", relation="assumed"))
        outcome = _lowered(outcome, "assumed")
    lines.sort(key=lambda line: ("differs", "unknown", "assumed", "equal", "not_applicable").index(line.relation))
    return outcome, tuple(lines)


def _lowered(outcome: Comparability, relation: str) -> Comparability:
    """The comparability after one more setting that decides."""
    order = (Comparability.matched, Comparability.assumed, Comparability.unknown, Comparability.differs)
    return max(outcome, Comparability(relation), key=order.index) if relation in LOWERING else outcome


def _compared(
    name: str,
    said: Any,
    ran: Any,
    decides: bool,
    claim: Claim,
    run: Run,
    benchmark: Benchmark,
    measured: Settings,
) -> tuple[SettingCompared | None, bool]:
    """The line of one setting, None if it is not worth one, and whether it decides."""
    relation = _relation(name, said, ran, decides)
    if run.ran_by == "imported" and decides and ran is None and not _without(name, measured):
        relation = "unknown"
    elif name == "quantization" and ran is None and said is not None and not run.weights_seen:
        relation = "assumed"
    if benchmark.evaluator == "specification" and ran is None and said is not None:
        relation = "not_applicable"
    if name == "quantization" and said is None and ran is not None and not _as_released(claim, run, ran):
        said, relation, decides = "as released", "differs", True
    if benchmark.harness and said is None and name == "max_tokens" and run.origins.get(name) is Origin.user:
        relation, decides = "differs", True
    if name == "scaffold" and ran is not None and limited(said, ran):
        # a task for which the agent had too few requests is no failure of the model
        relation, decides = "differs", True
    if name == "subset" and benchmark.windowed and not said:
        # the window moves the score by more than most lies would
        relation, decides, ran = "differs", True, ran or "all dates"
    if name == "sandbox" and ran == "none":
        # never what a claim means: every row of such a run says it
        relation = "assumed"
    if relation is None:
        return None, decides
    origin = run.origins.get(name)
    is_pair = claim.interval is not None and claim.interval.unit in PAIR_UNITS
    line = SettingCompared(
        setting=REFERENCE if name == "denominator" and is_pair else name,
        claimed=_text(said),
        measured=_text(ran),
        relation=relation,
        origin=origin.value if origin else None,
    )
    return line, decides


def _without(name: str, measured: Settings) -> bool:
    """Whether a setting has no meaning for a run: thinking where plain text was completed."""
    return name == "thinking" and measured.prompt == "completion"


def _as_released(claim: Claim, run: Run, quantization: str) -> bool:
    """Whether the weights that were run may stand for those that a claim without quantization is about: a ratio's own
    pair, the vendor's own safetensors, or a format that is close."""
    side = run.settings.numerator
    if is_close(quantization) or (side and _normal("quantization", side) == _normal("quantization", quantization)):
        return True
    artifact = run.artifact
    own = artifact is not None and artifact.release.model.casefold() == claim.model.casefold()
    return own and artifact is not None and artifact.format == "safetensors"


def is_close(quantization: str) -> bool:
    """Whether weights in this format may stand for the weights as released."""
    return quantization.casefold() in FULL | CLOSE


def _stated(claim: Claim, benchmark: Benchmark) -> Settings:
    """What the claim states, its metric and filter in lm-eval's words, also where the benchmark leaves no choice."""
    stated = claim.settings
    if claim.benchmark is not None and benchmark.name != claim.benchmark:
        # another formulation of the claim's benchmark has scores of other names
        stated = stated.model_copy(update={"metric": None, "filter": None})
    if benchmark.unit == "ratio" and str(stated.hardware).casefold() in SAME:
        stated = stated.model_copy(update={"hardware": None})
    if not benchmark.scores:
        return stated
    try:
        score = benchmark.score(stated.metric, stated.filter)
    except UserError:
        return stated
    only_metric = len({entry.metric for entry in benchmark.scores}) == 1
    only_filter = len({entry.filter for entry in benchmark.scores if entry.metric == score.metric}) == 1
    return stated.model_copy(
        update={
            "metric": score.metric if stated.metric or only_metric else None,
            "filter": score.filter if stated.filter or only_filter else None,
        }
    )


def _quantization_of(run: Run) -> dict[str, str | None]:
    """The quantization that was run; None where an attached server's is not known. Weights that were seen and are of a
    format that nobody knows stay `unknown`: they stand for nobody's release."""
    ran = run.settings.quantization or (run.artifact.quantization if run.artifact else None)
    return {"quantization": None if ran == "unknown" and not run.weights_seen else ran}


def _relation(name: str, said: Any, ran: Any, decides: bool) -> str | None:
    """Relation of one setting; None: not worth a line."""
    if said is None:
        if not decides or (name in PLAIN and ran == PLAIN[name]):
            return None
        return "not_applicable" if ran is None else "assumed"
    if ran is None:
        return "differs" if decides and _normal(name, said) not in ("", "none", "off", 1) else "not_applicable"
    if name == "scaffold" and same_scaffold(said, ran):
        return "equal"
    if name == "hardware":
        return "equal" if same_machine(said, ran) else "differs"
    return "equal" if _normal(name, said) == _normal(name, ran) else "differs"


def _normal(name: str, value: Any) -> Any:
    """A value in the form in which it is compared."""
    if isinstance(value, str):
        value = " ".join(value.split()).casefold()
    special: dict[str, Callable[[Any], Any]] = {
        "quantization": lambda text: "full" if text in FULL else text.replace("-", "_"),
        "tools": lambda text: text or "none",
        "system_prompt": lambda text: text,
    }
    return special.get(name, lambda same: same)(value)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)
