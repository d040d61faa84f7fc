"""Telling people: Prefect events, and a Slack-compatible webhook.

Plain functions; a flow calls `announce` inside a run and `send` with the URL of `CLAIMCHECK_WEBHOOK`. The URL of a
webhook is its key: it is in no message, no log line and no exception.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from evaluators.records import Record, UserError
from flows.config import configuration
from flows.runtime.plain_text import printable
from flows.runtime.progress_lines import say
from warehouse.claim_records import Claim, Verdict
from warehouse.home import Home
from warehouse.hub_scans import SeenModel
from warehouse.load import save_verdicts
from warehouse.queries.scheduling import last_verdicts, standing

TIMEOUT = 10.0
"""Seconds to wait for the receiver."""
LONGEST_DELAY = 60.0
"""Longest `Retry-After` in seconds that is waited for."""
LIMIT = 40
"""News in one message; Slack takes 50 blocks."""


class News(Record):
    """Something people want to know."""

    kind: Literal["discrepancy", "verdict_changed", "release_found"]
    """The event is called `claimcheck.<kind>`."""
    model: str
    """The release it is about."""
    text: str
    """One line, plain text."""
    payload: dict[str, str | float | bool | None]
    """What an automation can use."""


def news_of_verdict(claim: Claim, verdict: Verdict, before: Verdict | None, stands: bool = True) -> list[News]:
    """What a new verdict means: a discrepancy that was not flagged before, or another outcome than before. A verdict on
    the run that was judged before is no new evidence. `stands`: the discrepancy stands among all tested claims."""
    if before is not None and verdict.run_id is not None and before.run_id == verdict.run_id:
        return []
    about = {
        "claim_id": claim.claim_id,
        "benchmark": claim.benchmark,
        "said": claim.said,
        "outcome": verdict.outcome.value,
        "before": before.outcome.value if before else None,
        "score": verdict.score,
        "items": verdict.items,
        "run_id": verdict.run_id,
        "headline": verdict.headline,
        "stands": stands if verdict.flagged else None,
    }
    name = f"{claim.model} {claim.benchmark_text}"
    if verdict.flagged and not (before and before.flagged):
        text = f"{name}: {verdict.headline}"
        if not stands:
            text += " (not strong enough to stand among all tested claims at a false discovery rate of 5 %)"
        return [News(kind="discrepancy", model=claim.model, text=text, payload=about)]
    if before is not None and before.outcome != verdict.outcome:
        text = f"{name}: {before.outcome.value} is now {verdict.outcome.value}: {verdict.headline}"
        return [News(kind="verdict_changed", model=claim.model, text=text, payload=about)]
    return []


def news_of_release(seen: SeenModel) -> News:
    """A release, commit or quantized repository that watching found."""
    words = {"release": "new release", "commit": "new weights", "card": "new model card", "quantized": "quantized from"}
    text = f"{seen.model}: {words[seen.kind]}" + (f" {seen.base}" if seen.kind == "quantized" else "")
    about = {"commit": seen.commit, "kind": seen.kind, "base": seen.base, "modified": seen.modified.isoformat()}
    return News(kind="release_found", model=seen.model, text=text, payload=about)


def announce(news: Sequence[News]) -> None:
    """Emit one Prefect event each, on the resource `claimcheck.release.<model>`; nothing outside a run of Prefect."""
    from prefect.events import emit_event

    from flows.runtime.prefect_run import in_prefect_run

    if not in_prefect_run():
        return
    for item in news:
        emit_event(
            event=f"claimcheck.{item.kind}",
            resource={"prefect.resource.id": f"claimcheck.release.{item.model}", "prefect.resource.name": item.model},
            payload={"text": item.text, **item.payload},
        )


def message(news: Sequence[News], title: str = "claimcheck") -> dict[str, Any]:
    """A Slack-compatible message: `text` for every receiver, `blocks` for those that know them. Text is escaped."""
    lines = [_escaped(item.text) for item in news[:LIMIT]]
    if len(news) > LIMIT:
        lines.append(f"and {len(news) - LIMIT} more")
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": title[:150]}}]
    blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": line[:3000]}} for line in lines]
    return {"text": "\n".join([_escaped(title), *lines]), "blocks": blocks}


def send(
    url: str,
    body: Mapping[str, Any],
    *,
    tries: int = 4,
    client: httpx.Client | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Post a message to a webhook, again after 1, 2, 4 s (or its `Retry-After`) while the receiver is away or busy.

    Raises UserError, which names the receiver's host only, if it refuses the message or stays away.
    """
    host = urlsplit(url).hostname
    if host is None or urlsplit(url).scheme not in ("http", "https"):
        raise UserError("CLAIMCHECK_WEBHOOK is no http(s) URL; correct it or unset it")
    own = client or httpx.Client(timeout=TIMEOUT, follow_redirects=False)
    try:
        with _unlogged(url):
            _post(own, url, host, body, tries, wait)
    finally:
        if client is None:
            own.close()


def _post(
    client: httpx.Client, url: str, host: str, body: Mapping[str, Any], tries: int, wait: Callable[[float], None]
) -> None:
    for attempt in range(tries):
        delay = 2.0**attempt
        try:
            response = client.post(url, json=dict(body))
        except httpx.HTTPError as error:
            failure = type(error).__name__
        except httpx.InvalidURL:
            raise UserError("CLAIMCHECK_WEBHOOK is no http(s) URL; correct it or unset it") from None
        else:
            if response.is_success:
                return
            failure = f"HTTP {response.status_code}"
            if response.status_code != 429 and response.status_code < 500:
                raise UserError(f"the webhook at {host} refuses the message ({failure}); check CLAIMCHECK_WEBHOOK")
            stated = response.headers.get("Retry-After", "")
            delay = min(float(stated), LONGEST_DELAY) if stated.isdigit() else delay
        if attempt < tries - 1:
            wait(delay)
    raise UserError(f"the webhook at {host} did not take the message in {tries} tries ({failure}); check the network")


class _Redacting(logging.Filter):
    """Replaces a URL's path in log records: httpx logs each request with its whole URL."""

    def __init__(self, url: str) -> None:
        super().__init__()
        parts = urlsplit(url)
        self.secret = url
        self.shown = f"{parts.scheme}://{parts.hostname}/..."

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if self.secret in text:
            record.msg, record.args = text.replace(self.secret, self.shown), ()
        return True


@contextmanager
def _unlogged(url: str) -> Iterator[None]:
    logger, redacting = logging.getLogger("httpx"), _Redacting(url)
    logger.addFilter(redacting)
    try:
        yield
    finally:
        logger.removeFilter(redacting)


def _escaped(text: str) -> str:
    """Text for Slack: model names and headlines are data, never markup or a mention."""
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def new_verdicts(home: Home, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that do not only repeat what stands: a run that is taken over after its verdict is judged once more."""
    standing_verdicts = last_verdicts(home, [verdict.claim_id for verdict in verdicts])
    return [verdict for verdict in verdicts if not verdict.repeats(standing_verdicts.get(verdict.claim_id))]


def save_and_tell(home: Home, claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> None:
    """Append verdicts and tell what changed. claims: those that the verdicts are about."""
    before = last_verdicts(home, [verdict.claim_id for verdict in verdicts])
    save_verdicts(home, verdicts)
    about = {claim.claim_id: claim for claim in claims}
    strong = standing(home, [verdict.claim_id for verdict in verdicts])
    news = [
        item
        for verdict in verdicts
        for item in news_of_verdict(
            about[verdict.claim_id], verdict, before.get(verdict.claim_id), verdict.claim_id in strong
        )
    ]
    tell(news)


def tell(news: Sequence[News]) -> None:
    """Emit events and send one message. A receiver that is away costs a line, never the run."""
    if not news:
        return
    announce(news)
    webhook = configuration().webhook
    if not webhook:
        return
    try:
        send(webhook, message(news))
    except UserError as problem:
        say(str(problem))
