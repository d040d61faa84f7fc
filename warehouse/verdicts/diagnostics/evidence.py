"""What the causes of a difference are read from, and what a cause is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evaluators.catalogue import Benchmark
from evaluators.records import ItemScore, Measurement, Run
from warehouse.claim_records import Claim, ClaimInterval, Criterion
from warehouse.verdicts.diagnostics.validity import has_collapsed

Weight = Literal["unsound", "doubt", "note"]
"""`unsound`: the run cannot accuse anybody; `doubt`: it may explain the difference; `note`: worth reading."""


@dataclass(frozen=True)
class Cause:
    """One cause with what shows it."""

    code: str
    text: str
    weight: Weight
    status: str | None = None
    """Status of the items that show it."""
    examples: tuple[str, ...] = ()
    """Items that show it, as `task/doc_id`, where their status does not say so."""
    portion: float = 0.0
    """Share of the items that it may have made wrong, where that was counted; fraction."""


@dataclass(frozen=True)
class ColumnMatch:
    """How often the cells of another model equal what was measured for this one."""

    name: str
    """The other model, as the source names it."""
    equal: int
    """Benchmarks on which its cell equals the measured score and the claimed one does not."""
    of: int
    """Benchmarks that were compared."""


@dataclass(frozen=True)
class Evidence:
    """Everything the causes are read from."""

    claim: Claim
    interval: ClaimInterval
    run: Run
    measurement: Measurement
    benchmark: Benchmark
    other_cells: Sequence[tuple[str, float]] = ()
    """Cells of other models in the claim's table: name and value."""
    criterion: Criterion | None = None
    noise: float = 0.0
    """Run-noise allowance of the run, as a fraction."""
    items: Sequence[ItemScore] = ()
    """Item scores of the run, as far as they are known."""
    columns: Sequence[ColumnMatch] = ()
    """Other models of the claim's source whose cells were compared with this model's scores on several benchmarks."""

    def signal(self, name: str) -> float:
        """A signal of the run; 0 where it has no meaning."""
        return self.run.signals.get(name, 0.0)

    def states(self, name: str) -> bool:
        """Whether the claim states a setting."""
        return getattr(self.claim.settings, name) is not None

    @property
    def gap(self) -> float:
        """Claimed minus measured, positive if the measurement is worse, in the claim's unit; 0 if unknown."""
        if self.measurement.score is None or self.interval.value is None:
            return 0.0
        gap = self.interval.value - self.measurement.score
        return gap if self.benchmark.higher_is_better else -gap

    @property
    def guesses(self) -> bool:
        """Whether the score is that of guessing, and the claim is far above it. Needs 50 items."""
        score, n, chance = self.measurement.score, self.measurement.items, self.benchmark.chance
        if score is None or n < 50 or self.gap <= 0.10:
            return False
        wide = max(0.03, 3 * (chance * (1 - chance) / n) ** 0.5) if chance else 0.0
        return score <= (chance or 0.0) + wide

    @property
    def whole(self) -> bool:
        """Whether the score is that of the whole benchmark."""
        return self.measurement.items >= self.measurement.of > 0 and not self.measurement.stopped_early

    @property
    def collapses(self) -> bool:
        """Whether the score is below a quarter of the claim, or within ten points of guessing and far from the claim.
        Needs 50 items."""
        score, claimed, chance = self.measurement.score, self.interval.value, self.benchmark.chance
        if score is None or claimed is None or self.measurement.items < 50 or self.gap <= 0.10:
            return False
        if not self.benchmark.higher_is_better or self.measurement.unit != "fraction":
            return False
        return has_collapsed(score, claimed, chance)

    @property
    def generates(self) -> bool:
        """Whether answers are generated."""
        return self.benchmark.output == "generate_until"
