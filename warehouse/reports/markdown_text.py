"""Text that a Markdown page shows as it is."""

from __future__ import annotations

import re

from warehouse.reports.site.safe_text import safe_text


def as_markdown_text(text: str) -> str:
    """Text that Markdown shows as it is: no image, link, address that becomes a link, quote, list, table or HTML."""
    shown = re.sub(r"([\\`*_{}\[\]<>()#+!|~&:/@=$^\"'-])", r"\\\1", safe_text(text, 1000))
    return re.sub(r"(?<![0-9])\.|\.(?![0-9])", r"\\.", shown)  # `www.example.org` would become a link, 85.2 does not
