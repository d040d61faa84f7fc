"""Write the site after a run, where CLAIMCHECK_SITE says."""

from __future__ import annotations

from evaluators.user_error import UserError
from flows.config import configuration
from flows.runtime.progress_lines import say
from warehouse.home import Home


def publish_site(home: Home) -> str | None:
    """Write the site of everything in the home folder. Returns where its first page is; None if it cannot be written,
    which is told and stops nothing: the next run tries again."""
    from warehouse.reports.site.site import write_site

    settings = configuration()
    try:
        written = write_site(home, settings.site or str(home.root / "site"), base_url=settings.site_url)
    except UserError as problem:
        say(f"the site was not written: {problem}")
        return None
    say(f"site: {written.index} ({written.written:,} of {written.files:,} files changed)")
    return written.index
