"""claimcheck from Python: what `import claimcheck` gives.

home = claimcheck.open_home("claimcheck-data")
home.table().to_pandas()                    # claims_vs_measured; Arrow, so polars.from_arrow takes it too
home.claim("3f9a").row["outcome"]
home.verify("org/name", quantization="Q4_K_M")
home.judge("results.json", release="org/name", benchmark="gsm8k")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evaluators.user_error import UserError
from flows.config import configuration
from warehouse.home import Home

if TYPE_CHECKING:
    from flows.verification.verdict_report import Summary
    from warehouse.claim_records import Claim, Verdict
    from warehouse.queries.table import ClaimDetails

TableKind = Literal["arrow", "pandas", "polars"]


def open_home(folder: str | Path | None = None) -> LibraryHome:
    """The home folder with its ledger, runs and verdicts; None: CLAIMCHECK_HOME, else `claimcheck-data`.

    Raises UserError if its database is another program's.
    """
    from warehouse.store import reading

    home = Home(configuration().home if folder is None else Path(folder))
    with reading(home):
        return LibraryHome(home)


@dataclass(frozen=True)
class LibraryHome:
    """One home folder. Every method opens and closes the database itself, so several programs may use it at a time."""

    home: Home

    def table(self, model: str | None = None, *, kind: TableKind = "arrow") -> Any:
        """The view `claims_vs_measured`, one row a claim: of all models, or of the one with this id.

        A pyarrow Table, or with `kind` a pandas or polars DataFrame; the columns are those of `claimcheck query
        "describe claims_vs_measured"`. Raises UserError if that library is not installed.
        """
        from warehouse.reports.export_verdicts import verdicts_table

        arrow_table = verdicts_table(self.home, model=model)
        if kind == "arrow":
            return arrow_table
        try:
            library = import_module(kind)
        except ImportError:
            raise UserError(f"{kind} is not installed; `pip install {kind}`, or take the Arrow table") from None
        return arrow_table.to_pandas() if kind == "pandas" else library.from_arrow(arrow_table)

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of one read-only DuckDB query. Raises UserError for an error in it."""
        from warehouse.queries.user_query import run_query

        names, rows = run_query(self.home, sql)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def claims(self, model: str | None = None) -> list[Claim]:
        """The claims that stand, of all models or of the one with this id."""
        from warehouse.claims.ledger import current_claims

        return current_claims(self.home, model=model)

    def claim(self, claim_id: str, *, items: int = 3) -> ClaimDetails:
        """Everything known about one claim, by its id or the beginning of it: row, verdicts, run, sample items.

        Raises UserError if none or several begin like that.
        """
        from warehouse.queries.table import details

        return details(self.home, claim_id, items=items)

    def verify(self, release: str, **options: Any) -> Summary:
        """Serve a release, run the benchmarks of its claims, judge them: `claimcheck verify` with its options by name
        (`quantization="Q4_K_M"`, `benchmarks=("gsm8k",)`). `summary.rows` holds the claims with their verdicts.

        Raises UserError for bad input.
        """
        from flows.options import VerifyOptions
        from flows.runtime.prefect_server import set_defaults
        from flows.verification.artifact import check_request

        unknown = sorted(set(options) - set(VerifyOptions.model_fields))
        if unknown:
            raise UserError(f"verify has no option {unknown[0]}; `claimcheck verify --help` lists them")
        asked = VerifyOptions(**options)
        check_request(release, asked, self.home)
        set_defaults()
        from flows.runtime.prefect_run import run_flow
        from flows.verify import verify_release

        return run_flow(verify_release, release, self.home.root, asked)

    def judge(
        self, results: str | Path, *, release: str | None = None, benchmark: str | None = None, by: str | None = None
    ) -> Sequence[Verdict]:
        """Judge the claims by results that you made with another program (lm-eval, Inspect, CSV, ...).

        release, benchmark: where the file does not say. by: who ran it. Stored as imported, so never an accusation.
        Raises UserError if nothing can be read.
        """
        from flows.verification.import_results import ImportRequest, import_results

        request = ImportRequest(release=release, benchmark=benchmark, by=by)
        return import_results(self.home, str(results), request).verdicts
