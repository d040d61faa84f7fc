"""`claimcheck models ...`: which hub id a printed name means."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from evaluators.records import UserError
from flows.cli.output import console, print_json
from flows.config import configuration
from warehouse.home import Home

app = App(name="models", help="Names of models: settle which hub id a printed name means.")


@app.command
def alias(
    name: str | None = None, hub: str | None = None, /, *, json: Annotated[bool, Parameter(negative=())] = False
) -> None:
    """Settle a printed name, or list the settled ones and those that wait.

    Parameters
    ----------
    name
        The name as printed, e.g. "Gemma4-26BA4B". Without it the names are listed.
    hub
        The hub id that it means, e.g. google/gemma-4-26B-A4B.
    json
        JSON instead of text.
    """
    from warehouse.claims.model_aliases import settle, settled_aliases, waiting_names

    home = Home(configuration().home)
    if name is not None and hub is None:
        raise UserError(f'say which hub id {name} means: claimcheck models alias "{name}" ORG/NAME')
    if name is not None and hub is not None:
        moved = settle(home, name, hub)
        print(f"{name} is {hub}; {moved:,} claims stand under it now")
        return
    settled, waiting = settled_aliases(home), waiting_names(home)
    if json:
        print_json({"settled": settled, "waiting": {draft.name: list(draft.suggestions) for draft in waiting}})
        return
    from flows.cli.text.claim_tables import cell_text

    out = console()
    for printed, known in sorted(settled.items()):
        out.print(cell_text(f"{printed} is {known}"))
    for draft in waiting:
        out.print(cell_text(f"{draft.name} may be {', '.join(draft.suggestions)}"))
    if not settled and not waiting:
        out.print("no names wait to be settled")
