"""Automations for a Prefect server of your own; running this again replaces them.

    PREFECT_API_URL=... python deploy/automations.py [--webhook URL] [--patience SECONDS] [--start-patience SECONDS]

`claimcheck: lost`, `claimcheck: unstarted` and the two that resume put a run whose worker died back into the queue; the
next worker goes on with its journals.
`claimcheck: discrepancy` posts each `claimcheck.discrepancy` event as JSON to the webhook.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from datetime import timedelta

from prefect.automations import Automation
from prefect.blocks.webhook import Webhook
from prefect.client.schemas.objects import StateType
from prefect.events.actions import CallWebhook, ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from flows.scheduling.lost_runs import FLOWS, GONE, RETRIED, TRIES, UNTOLD

RUN = "prefect.flow-run"
ENDED = ("Completed", "Failed", "Cancelled", "Crashed")
OURS = ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": list(FLOWS)})
BODY = """{
  "model": {{ event.resource.name | tojson }},
  "text": {{ event.payload.text | tojson }},
  "claim": {{ event.payload.claim_id | tojson }}
}"""


def lost(patience: float) -> Automation:
    """A run that began or beat and then neither beats nor ends for `patience` seconds is marked as crashed.

    Workers beat every PREFECT_FLOWS_HEARTBEAT_FREQUENCY seconds (30 in prefect.yaml); let patience be three times that.
    That it began is known to the server itself; a worker that dies at once may take its first beat with it. Not forced:
    Prefect may learn late that a run has ended, and then refuses.
    """
    after, expect = ("Running", "heartbeat"), ("heartbeat", *ENDED)
    return _silent("claimcheck: lost", after, expect, patience)


def unstarted(patience: float) -> Automation:
    """A run that a worker took and that does not begin for `patience` seconds is marked as crashed: the worker died
    with it in hand. In Kubernetes a pod may wait long for its image and a GPU; let patience be longer than that.
    """
    after, expect = ("Pending", "Submitting", "InfrastructurePending"), ("Running", "Retrying", "Scheduled", RETRIED)
    return _silent("claimcheck: unstarted", after, (*expect, *ENDED), patience)


def _silent(name: str, after: tuple[str, ...], expect: tuple[str, ...], patience: float) -> Automation:
    """A run of ours of which nothing that is expected is heard for `patience` seconds is marked as crashed."""
    return Automation(
        name=name,
        trigger=EventTrigger(
            after={f"{RUN}.{event}" for event in after},
            expect={f"{RUN}.{event}" for event in expect},
            match=ResourceSpecification({"prefect.resource.id": f"{RUN}.*"}),
            match_related=OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=patience),
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=GONE)],
    )


def resume(name: str, messages: list[str], counts: range) -> Automation:
    """A lost run is scheduled again, unless that came too often: then it is what takes its workers down. After a
    restart of the server this may take a quarter of an hour, in which a verification that begins does the same
    (`flows/scheduling/lost_runs.py`).

    messages: how the state of a lost run is told. counts: how often it may have begun.
    """
    return Automation(
        name=name,
        trigger=EventTrigger(
            expect={f"{RUN}.Crashed"},
            match=ResourceSpecification(
                {
                    "prefect.resource.id": f"{RUN}.*",
                    "prefect.state-message": messages,
                    "prefect.run-count": [str(count) for count in counts],
                }
            ),
            match_related=OURS,
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[ChangeFlowRunState(state=StateType.SCHEDULED, name=RETRIED, message=GONE)],
    )


def discrepancy(webhook: Webhook) -> Automation:
    """Every flagged discrepancy is posted."""
    return Automation(
        name="claimcheck: discrepancy",
        trigger=EventTrigger(
            expect={"claimcheck.discrepancy"},
            match=ResourceSpecification({"prefect.resource.id": "claimcheck.release.*"}),
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[CallWebhook(block_document_id=webhook._block_document_id, payload=BODY)],
    )


def replace(automation: Automation) -> None:
    """Create it in place of one of the same name."""
    with suppress(ObjectNotFound, ValueError):
        Automation.read(name=automation.name).delete()
    automation.create()
    print(automation.name)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--webhook", help="URL that discrepancies are posted to")
    arguments.add_argument("--private", action="store_true", help="the webhook is in a private network")
    arguments.add_argument("--patience", type=float, default=90.0, help="seconds until a silent run is lost")
    arguments.add_argument(
        "--start-patience", type=float, default=1200.0, help="seconds until one that waits to begin is"
    )
    given = arguments.parse_args()
    replace(lost(given.patience))
    replace(unstarted(given.start_patience))
    replace(resume("claimcheck: resume", [GONE, *(f"{told}*" for told in UNTOLD)], range(1, TRIES + 1)))
    replace(
        resume("claimcheck: resume unstarted", [GONE], range(1))
    )  # what ends untold before it begins would go on so
    if given.webhook:
        block = Webhook(method="POST", url=SecretStr(given.webhook), allow_private_urls=given.private)
        block.save("claimcheck", overwrite=True)
        replace(discrepancy(block))


if __name__ == "__main__":
    main()
