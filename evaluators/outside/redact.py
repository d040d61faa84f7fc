"""Secrets in files of strangers, taken out before anything is stored."""

from __future__ import annotations

import re
from typing import Any

PLACEHOLDER = "[secret removed]"

NAMES = re.compile(r"(?i)(?:^|[_-])(?:api_?key|key|token|secret|password|passwd|authorization|credentials?|cookie)s?$")
"""Names of settings whose values are secrets; `max_tokens` and `tokenizer` are none."""
HARMLESS = re.compile(r"(?i)tokens$|^(?:eos|bos|pad|unk|eot)_token|_token_id$|add_(?:bos|eos)_token$")

PATTERNS = (
    re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\bhf_[A-Za-z0-9]{16,}"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{16,}"),
    re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+"),
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"),
)
"""Secrets that are known by their form."""
ASSIGNED = re.compile(
    r"""(?ix)(["']?\b[\w-]*(?:api_?key|secret|password|passwd|access_?token|auth_?token|authorization)["']?\s*[=:]\s*["']?)
    (?!\[secret)[^\s"',;&}\]]{4,}"""
)
"""`api_key=...` and the like in running text."""


def redacted_text(text: str) -> str:
    """The text without what looks like a secret."""
    for pattern in PATTERNS:
        text = pattern.sub(PLACEHOLDER, text)
    return ASSIGNED.sub(lambda match: match.group(1) + PLACEHOLDER, text)


def redacted(value: Any, depth: int = 0) -> Any:
    """A JSON value without secrets: values under names such as `api_key`, and texts that look like one."""
    if isinstance(value, str):
        return redacted_text(value)
    if depth > 50:
        return None
    if isinstance(value, dict):
        return {
            name: PLACEHOLDER if _secret(str(name)) and item not in (None, "") else redacted(item, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [redacted(item, depth + 1) for item in value]
    return value


def redacted_line(text: Any, most: int = 300) -> str | None:
    """The first line of a text without secrets, at most `most` characters; None for anything that is no text."""
    if not isinstance(text, str) or not text.strip():
        return None
    return redacted_text(text.strip()[: 20 * most]).splitlines()[0][:most]


def _secret(name: str) -> bool:
    return NAMES.search(name) is not None and HARMLESS.search(name) is None
