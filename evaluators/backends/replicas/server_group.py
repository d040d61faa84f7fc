"""Several servers of one model as one: opened, described and asked together."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from evaluators.backends.fingerprint import Answer, ask_probes
from evaluators.backends.registry import backend
from evaluators.backends.replicas.same_model import OtherModel, refuse_other_answers, refuse_other_description
from evaluators.backends.server import ASSUMED, ModelServer
from evaluators.records import ServerDescription, UserError


@dataclass(frozen=True)
class Replica:
    """A server that takes part in a run, and what it says of itself."""

    server: ModelServer
    about: ServerDescription


class ServerGroup:
    """A ModelServer that stands for several. What has one address only (a speed, an agent's harness, the preflight)
    asks the first that answers; a run asks all of `replicas`.

    Its runs have the identity of the server that is named first, whichever of them take part: so a run goes on where it
    was though one is gone.
    """

    def __init__(self, members: Sequence[ModelServer]) -> None:
        """Raises UserError if an address is given twice."""
        self.members = tuple(members)
        urls = [member.url for member in self.members]
        if twice := [url for url in urls if urls.count(url) > 1]:
            raise UserError(f"{twice[0]} is given twice; name each server once")
        self.backend = self.members[0].backend
        self.url, self.key = self.members[0].url, self.members[0].key
        """Of the first that answers."""
        self.replicas: tuple[Replica, ...] = ()
        """Those that answered when they were last described."""
        self._stack = ExitStack()
        self._entered: set[str] = set()
        self._probes: tuple[Sequence[str], bool, Sequence[Answer]] | None = None
        """Prompts that all were asked, whether as dialogues, and what all answered."""

    def __enter__(self) -> Self:
        try:
            self.describe()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def describe(self) -> ServerDescription:
        """The first one's description with the slots of all and their addresses. Looks which of them answer. Raises
        UserError if none does, and OtherModel if two differ."""
        replicas = [Replica(member, member.describe()) for member in self.members if self._is_there(member)]
        if not replicas:
            raise UserError(f"nothing answers at {self._named()}; start the servers or correct the URLs")
        first = replicas[0]
        for other in replicas[1:]:
            refuse_other_description(first.server.url, first.about, other.server.url, other.about)
        self.replicas = tuple(replicas)
        self.url, self.key = first.server.url, first.server.key
        flags = first.about.flags | {"servers": self.told()}
        if "url" in flags:
            flags["url"] = self.members[0].url
        if any(replica.about.flags.get("slots") == ASSUMED for replica in replicas):
            flags["slots"] = ASSUMED
        return first.about.model_copy(
            update={"flags": flags, "slots": sum(replica.about.slots for replica in replicas)}
        )

    def _is_there(self, member: ModelServer) -> bool:
        """Whether a server answers; one of ours is started. One that runs already is ended by whoever began it."""
        if member.alive():
            if member.url not in self._entered and not backend(member.backend).ours:
                self._stack.enter_context(member)
                self._entered.add(member.url)
            return True
        if member.url in self._entered or not backend(member.backend).ours:
            return False
        self._stack.enter_context(member)
        self._entered.add(member.url)
        return True

    def told(self) -> str:
        """How many servers take part and their addresses, and those that do not answer."""
        here = [replica.server.url for replica in self.replicas]
        gone = [member.url for member in self.members if member.url not in here]
        return f"{len(here)}: {', '.join(here)}" + (f" (no answer from {', '.join(gone)})" if gone else "")

    def agreed_answers(self, model: str, prompts: Sequence[str], chat: bool) -> list[Answer]:
        """What all answer to the prompts. Raises OtherModel if two differ."""
        with ThreadPoolExecutor(len(self.replicas)) as threads:
            answers = list(threads.map(lambda replica: ask_probes(replica.server, model, prompts, chat), self.replicas))
        for replica, given in zip(self.replicas[1:], answers[1:], strict=True):
            refuse_other_answers(self.url, answers[0], replica.server.url, given)
        return answers[0]

    def expect(self, prompts: Sequence[str], chat: bool, answers: Sequence[Answer]) -> None:
        """Compare a server that comes back by what all answered to these prompts."""
        self._probes = prompts, chat, answers

    def returned(self, replica: Replica) -> bool:
        """Whether a server that was lost is back, and as it was. Raises OtherModel if it serves something else now,
        and UserError if one of ours cannot be started again."""
        server = replica.server
        if backend(server.backend).ours:
            server.restart()
            return True
        try:
            server.__enter__()
            refuse_other_description(server.url, replica.about, server.url, server.describe())
            if self._probes is not None:
                prompts, chat, answers = self._probes
                refuse_other_answers(
                    server.url, answers, server.url, ask_probes(server, replica.about.model, prompts, chat)
                )
        except OtherModel:
            raise
        except UserError:
            return False  # not there yet
        return True

    def alive(self) -> bool:
        """Whether any of them answers."""
        return any(member.alive() for member in self.members)

    def restart(self) -> None:
        """Start the first one again, or wait for it."""
        one_of(self).restart()

    def stop(self) -> None:
        """End all of them that are ours."""
        self._stack.close()

    def _named(self) -> str:
        return ", ".join(member.url for member in self.members)


def replicas_of(server: ModelServer, about: ServerDescription) -> tuple[Replica, ...]:
    """The servers that a run on this one asks. about: its description."""
    return server.replicas if isinstance(server, ServerGroup) else (Replica(server, about),)


def one_of(server: ModelServer) -> ModelServer:
    """The server itself; of several the first that answers."""
    return server.replicas[0].server if isinstance(server, ServerGroup) else server
