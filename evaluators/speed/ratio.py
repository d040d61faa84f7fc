"""How many times as fast one artifact or server is as another, by paired runs that take turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from evaluators.backends import ModelServer
from evaluators.catalogue import Benchmark
from evaluators.records import Artifact, Run, ServerDescription, Settings, UserError
from evaluators.speed.conditions import client_name, complete_conditions, evidence
from evaluators.speed.lengths import lengthen
from evaluators.speed.measure_speed import RUNS, checks, how, quantity_of, refuse_few
from evaluators.speed.metrics import Quantity
from evaluators.speed.request_batches import Rounds
from evaluators.speed.run_record import finish, measurement
from evaluators.speed.sampling_loop import Decided, Tell, gather
from evaluators.speed.stability import OTHERS_IN_PAIRS
from evaluators.speed.stream import StreamClient


def measure_ratio(
    benchmark: Benchmark,
    numerator: tuple[Artifact, ModelServer],
    denominator: tuple[Artifact, ModelServer],
    settings: Settings,
    *,
    folder: Path,
    runs: int = RUNS,
    progress: Tell | None = None,
    decided: Decided | None = None,
    allowed_load: float = OTHERS_IN_PAIRS,
) -> Run:
    """Measure `output_speed_ratio` or `prompt_speed_ratio`: the speed of the numerator over that of the denominator.

    Both servers must run at the same time; while one is asked the other rests. A pair is one run of each, and pairs
    change their order (A B, B A, ...), so that what slows the machine down for a while meets both. Returns a Run of the
    numerator with one ratio per pair; the evidence describes the denominator. Raises UserError like `measure_speed`.
    """
    if not benchmark.name.endswith("_ratio"):
        raise UserError(f"{benchmark.name} is no ratio; choose output_speed_ratio or prompt_speed_ratio")
    quantity = quantity_of(benchmark.name.removesuffix("_ratio"))
    refuse_few(runs, "pairs")
    started = datetime.now(UTC)
    described = [server.describe() for _, server in (numerator, denominator)]
    clients = StreamClient(numerator[1]), StreamClient(denominator[1])
    filled = _filled((numerator[0], denominator[0]), described, clients, quantity, settings)
    sides = [
        Rounds(client, quantity, conditions, seed=runs, gauge=other.token_ids)
        for client, other, conditions in zip(clients, clients[::-1], filled, strict=True)
    ]
    gathered = gather(
        sides, [numerator[1], denominator[1]], runs, allowed=allowed_load, progress=progress,
        value=lambda pair: pair[0] / pair[1], decided=decided,
    )  # fmt: skip
    ratios = [] if gathered.failure else [over / under for over, under in gathered.values]
    seen = side_names((numerator[0], filled[0]), (denominator[0], filled[1]))
    names = settings.numerator or seen[0], settings.denominator or seen[1]
    shown = evidence(numerator[0], described[0]) | how(quantity, sides, gathered)
    shown |= _denominator_evidence(denominator[0], described[1])
    medians = (median(gathered.side(0)), median(gathered.side(1))) if ratios else None
    measured = measurement(
        benchmark, ratios, gathered.wanted, "ratio", shown, failed=int(bool(gathered.failure)),
        first_look=gathered.first_look, sides=seen, medians=medians,
    )  # fmt: skip
    return finish(
        benchmark, numerator[0], described[0],
        filled[0].model_copy(update={"numerator": names[0], "denominator": names[1]}),
        [measured],
        folder=folder, started=started, invalid=gathered.verdict(ratios, allowed_load),
        requests=sum(client.sent for client in clients), server_failed=gathered.server_failed,
        checks=checks(gathered, ratios), signals=gathered.signals(),
    )  # fmt: skip


def _filled(
    artifacts: tuple[Artifact, Artifact],
    described: Sequence[ServerDescription],
    clients: tuple[StreamClient, StreamClient],
    quantity: Quantity,
    settings: Settings,
) -> list[Settings]:
    """The conditions of both sides: the same lengths, those of the smaller context, and the shorter answer."""
    filled = [
        complete_conditions(settings, artifact, about, client=client_name(), generates=quantity.generates)
        for artifact, about in zip(artifacts, described, strict=True)
    ]
    lengths = {"prompt_tokens", "generation_tokens", "depth", "concurrency"}
    if filled[0].model_dump(include=lengths) != filled[1].model_dump(include=lengths):
        # the smaller context decides for both
        common = min(
            filled, key=lambda conditions: (conditions.prompt_tokens or 0) + (conditions.generation_tokens or 0)
        )
        filled = [conditions.model_copy(update=common.model_dump(include=lengths)) for conditions in filled]
    filled = [
        lengthen(client, quantity, conditions, settings, about.context)
        for client, conditions, about in zip(clients, filled, described, strict=True)
    ]
    shortest = min(conditions.generation_tokens or 0 for conditions in filled)
    return [conditions.model_copy(update={"generation_tokens": shortest}) for conditions in filled]


def _denominator_evidence(artifact: Artifact, about: ServerDescription) -> dict[str, str]:
    """What the denominator was, under names of their own."""
    told = {f"denominator_{name}": text for name, text in evidence(artifact, about).items()}
    return told | {
        "denominator_quantization": artifact.quantization,
        "denominator_backend": f"{about.backend} {about.version}",
    }


def side_names(upper: tuple[Artifact, Settings], lower: tuple[Artifact, Settings]) -> tuple[str, str]:
    """What to call the two sides: all that differs between them of release, quantization, backend and its version."""
    rows = [
        [artifact.release.model, run.quantization, run.backend, run.backend_version] for artifact, run in (upper, lower)
    ]
    same = [
        str(upper_name).casefold() == str(lower_name).casefold() for upper_name, lower_name in zip(*rows, strict=True)
    ]
    if not same[2]:
        same[3] = True  # the names of two backends tell enough
    if all(same):
        rows, same[0] = [[artifact.release.location] for artifact, _ in (upper, lower)], False
    over, under = (" ".join(str(part) for part, alike in zip(row, same, strict=False) if not alike) for row in rows)
    return over, under
