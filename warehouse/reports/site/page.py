"""What all pages share: templates that escape everything, addresses, colours, the foot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from warehouse.reports.outcome_words import outcome_words
from warehouse.reports.site.addresses import to_root
from warehouse.reports.site.colours import custom_properties


@dataclass(frozen=True)
class Site:
    """What every page of one site is made with."""

    base_url: str | None
    """Where the site will be found, with its last slash; None: addresses stay relative."""
    snapshot: datetime
    """When anything in it was last read or judged."""
    now: datetime
    """UTC."""
    single: bool = False
    """Whether it is about one model only."""

    def page(self, template: str, path: str, *, picture: str | None = None, **values: Any) -> str:
        """One page. path: its own, from the root; picture: path of a PNG for previews in other people's pages."""
        whole = {
            "root": to_root(path),
            "canonical": f"{self.base_url}{path}" if self.base_url else None,
            "picture": f"{self.base_url}{picture}" if self.base_url and picture else None,
            "style": style(),
            "list_style": list_style(),
            "version": program_version(),
            "snapshot": f"{self.snapshot:%Y-%m-%d}",
        }
        return environment().get_template(template).render(whole | values)


@cache
def environment() -> Environment:
    """The templates. Everything put into them is escaped; an unknown name is an error."""
    pages = Environment(
        loader=PackageLoader("warehouse.reports.site"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    pages.filters["words"] = outcome_words
    pages.filters["p"] = _per_cent
    return pages


@cache
def style() -> Markup:
    """The style sheet, which stands in every page so that a page can be saved or sent alone."""
    colours = {scheme: Markup(custom_properties(scheme)) for scheme in ("light", "dark")}
    return _one_line(environment().get_template("style.css").render(colours))


@cache
def list_style() -> Markup:
    """What pages with many claims need beyond that."""
    return _one_line(environment().get_template("list.css").render())


@cache
def program_version() -> str:
    """Version of claimcheck."""
    try:
        return version("claimcheck")
    except PackageNotFoundError:
        return "from a checkout"


def _per_cent(value: float) -> str:
    """A place with a tenth of a per cent, which is less than a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def _one_line(text: str) -> Markup:
    return Markup(re.sub(r"\s*\n\s*", "", text))
