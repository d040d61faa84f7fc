"""The best sandbox that this machine has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from evaluators.sandbox.box import Sandbox, SandboxError
from evaluators.sandbox.bubblewrap import Bubblewrap
from evaluators.sandbox.landlock import Landlock
from evaluators.sandbox.nsjail import Nsjail
from evaluators.sandbox.seatbelt import Seatbelt
from evaluators.sandbox.self_test import ProbeResult, self_test
from evaluators.sandbox.unconfined import Unconfined

ORDER: tuple[Callable[[], Sandbox], ...] = (Bubblewrap, Nsjail, Landlock, Seatbelt)
"""Best first. `none` is not among them: it is never taken unasked."""


@dataclass(frozen=True)
class TriedSandbox:
    """One kind on this machine, and whether it can be used."""

    sandbox: Sandbox
    missing: str | None
    """What it lacks; None if it was probed."""
    probes: tuple[ProbeResult, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether it is there and held every probe."""
        return self.missing is None and all(probe.held for probe in self.probes)

    @property
    def reason(self) -> str:
        """Why it cannot be used, in one line; empty if it can."""
        failed = [f"{probe.name}: {probe.detail}".rstrip(": ") for probe in self.probes if not probe.held]
        return self.missing or "; ".join(failed)


@cache
def try_sandbox(kind: str) -> TriedSandbox:
    """Probe a kind, once a process. `none` is not probed: it holds nothing."""
    sandbox = sandbox_of_kind(kind)
    missing = sandbox.missing()
    return TriedSandbox(sandbox, missing, () if missing or kind == "none" else self_test(sandbox))


def choose_sandbox(kind: str | None = None) -> Sandbox:
    """The first kind that holds all its probes here, or the kind asked for if it does.

    Raises SandboxError, saying what each kind lacks, if there is none.
    """
    reasons = []
    for name in [kind] if kind else kinds():
        tried = try_sandbox(name)
        if tried.usable:
            return tried.sandbox
        reasons.append(f"{name}: {tried.reason}")
    raise SandboxError("no sandbox for generated code (" + "; ".join(reasons) + ")")


def kinds() -> tuple[str, ...]:
    """Kinds that are tried, best first."""
    return tuple(make().kind for make in ORDER)


def sandbox_of_kind(kind: str) -> Sandbox:
    """The sandbox of a kind, without probing it. Raises SandboxError for an unknown one."""
    for make in (*ORDER, Unconfined):
        sandbox = make()
        if sandbox.kind == kind:
            return sandbox
    raise SandboxError(f"no sandbox is called {kind}; there are {', '.join(kinds())} and none")
