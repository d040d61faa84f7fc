"""`claimcheck claims ...`: what comes into the ledger, what it holds, what goes out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from evaluators.records import UserError
from flows.cli.output import console, print_json
from flows.config import configuration
from flows.runtime.plain_text import write_line
from warehouse.home import Home

Json = Annotated[bool, Parameter(name="--json", negative=())]
Switch = Annotated[bool, Parameter(negative=())]
Format = Literal["csv", "parquet", "every-eval-ever", "eval-results"]

app = App(name="claims", help="The ledger of claims: list, show, add, import, candidates, conflicts, export.")


def home() -> Home:
    """The home folder in force."""
    return Home(configuration().home)


@app.command(name="list")
def list_(
    model: str | None = None,
    /,
    *,
    benchmark: str | None = None,
    claimant: Literal["vendor", "third_party", "press", "community"] | None = None,
    all: Switch = False,
    limit: int = 200,
    json: Json = False,
) -> None:
    """List current claims.

    Parameters
    ----------
    model
        Only models whose id contains this.
    benchmark
        Only this benchmark (catalogue name, or as printed where it is unresolved).
    claimant
        Only claims by this kind of party.
    all
        Superseded claims too.
    limit
        At most so many.
    json
        JSON instead of a table.
    """
    from warehouse.claims.ledger import count_claims, list_claims

    claims = list_claims(
        home(), model=model, benchmark=benchmark, claimant=claimant, everything=all, limit=limit + 1 if limit else None
    )
    more = bool(limit) and len(claims) > limit
    claims = claims[:limit] if limit else claims
    if json:
        print_json(claims)
        return
    from flows.cli.text.claim_tables import print_list

    print_list(console(), claims)
    if more:
        write_line(f"the first {limit:,}; the ledger holds {count_claims(home()):,} (--limit 0 lists all)")


@app.command(name="show")
def show_claim_text(claim: str, /, *, json: Json = False) -> None:
    """Show one claim with its source.

    Parameters
    ----------
    claim
        Claim id, or the beginning of it.
    json
        JSON instead of text.
    """
    from warehouse.claims.ledger import claim_by_id

    stored = claim_by_id(home(), claim)
    if json:
        print_json(stored.model_dump(mode="json", exclude_none=True))
        return
    from flows.cli.text.claim_tables import print_claim

    print_claim(console(), stored)


@app.command
def add(
    model: str,
    benchmark: str,
    said: str,
    /,
    *,
    source: str,
    claimant: Literal["vendor", "third_party", "press", "community"] = "community",
    by: str | None = None,
    setting: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    variant: str | None = None,
    note: str | None = None,
) -> None:
    """Add one claim by hand.

    Parameters
    ----------
    model
        Hub id, e.g. Qwen/Qwen3-8B.
    benchmark
        Benchmark as printed, e.g. "MMLU-Pro (5-shot)".
    said
        The number as printed, e.g. "85.2" or "~77%".
    source
        Where it was read: an address or a document.
    claimant
        Who said it.
    by
        Name of the claimant.
    setting
        A stated setting, e.g. shots=5 (may be given several times).
    variant
        Quantization or effort.
    note
        Free text.
    """
    from datetime import UTC, datetime

    from warehouse.claims.ledger import save_reading
    from warehouse.claims.readers.manual import claim_by_hand

    settings = dict(_pair(text) for text in setting)
    reading, page = claim_by_hand(
        model=model, benchmark=benchmark, said=said, source=source, claimant=claimant, by=by, settings=settings,
        variant=variant, note=note, read_at=datetime.now(UTC),
    )  # fmt: skip
    new = save_reading(home(), reading, page)
    claim = reading.claims[0]
    write_line(
        f"{claim.claim_id}  {claim.model}  {claim.benchmark}  {claim.said}" + ("" if new else "  (known already)")
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"--setting {text} has no value; write it as name=value, e.g. shots=5")
    return name.strip(), value.strip()


@app.command(name="import")
def import_claims_command(
    source: str,
    /,
    *,
    model: str | None = None,
    revision: str | None = None,
    url: str | None = None,
    name: Annotated[tuple[str, ...], Parameter(name=["--name", "--column"], negative=())] = (),
    release: str | None = None,
    claimant: Literal["vendor", "third_party", "press", "community"] | None = None,
    by: str | None = None,
    date: str | None = None,
    proposer: str | None = None,
    proposer_model: str | None = None,
    key_variable: str | None = None,
    dry_run: Switch = False,
    json: Json = False,
) -> None:
    """Read claims from a file or a release.

    Parameters
    ----------
    source
        A file (model card, article, .eval_results YAML, claims ledger, Every Eval Ever, LLM-Stats, lm-eval or Inspect
        JSON, CSV, Parquet), a folder of such files, a local release folder, `org/name` on the hub, or `shipped` for the
        ledgers that come with the product.
    model
        The release that a card or .eval_results file is about. A text without it is an article about many models.
    revision
        Branch, tag or commit of a release on the hub.
    url
        Where the file was found, kept as the source's address.
    name
        A column or row of the card's tables that is the release's, as printed (may be given several times).
    release
        The same as --model.
    claimant
        Who says it, where the text is another party's than its reader takes it for (an article: press).
    by
        Name of the claimant.
    date
        When the text was published, e.g. 2026-04-17.
    proposer
        URL of an OpenAI-like server whose model proposes candidates from the text's sentences, beside the patterns;
        kept only with a quote that stands in the text and if two passes agree.
    proposer_model
        Name of the model on that server; without it the first that it lists.
    key_variable
        Environment variable that holds the proposer's API key.
    dry_run
        List every claim, mention, candidate and unread line, and keep nothing.
    json
        JSON instead of text.
    """
    from flows.cli.claim_import import SaidBy, import_claims

    if release is not None and model not in (None, release):
        raise UserError("--release and --model name two releases; give one of them")
    said_by = SaidBy(claimant, by, date) if claimant or by or date else None
    asked = None
    if proposer is not None:
        from flows.runtime.proposing_model import open_proposing_model

        asked = open_proposing_model(proposer, proposer_model, key_variable)
    outcome = import_claims(
        home(), source, model=model or release, revision=revision, url=url, keep=not dry_run, own=name,
        said_by=said_by, proposer=asked,
    )  # fmt: skip
    if json:
        print_json(outcome)
        return
    from flows.cli.text.claim_tables import print_import

    print_import(console(), outcome)


@app.command(name="candidates")
def list_candidates(model: str | None = None, /, *, json: Json = False) -> None:
    """List claims proposed from sentences that nobody has confirmed or rejected.

    Parameters
    ----------
    model
        Only models whose id contains this.
    json
        JSON instead of text.
    """
    from warehouse.claims.sentences.candidate_store import open_candidates

    candidates = open_candidates(home(), model=model)
    if json:
        print_json([candidate.claim.model_dump(mode="json", exclude_none=True) for candidate in candidates])
        return
    from flows.cli.text.claim_tables import print_candidates

    print_candidates(console(), candidates)


@app.command
def confirm(candidates: tuple[str, ...], /) -> None:
    """Put candidates into the ledger.

    Parameters
    ----------
    candidates
        Candidate ids, or their beginnings.
    """
    _decide(candidates, "confirmed")


@app.command
def reject(candidates: tuple[str, ...], /) -> None:
    """Refuse candidates; they do not come back when their source is read again.

    Parameters
    ----------
    candidates
        Candidate ids, or their beginnings.
    """
    _decide(candidates, "rejected")


def _decide(candidates: tuple[str, ...], state: Literal["confirmed", "rejected"]) -> None:
    from warehouse.claims.sentences.candidate_store import candidate_by_id, decide_candidate

    if not candidates:
        raise UserError("name at least one candidate; `claimcheck claims candidates` lists them")
    for prefix in candidates:
        candidate_by_id(home(), prefix)
    for prefix in candidates:
        claim = decide_candidate(home(), prefix, state).claim
        print(f"{state} {claim.claim_id[:8]}  {claim.model}  {claim.benchmark}  {claim.said}")


@app.command
def conflicts(model: str | None = None, /, *, json: Json = False) -> None:
    """Show where current claims about the same thing exclude each other, the vendor's and other parties'.

    Parameters
    ----------
    model
        Only this model (hub id).
    json
        JSON instead of text.
    """
    from warehouse.claims.ledger import conflicting_claims as ask

    all_conflicts = ask(home(), model=model)
    if json:
        print_json(
            [
                {"model": conflict.model, "benchmark": conflict.benchmark, "claims": list(conflict.claims)}
                for conflict in all_conflicts
            ]
        )
        return
    from flows.cli.text.claim_tables import print_conflicts

    print_conflicts(console(), all_conflicts)


@app.command
def export(to: Path, /, *, format: Format | None = None, model: str | None = None) -> None:
    """Write current claims to a file (csv, parquet) or a folder (every-eval-ever, eval-results).

    Parameters
    ----------
    to
        File or folder to write.
    format
        csv, parquet, every-eval-ever or eval-results; without it what the file's ending says, else csv.
    model
        Only this model (hub id).
    """
    from warehouse.claims.ledger import current_claims
    from warehouse.reports.export import export_claims

    _tell(export_claims(current_claims(home(), model=model), to, format or _format_of(to)), "claims")


def _format_of(to: Path) -> Format:
    """The format that a file's ending names; csv where it has none. Raises UserError for an ending of another kind."""
    match to.suffix.lower():
        case ".parquet":
            return "parquet"
        case ".csv" | "":
            return "csv"
        case other:
            raise UserError(f"claims cannot be written as '{other}'; name a .csv or .parquet file, or give --format")


def _tell(exported: object, what: str) -> None:
    from warehouse.reports.export import Exported

    assert isinstance(exported, Exported)
    where = str(exported.files[0]) if len(exported.files) == 1 else f"{len(exported.files):,} files"
    write_line(f"{exported.written:,} {what} written to {where}" if exported.files else f"no {what} to write")
    for reason in exported.left_out:
        write_line(f"  left out: {reason}")
