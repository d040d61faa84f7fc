"""Verdicts are stored, and who wants to know is told: Prefect events, and the webhook where one is set."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.records import Problem
from flows.notify import News, announce, message, news_of_verdict, send
from flows.progress import say
from flows.settings import configuration
from warehouse.due import last_verdicts
from warehouse.home import Home
from warehouse.load import save_verdicts
from warehouse.records import Claim, Verdict


def save_and_tell(home: Home, claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> None:
    """Append verdicts and tell what changed. claims: those that the verdicts are about."""
    before = last_verdicts(home, [verdict.claim_id for verdict in verdicts])
    save_verdicts(home, verdicts)
    about = {claim.claim_id: claim for claim in claims}
    news = [
        one
        for verdict in verdicts
        for one in news_of_verdict(about[verdict.claim_id], verdict, before.get(verdict.claim_id))
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
    except Problem as problem:
        say(str(problem))
