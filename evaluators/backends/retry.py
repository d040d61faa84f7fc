"""How long and how often the engine tries before it gives a request, a server or a run up.

An answer arrives whole, so a server that works and one that hangs, or sends a byte now and then, look alike until then.
The time is that of the slowest answer of late, in proportion to the work (a token of an answer is as much as PREFILL of
a prompt), as though all requests under way waited for each other, times MARGIN. It is never under `RetryLimits.floor`,
nor under three times the longest answer. A server of which no speed is known gets `RetryLimits.start` and a second a
token.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

BYTES = 4
"""Bytes of a prompt that are a token."""
PREFILL = 4
"""Tokens of a prompt that are read in the time of one that is written: processors, without a graphics card, read five
to ten, everything else more."""
SLOWEST = 1.0
"""Seconds for a token on a server on which nothing was measured."""
MARGIN = 4.0
"""Times as long as the measured speed says."""
OPEN = 32768
"""Tokens of an answer where nothing says how many it may have."""
RECENT = 64
"""Answers that the speed is taken from."""
STRETCH = 4.0
"""Times as long as the fixed limits say that a server may be given which has shown that it is slower."""


@dataclass(frozen=True)
class RetryLimits:
    """Limits of a run."""

    timeout: float = 1800.0
    """Seconds one attempt of a request may take, and longer in proportion for an answer of more tokens than `usual`."""
    usual: int = 7200
    """Tokens of an answer that are well within `timeout`: 4 a second, as a large model on a small machine thinks."""
    attempts: int = 5
    """Attempts a request gets."""
    malformed: int = 1
    """Further attempts after an answer that cannot be read: a sound server answers the same again."""
    start: float = 300.0
    """Seconds, besides one a token, that an attempt gets while no speed of the server is known: it may load a model."""
    again: float = 30.0
    """The same in the next run on a server that gave no answer in the one before; and in place of `floor` once a server
    of known speed has given none for `stalled` seconds, or none to a whole run before."""
    floor: float = 120.0
    """Seconds that an attempt gets on a server of known speed, however little is asked."""
    stalled: float = 300.0
    """Seconds without an answer after which a request that took too long is not asked again."""
    unanswered: int = 12
    """Requests given up in a row, without an answer in between, after which the server is given up; half as many where
    the run before ended so."""
    total: float = 3600.0
    """Seconds all attempts of a request may take together, pauses included; longer in proportion like `timeout`."""
    throttled: float = 300.0
    """Seconds that a request may be turned away for too many requests (429, 503) while no other is answered."""
    backoff: float = 0.5
    """Seconds before the second attempt; doubles with each further one."""
    longest: float = 30.0
    """Longest pause between attempts in seconds."""
    restarts: int = 8
    """Times a dead server is started again in one run."""
    allowed_failed: float = 0.02
    """Share of items that may end without a score before the run is invalid."""
    hopeless: int = 12
    """Items, besides as many as may be under way, after which a run ends of which not one was answered: a server that
    failed all that it got in its first moment may still be starting."""
    allowed_distorted: float = 0.02
    """Share of prompts that the server may have cut, and of log-probabilities below the smallest number."""


def times_as_long(limits: RetryLimits, tokens: int | None) -> float:
    """How many times as long as a usual one a request may take whose answer has so many tokens at most."""
    return max(1.0, (tokens or 0) / limits.usual)


PASSING_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""HTTP answers that another attempt may mend. 400, 401, 403, 404, 413 and 422 cannot be mended by asking again."""
THROTTLED = frozenset({429, 503, 529})
"""HTTP answers of a server that wants fewer requests."""


def can_pass(status: int) -> bool:
    """Whether a further attempt after this HTTP status makes sense."""
    return status in PASSING_STATUS


def pause(attempt: int, limits: RetryLimits, asked: str | None = None) -> float:
    """Seconds to wait after attempt number `attempt` (from 1): `Retry-After` if `asked`, else doubling, with jitter."""
    try:
        if asked is not None and (seconds := float(asked)) >= 0:
            return min(seconds, limits.longest)
    except ValueError:
        pass
    return min(limits.backoff * 2.0 ** min(attempt - 1, 30), limits.longest) * (0.5 + random.random())


class Pace(NamedTuple):
    """How long an answer took."""

    seconds: float
    token: float
    """Seconds of a token that is written, as much as it can have been: all of the time may have gone to them."""
    prompt: float
    """Seconds of what is worth as much of a prompt."""
    beside: int
    """Requests that were under way, it included."""


def pace_of(seconds: float, tokens: int, prompt: float, beside: int) -> Pace:
    """tokens: written; 0 if the server does not say. prompt: what its prompt is worth in tokens of an answer."""
    both = seconds / (max(1, tokens) + prompt)
    return Pace(seconds, seconds / tokens if tokens else both, both, max(1, beside))


class Patience:
    """What one server has shown of its speed. Shared by all clients that ask it."""

    def __init__(self, limits: RetryLimits) -> None:
        self.limits = limits
        self.silent = False
        """Whether a request was given up that took too long or was turned away, and nothing was answered since."""
        self.stalled = False
        """Whether it answered none of many requests in the run before, whatever it answers when it is examined."""
        self._recent: deque[Pace] = deque(maxlen=RECENT)
        self._bound = Pace(0.0, 0.0, 0.0, 1)
        """The seconds of the longest answer of late; and no pace of late is slower, of a token or of a prompt, or was
        with fewer requests under way. It spares nearly every request a look at all of them, and the client's time is
        what a fast server waits for."""
        self._expected: tuple[int, float, list[float]] | None = None
        """What was asked about last, and the seconds that it takes at each pace; None once there is another answer."""

    def note(self, data: Any, size: int, seconds: float, beside: int) -> None:
        """An answer that could be used has come. data: its JSON; size: bytes that were sent."""
        self.silent = False
        pace, bound = pace_of(seconds, tokens_written(data), _prompt(size), beside), self._bound
        afresh = not self._recent or (len(self._recent) == RECENT and self._recent[0].seconds >= bound.seconds)
        self._recent.append(pace)
        self._expected = None
        if afresh:
            seconds_each, tokens, prompts, besides = zip(*self._recent, strict=True)
            self._bound = Pace(max(seconds_each), max(tokens), max(prompts), min(besides))
        else:
            self._bound = Pace(
                max(bound.seconds, pace.seconds), max(bound.token, pace.token),
                max(bound.prompt, pace.prompt), min(bound.beside, pace.beside),
            )  # fmt: skip

    def seconds(self, tokens: int | None, size: int, beside: int, times: float = 1.0, doubted: bool = False) -> float:
        """Seconds that an attempt may take. tokens: of its answer at most; size: bytes that are sent; beside: requests
        under way, it included; times: as long as the fixed limits may be for such an answer; doubted: it is long since
        the server answered."""
        if not self._recent:
            start = self.limits.again if self.silent else self.limits.start
            return min(start + SLOWEST * ((tokens or 0) + _prompt(size)), self.limits.timeout * times)
        floor = min(self.limits.again, self.limits.floor) if doubted else self.limits.floor
        wanted = max(floor, 3 * self._bound.seconds)
        if MARGIN * self._at_most(tokens, size) * max(1.0, beside / self._bound.beside) > wanted:
            paces = zip(self._recent, self._at_each_pace(tokens, size), strict=True)
            slow = [expected * beside / pace.beside if beside > pace.beside else expected for pace, expected in paces]
            wanted = max(wanted, MARGIN * max(slow))
        return min(wanted, self.limits.timeout * times * self.stretch(tokens, size, times))

    def stretch(self, tokens: int | None, size: int, times: float) -> float:
        """Times as long as the fixed limits that such a request takes at the usual speed and half as long again; 1 to
        STRETCH."""
        if 1.5 * self._at_most(tokens, size) <= self.limits.timeout * times:
            return 1.0
        needed = 1.5 * median(self._at_each_pace(tokens, size))
        return min(STRETCH, max(1.0, needed / (self.limits.timeout * times)))

    def _at_most(self, tokens: int | None, size: int) -> float:
        """Seconds of which such a request takes no more at any pace of late; 0 where none is known."""
        return (OPEN if tokens is None else tokens) * self._bound.token + _prompt(size) * self._bound.prompt

    def _at_each_pace(self, tokens: int | None, size: int) -> list[float]:
        """Seconds that such a request takes at each pace of late."""
        asked, prompt = OPEN if tokens is None else tokens, _prompt(size)
        known = self._expected
        if known is None or known[:2] != (asked, prompt):
            expected = [asked * pace.token + prompt * pace.prompt for pace in self._recent]
            known = self._expected = (asked, prompt, expected)
        return known[2]


_KNOWN: dict[str, Patience] = {}


def patience_with(url: str, limits: RetryLimits) -> Patience:
    """What this process knows of the server at an address: a run need not wait for what the one before waited for."""
    known = _KNOWN.get(url)
    if known is None or known.limits != limits:
        known = _KNOWN[url] = Patience(limits)
    return known


def known_silent(url: str) -> bool:
    """Whether the server at an address gave no answer to what this process asked it last."""
    return url in _KNOWN and _KNOWN[url].silent


def tokens_written(data: Any) -> int:
    """Tokens that an answer says to hold; 0 if it does not say, or what cannot be."""
    usage = data.get("usage") if isinstance(data, dict) else None
    count = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 < count < 10**9 else 0


def _prompt(size: int) -> float:
    """The bytes of a prompt in tokens of an answer."""
    return size / BYTES / PREFILL
