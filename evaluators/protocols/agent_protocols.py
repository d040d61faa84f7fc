"""How an agent benchmark is run for a claim: one protocol, because the harness decides everything but the sampling."""

from __future__ import annotations

from evaluators.catalogue import Benchmark
from evaluators.protocols.plausible_protocols import Plausible
from evaluators.records import Origin, Protocol, Settings

FOLLOWED = ("temperature", "max_tokens")
"""What a claim or the user may state, and harnesses pass on."""


def agent_protocols(benchmark: Benchmark, stated: Settings, user: Settings | None = None) -> Plausible:
    """The protocol of a claim that states `stated`. `user`: options of the command, for what the claim leaves open.

    Scores move with the scaffold by more than most lies would. A claim that names none is confirmed where ours reaches
    the score, and is never refuted: others are plausible and cannot be run here. Where the benchmark is defined with a
    scaffold (the entry's `protocol.scaffold`), that is what such a claim means.
    """
    held = benchmark.protocol.model_dump(exclude_none=True, exclude={"notes", "scaffold", "tools"})
    origins = dict.fromkeys(held, Origin.benchmark)
    for source, origin in ((user, Origin.user), (stated, Origin.claim)):
        said = source.model_dump(exclude_none=True, include=set(FOLLOWED)) if source else {}
        held |= said
        origins |= dict.fromkeys(said, origin)
    score = benchmark.score(stated.metric, stated.filter)
    held |= {"metric": score.metric, "filter": score.filter}
    protocol = Protocol(name=benchmark.harness or "agent", settings=Settings.model_validate(held), origins=origins)
    open_scaffold = stated.scaffold is None and benchmark.protocol.scaffold is None
    return Plausible((protocol,), ("other agent scaffolds: the claim names none",) if open_scaffold else ())
