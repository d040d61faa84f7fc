"""What was said, and what follows: claims, claim intervals, acceptance criteria, verdicts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from math import pi
from typing import Any

from pydantic import Field, model_validator

from evaluators.records import Record, Settings


class Claimant(StrEnum):
    """Who said it."""

    vendor = "vendor"
    third_party = "third_party"
    press = "press"
    community = "community"


class Qualifier(StrEnum):
    """How the number was put."""

    exact = "exact"
    """"85.2": the printed digits, rounded."""
    about = "about"
    """"~77"."""
    range = "range"
    """"60-100"."""
    at_least = "at_least"
    """">= 85"."""
    at_most = "at_most"
    """"up to 100"."""
    uncertain = "uncertain"
    """"20.0 ± 1.2"."""


class ClaimInterval(Record):
    """What a claim's text allows. Bounds are in the benchmark's unit (scores as fractions); None is unbounded."""

    value: float | None = None
    """The number itself (middle of a range); None where the text is not a number (a licence, say)."""
    low: float | None = None
    """Lower end; None: unbounded."""
    high: float | None = None
    """Upper end; None: unbounded."""
    unit: str
    """Unit of the bounds: `fraction`, `tok/s`, `tokens`, `parameters`, `bytes`, `ratio`, `elo`, `text`, ...; of
    PAIR_UNITS for what an artifact keeps of a reference's score."""
    qualifier: Qualifier
    """How the number was put."""
    text: str | None = None
    """For claims that are words (a licence): the words, normalised."""
    remark: str | None = None
    """What was decided while reading, e.g. "read as percent: the benchmark's unit is a fraction"."""


class ClaimSource(Record):
    """Where a claim was read. The page itself is stored under its hash."""

    url: str
    """URL, or path of the file that was read."""
    sha256: str
    """SHA-256 of the page as read, hex."""
    read_at: datetime
    """UTC."""
    kind: str
    """`model_card`, `model_index`, `eval_results`, `ledger`, `every_eval_ever`, `llm_stats`, `lm_eval`, `csv` or
    `manual`, `article`."""
    title: str | None = None
    """Name of the document."""
    published: str | None = None
    """Date of the document as a person gave it, e.g. `2026-04-17`."""


class Claim(Record):
    """One number that somebody stated about one release and benchmark. Never overwritten, only superseded."""

    claim_id: str
    """First 16 hex digits of the SHA-256 over model, benchmark as printed, settings, claimant, text and source URL
    and place."""
    model: str
    """Hub id, or the name as printed where no id is known."""
    variant: str | None = None
    """Quantization or effort column the number stands in, as printed."""
    commit: str | None = None
    """Commit of the release it is about; None: whatever the source was published with."""
    benchmark: str | None = None
    """Catalogue name; None while unresolved."""
    benchmark_text: str
    """Benchmark as printed."""
    said: str
    """The number as printed, word for word."""
    interval: ClaimInterval | None = None
    """What the text allows; None if it is not a number that can be read."""
    claimant: Claimant
    """Who said it."""
    by: str | None = None
    """Name of the claimant."""
    settings: Settings = Settings()
    """Settings as stated; unknown is None."""
    source: ClaimSource
    """Where it was read."""
    place: str
    """Line, cell or key inside the source, e.g. `line 41, column 2`."""
    note: str | None = None
    """Free text that came with it."""
    supersedes: str | None = None
    """Id of the claim that this one replaces."""
    proposed_by: str | None = None
    """For claims that were proposed from a sentence: what proposed it (`pattern`, or the language model's name); a
    person confirmed it."""


class Outcome(StrEnum):
    """What the evidence says. It starts at unverified, and only evidence moves it."""

    unverified = "unverified"
    confirmed = "confirmed"
    below_claim = "below_claim"
    above_claim = "above_claim"
    not_tested = "not_tested"
    """The run was about something else: other settings than stated, or a part of the benchmark. It judges nothing."""
    depends_on_protocol = "depends_on_protocol"
    """It leaves settings open, and neither holds under one of the plausible ones nor is refuted under each."""
    reached = "reached"
    """A quantization of the claimed weights reaches the claimed score."""
    not_reached = "not_reached"
    """A quantization of the claimed weights stays below it; the claim itself is not judged."""
    inconclusive = "inconclusive"
    invalid_run = "invalid_run"
    could_not_run = "could_not_run"


class Comparability(StrEnum):
    """How far claim and run are about the same thing."""

    matched = "matched"
    """All settings that decide are stated and equal."""
    assumed = "assumed"
    """The claim leaves some out; the benchmark's standard protocol was used."""
    differs = "differs"
    """Some are stated and different: shown, never flagged."""
    unknown = "unknown"
    """The file of an imported run does not tell some of them: shown, never flagged."""


OLD_WORDS = {"lock_id": "criterion_id", "locked_at": "stored_at"}
"""Field names in files of version 0.1.0."""


def _in_present_words(data: Any) -> Any:
    """A stored record's fields under their present names."""
    if isinstance(data, dict) and not OLD_WORDS.keys().isdisjoint(data):
        return {OLD_WORDS.get(name, name): value for name, value in data.items()}
    return data


FIRST_RUN = 0.8
"""Share of a claim's alpha that its first run may use: most claims are verified once, and every item costs."""


class Criterion(Record):
    """The acceptance criterion, stored before the run. Changing any part of it makes a new one."""

    _old_words = model_validator(mode="before")(_in_present_words)

    criterion_id: str
    """SHA-256 (hex) over all other fields but the date."""
    claim_id: str
    """The claim it is about."""
    benchmark: str
    """Catalogue name."""
    metric: str
    """Metric that is compared."""
    filter: str
    """Filter that is compared."""
    interval: ClaimInterval
    """The claim's interval."""
    margin: float
    """Tolerance on both sides, in the interval's unit (fraction for scores)."""
    relative: bool = False
    """The margin is a share of the claim (0.1 = 10 %), as for speed."""
    noise: float = 0.0
    """Run-noise allowance: how far outside the acceptance region a sampled score must lie to contradict the claim."""
    plausible: int = 1
    """Plausible protocols of the claim: under each of them it is confirmed at alpha divided by their number."""
    protocol: str | None = None
    """Name of the protocol that the run follows; None where the claim leaves none open."""
    higher_is_better: bool = True
    """Direction of the benchmark."""
    predictions_sha256: str | None = None
    """SHA-256 (hex) of the predictions used as control variate, frozen before the run; None: none."""
    alpha: float
    """Probability of any wrong verdict on the claim, at most, over all runs that will ever judge it."""
    runs_before: int = 0
    """Runs that judged the claim before this one."""
    order_seed: int
    """Seed of the fixed random order."""
    items: int
    """Items of the whole benchmark."""
    stored_at: datetime
    """UTC."""

    @property
    def score_key(self) -> tuple[str, str]:
        """Metric and filter that are compared."""
        return self.metric, self.filter

    @property
    def level(self) -> float:
        """Probability of a wrong verdict that this run may use: FIRST_RUN of alpha for the first run of a claim,
        6 / (pi^2 k^2) of the rest for the k-th run after it. The sum over all runs is alpha, for ever."""
        if not self.runs_before:
            return self.alpha * FIRST_RUN
        return self.alpha * (1 - FIRST_RUN) * 6 / (pi * self.runs_before) ** 2


class Reason(Record):
    """One reason for an outcome, with what shows it."""

    code: str
    """Short name, e.g. `token_limit`, `chat_template_missing`, `settings_differ`, `margin`."""
    text: str
    """One sentence for people, with the figures."""
    items: tuple[str, ...] = ()
    """Up to three items that show it, as `task/doc_id`."""
    likelihood: float | None = None
    """For a cause: how often it, among all known causes, explains a score below a claim; 0 to 1."""
    settled_by: str | None = None
    """For a doubt: what would settle it."""


class SettingCompared(Record):
    """One line of the settings diff."""

    setting: str
    """Field name of Settings."""
    claimed: str | None
    """As stated, None if not."""
    measured: str | None
    """As run."""
    relation: str
    """`equal`, `differs`, `unknown` (an imported run does not tell), `assumed` or `not_applicable`."""
    origin: str | None = None
    """Who decided the run's value: `claim`, `user`, `release` or `benchmark`; None where nobody did."""


class ProtocolResult(Record):
    """What came out under one of the protocols of a claim."""

    protocol: str
    """Name of the protocol."""
    outcome: Outcome
    """Outcome under it alone."""
    score: float | None = None
    """Measured score in the claim's unit."""
    low: float | None = None
    """Lower end of its confidence sequence."""
    high: float | None = None
    """Upper end of its confidence sequence."""
    items: int | None = None
    """Items it rests on."""
    of: int | None = None
    """Items of the whole benchmark."""
    run_id: str | None = None
    """The run."""
    plausible: bool = True
    """One of those that the claim may have been made under."""


class VariantScore(Record):
    """The score on other items of the same kind, asked alike. No verdict depends on it."""

    benchmark: str
    """Catalogue name of the variant."""
    title: str
    """Its name for people."""
    score: float
    """As a fraction."""
    low: float | None = None
    """Lower end of its 95 % confidence sequence."""
    high: float | None = None
    """Upper end of it."""
    items: int
    """Items it rests on."""
    of: int
    """Items of the whole variant."""
    run_id: str
    """The run."""
    pairs: int = 0
    """Variants whose originals were asked too; 0 where they are too few, or not known item by item."""
    paired_score: float | None = None
    """Score on those variants."""
    original_score: float | None = None
    """Score on their originals."""
    difference_low: float | None = None
    """Lower end of the 95 % confidence sequence of variants less originals, over the originals that were asked."""
    difference_high: float | None = None
    """Upper end of it."""


class Verdict(Record):
    """Claim and measurement put together. Appended, never overwritten."""

    _old_words = model_validator(mode="before")(_in_present_words)

    claim_id: str
    """The claim."""
    criterion_id: str | None
    """The criterion it was judged against; None where nothing was run."""
    run_id: str | None
    """The run; None where nothing was run."""
    outcome: Outcome
    """What the evidence says."""
    comparability: Comparability | None
    """How far claim and run are about the same thing; None where nothing was run."""
    flagged: bool = False
    """A discrepancy: below_claim on a sound run that is not `differs`."""
    protocol: str | None = None
    """Protocol of the run that decided; None where the claim leaves none open."""
    by_protocol: tuple[ProtocolResult, ...] = ()
    """What came out under each protocol that was run, in the order of their plausibility."""
    variants: tuple[VariantScore, ...] = ()
    """Scores on other items of the same kind, where they were asked for."""
    reasons: tuple[Reason, ...] = ()
    """Why, most important first."""
    compared: tuple[SettingCompared, ...] = ()
    """The settings diff."""
    score: float | None = None
    """Measured score in the claim's unit."""
    low: float | None = None
    """Lower end of the confidence sequence."""
    high: float | None = None
    """Upper end of the confidence sequence."""
    confidence: float | None = None
    """Its level, e.g. 0.95."""
    items: int | None = None
    """Items it rests on."""
    of: int | None = None
    """Items of the whole benchmark."""
    stopped_early: bool = False
    """The score is a score at stop."""
    e_values: dict[str, float] = Field(default_factory=dict)
    """Natural logarithms of the e-values of the four tests: at_least_low, at_most_high, below, above."""
    strength: float | None = None
    """Natural logarithm of an e-value against the claim at the stop, run noise included, for the board of all claims;
    None where nothing was tested."""
    headline: str = ""
    """One line for people."""
    judged_at: datetime
    """UTC."""
    sequence: int | None = None
    """Which verdict on its claim it is, counted from 1 as they are stored: of two the later one stands, whatever the
    clock said. None before it is stored, and in files of version 0.1.0."""

    def repeats(self, standing: Verdict | None) -> bool:
        """Whether it says what the standing verdict on its claim says already, from the same run."""
        return standing is not None and self.run_id is not None and _told(self) == _told(standing)


def _told(verdict: Verdict) -> Verdict:
    """A verdict without when it was made."""
    return verdict.model_copy(update={"judged_at": None, "sequence": None})
