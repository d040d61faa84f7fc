"""What was measured: releases, artifacts, servers, settings, runs, responses, item scores, measurements.

Every record is frozen and refuses unknown fields, so that a manifest written today reads back the same tomorrow.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, model_validator

from evaluators.artifact_records import Artifact as Artifact
from evaluators.artifact_records import Hardware as Hardware
from evaluators.artifact_records import Release as Release
from evaluators.artifact_records import ServerDescription as ServerDescription
from evaluators.artifact_records import WeightFile as WeightFile
from evaluators.imported_origin import Imported as Imported
from evaluators.measurement_record import Measurement as Measurement
from evaluators.record_base import Record as Record
from evaluators.response_records import ItemScore as ItemScore
from evaluators.response_records import ItemStatus as ItemStatus
from evaluators.response_records import RequestKind as RequestKind
from evaluators.response_records import Response as Response
from evaluators.response_records import ResponseStatus as ResponseStatus
from evaluators.run_settings import Origin as Origin
from evaluators.run_settings import Protocol as Protocol
from evaluators.run_settings import Settings as Settings
from evaluators.user_error import UserError as UserError


class RunStatus(StrEnum):
    """How a run ended."""

    finished = "finished"
    """All items, or as many as the stopping rule asked for."""
    invalid = "invalid"
    """Unsound: too many failed requests, or a failed preflight."""
    interrupted = "interrupted"
    """Not ended yet; may be resumed."""


class Run(Record):
    """One evaluator on one artifact on one server with one settings set: the manifest of a run folder."""

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: Any) -> Any:
        """Manifests of version 0.1.0 told failed checks by the first word of their finding."""
        known = data.get("checks") if isinstance(data, dict) else None
        if not isinstance(known, dict) or "failed_checks" in data:
            return data
        failed = {name: str(text) for name, text in known.items() if str(text).startswith("FAILED: ")}
        typed: dict[str, Any] = {
            "failed_checks": {name: text.removeprefix("FAILED: ") for name, text in failed.items()}
        }
        if "deterministic" in known:
            typed["greedy_repeats"] = not str(known["deterministic"]).startswith("no")
        return {**data, **typed}

    run_id: str
    """Derived from everything that determines the answers, so that the same run finds its journal again."""
    schema_version: Literal[1] = 1
    """Version of this manifest."""
    release: Release
    """What was published."""
    artifact: Artifact | None
    """What was run; None for specification runs that pull no weights."""
    server: ServerDescription | None
    """Where it was run; None for specification runs."""
    benchmark: str
    """Catalogue name."""
    evaluator: str
    """`lm-eval`, `specification`, `speed` or `outside`."""
    evaluator_version: str
    """Version of the evaluator's package."""
    ran_by: Literal["us", "imported"] = "us"
    """`imported`: somebody else ran it, and only its file was read."""
    imported: Imported | None = None
    """Where an imported run came from; None for ours."""
    task_version: str | None = None
    """Version of the lm-eval task, and SHA-256 of its data where known."""
    settings: Settings
    """Settings in force."""
    protocol: str | None = None
    """Name of the protocol: `completion`, `chat`, `thinking`, ...; None in runs made before protocols had names."""
    origins: dict[str, Origin] = Field(default_factory=dict)
    """Who decided each setting."""
    order_seed: int = 0
    """Seed of the fixed random order."""
    continues: str | None = None
    """Id of the stopped run that this one goes on with, the first of them: they are one look at the claims."""
    status: RunStatus
    """How it ended."""
    reason: str | None = None
    """Why it is invalid or interrupted, in one line."""
    server_failed: bool = False
    """It ended because the server answered nothing, or nothing more: there is no measurement that could be unsound."""
    started: datetime
    """UTC."""
    finished: datetime | None = None
    """UTC."""
    attempts: int = 1
    """Times it was started or resumed."""
    requests_sent: int = 0
    """Requests paid for over all attempts."""
    requests_reused: int = 0
    """Requests taken from the journal in the last attempt."""
    measurements: tuple[Measurement, ...] = ()
    """One per metric and filter."""
    checks: dict[str, str] = Field(default_factory=dict)
    """What was examined before and beside the run, and what was found, in words for people."""
    failed_checks: dict[str, str] = Field(default_factory=dict)
    """The checks whose finding makes the run's scores meaningless: name and finding."""
    greedy_repeats: bool | None = None
    """Whether two greedy answers to one prompt were equal; None: not tried."""
    signals: dict[str, float] = Field(default_factory=dict)
    """Numbers about the answers that the causes are read from, e.g. share of answers with a think tag."""
    tables: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the tables beside the manifest, by file name."""
    seal: str | None = None
    """SHA-256 of the manifest without this field, over its JSON with sorted keys."""

    @property
    def weights_seen(self) -> bool:
        """Whether the weights that answered are known by their files, not by what somebody's server says of itself."""
        return self.server is None or self.server.weights_seen

    def measurement(self, score_key: tuple[str, str]) -> Measurement | None:
        """What the run says about one metric and filter; None where it has no score of them."""
        return next((entry for entry in self.measurements if entry.score_key == score_key), None)
