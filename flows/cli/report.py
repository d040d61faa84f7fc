"""`claimcheck report`: the site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli.output import print_json
from flows.config import configuration
from flows.runtime.plain_text import write_line
from warehouse.home import Home

Switch = Annotated[bool, Parameter(negative=())]


def report(
    model: str | None = None,
    /,
    *,
    to: str | None = None,
    base_url: str | None = None,
    open: Switch = False,
    json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """Write the pages: board, releases, claims, speeds, what could not be run; with pictures, a feed and data files.

    The pages open from a folder, without a server, a network or JavaScript.

    Parameters
    ----------
    model
        Only models whose id contains this.
    to
        Folder or fsspec URL (s3://bucket/folder); without it CLAIMCHECK_SITE, else `site` in the home folder.
    base_url
        Address under which the pages will be found, for the feed and for previews in other people's pages; without it
        CLAIMCHECK_SITE_URL.
    open
        Open the first page in the browser.
    json
        JSON instead of text.
    """
    from warehouse.reports.site.site import write_site

    settings = configuration()
    home = Home(settings.home)
    target = to or settings.site or str(settings.home / "site")
    written = write_site(home, target, model=model, base_url=base_url or settings.site_url)
    if json:
        print_json(vars(written))
    else:
        claims = "1 claim" if written.claims == 1 else f"{written.claims:,} claims"
        write_line(f"{claims} about {written.releases:,} releases: {written.index}")
        write_line(f"{written.written:,} of {written.files:,} files changed")
    if open:
        import webbrowser

        local = Path(written.index)
        webbrowser.open(
            local.absolute().as_uri() if local.exists() else (base_url or settings.site_url or written.index)
        )
