"""What outcomes, comparability and settings are called: the one table for pages, pictures and tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OutcomeWords:
    """How one outcome is shown."""

    words: str
    """What it is called, of one claim: "the claim ... holds"."""
    symbol: str
    """One character that tells it without colour."""
    colour: str
    """Name in `warehouse.reports.site.colours.COLOURS`."""
    column: str
    """Column of the board that counts it."""
    style: str
    """Style on the terminal, in rich's words."""
    meaning: str
    """One sentence for the glossary."""
    counted: str = ""
    """What it is called after a number ("8 hold"), where that differs."""

    @property
    def of_many(self) -> str:
        """What it is called after a number."""
        return self.counted or self.words


OUTCOMES = {
    "confirmed": OutcomeWords(
        "holds", "✓", "good", "hold", "green",
        "The score lies within what the claim's words and the margin allow.",
        "hold",
    ),
    "below_claim": OutcomeWords(
        "below the claim", "▼", "bad", "below", "bold red", "The score lies below what the claim and the margin allow."
    ),
    "above_claim": OutcomeWords(
        "above the claim", "▲", "info", "hold", "cyan", "The score lies above what the claim and the margin allow."
    ),
    "depends_on_protocol": OutcomeWords(
        "depends on the settings", "◆", "doubt", "not decided", "yellow",
        "The claim leaves settings open, and the answer differs between plausible ones.",
    ),
    "reached": OutcomeWords(
        "reached by this quantization", "✓", "good", "hold", "green",
        "Smaller weights than the claim is about reach the claimed number.",
    ),
    "not_reached": OutcomeWords(
        "not reached by this quantization", "▽", "doubt", "not decided", "yellow",
        "Smaller weights than the claim is about do not reach the claimed number; the claim itself is not judged.",
    ),
    "not_tested": OutcomeWords(
        "not tested as claimed", "○", "quiet", "not checked", "dim",
        "A run exists, but under other settings than the claim states, so it says nothing about the claim.",
    ),
    "inconclusive": OutcomeWords(
        "not decided", "?", "doubt", "not decided", "yellow",
        "The evidence so far does not decide; the reason says what would.",
    ),
    "invalid_run": OutcomeWords(
        "run not sound", "!", "odd", "not decided", "magenta",
        "The run itself went wrong, so it says nothing about the claim.",
    ),
    "could_not_run": OutcomeWords(
        "could not be run", "–", "quiet", "could not run", "dim",
        "It could not be run here; the reason says what would be needed.",
    ),
    "unverified": OutcomeWords(
        "not checked yet", "·", "quiet", "not checked", "dim",
        "Nothing was run for this claim yet; every claim starts here.",
    ),
}  # fmt: skip
"""By outcome, in the order in which pages count them."""

COLUMNS = ("hold", "hold, other settings", "below", "not decided", "could not run", "not checked")
"""Columns of the board. `hold, other settings` takes what holds where the settings differ from the claim's."""

COMPARABILITY = {
    "matched": "as claimed",
    "assumed": "vendor did not say all",
    "differs": "not the claim's settings",
    "unknown": "not told by the result",
}
"""How far claim and run are about the same thing."""

RELATION = {
    "equal": "same",
    "differs": "different",
    "assumed": "vendor did not say",
    "not_applicable": "does not apply",
}
"""Words for one line of the settings diff."""

ORIGIN = {
    "claim": "the claim",
    "user": "the command line",
    "release": "the release's files",
    "benchmark": "the benchmark's standard",
}
"""Where a setting of a run came from."""

CLAIMANT = {
    "vendor": "the vendor",
    "third_party": "a third party",
    "press": "the press",
    "community": "the community",
}
"""Who said it, where no name is known."""


def outcome_words(outcome: str) -> OutcomeWords:
    """How an outcome is shown; one that the table does not know is shown under its own name."""
    plain = outcome.replace("_", " ")
    return OUTCOMES.get(outcome) or OutcomeWords(plain, "•", "quiet", "not decided", "", f"{plain}.")


def board_column(outcome: str, comparability: str | None) -> str:
    """The column of the board that counts a claim."""
    column = outcome_words(outcome).column
    return "hold, other settings" if column == "hold" and comparability == "differs" else column
