"""Log-likelihoods of all choices of an item in one request, where the embedded server offers it (`batch_scoring`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evaluators.backends.client import Client, GaveUp, Reply
from evaluators.backends.reply_reader import BadReply, json_list, json_object, log_probability

NO_ROOM, NO_SCORER = 413, 501
SCORE = "/score"


class BatchRoute:
    """The scorer beside one server, for as long as it answers."""

    def __init__(self, url: str | None) -> None:
        """url: where it is asked; None: there is none."""
        self.url = url

    async def score(
        self, client: Client, context: list[int], continuations: Sequence[list[int]]
    ) -> tuple[list[tuple[float, bool]], Reply] | None:
        """(sum of log-probabilities, whether every token is the likeliest) of each continuation, and the reply; None
        for what it does not score."""
        if self.url is None or not context or not all(continuations):
            return None
        body = {"context": context, "continuations": list(continuations)}

        def read(data: Any) -> list[tuple[float, bool]]:
            rows = json_list(json_object(data, "the answer").get("scores"), "scores")
            pairs = [json_list(row, "a score") for row in rows]
            if len(pairs) != len(continuations) or any(len(pair) != 2 for pair in pairs):
                raise BadReply("scores of other continuations than were sent")
            return [(log_probability(value), bool(greedy)) for value, greedy in pairs]

        try:
            reply = await client.post(SCORE, body, read=read, accept=(NO_ROOM, NO_SCORER, 500), base=self.url)
        except GaveUp:
            self.url = None
            return None
        if reply.status == 200:
            return reply.data, reply
        if reply.status != NO_ROOM:
            self.url = None
        return None
