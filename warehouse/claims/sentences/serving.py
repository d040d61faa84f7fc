"""Machine, backend and quantization that a sentence, or the heading over a list, says for a number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from warehouse.claims.text.speed_names import backend_named, device_named, names_serving, quantization_named

_READERS = {"hardware": device_named, "backend": backend_named, "quantization": quantization_named}
_TURN = re.compile(r"\b(?:where(?:as)?|while|but|against|versus|compared (?:to|with))\b")
"""Words that begin the other side of a comparison."""
_EACH = re.compile(r"\b(?:both|each|all)\b")
_SAME = re.compile(r"\bsame (?:card|GPU|machine|hardware|laptop|computer)\b")
_ELSEWHERE = re.compile(r"\bon (?:a|an|my|our|the|another)\b")


def serving_beside(sentence: str, start: int, places: Sequence[int]) -> dict[str, str]:
    """What the sentence says for the number at `start`; `places` are those of all numbers of its kind.

    The words up to the next number are its own, then those on its side of a comparison. What stands before the first
    number holds for all of them, but a backend only on its side of the comparison.
    """
    first = sentence.rfind(";", 0, start) + 1
    end = sentence.find(";", start)
    clause = sentence[first : end if end >= 0 else len(sentence)]
    peers = [other for other in places if first <= other < first + len(clause)]
    turns = [turn.start() for turn in _TURN.finditer(sentence, first, first + len(clause))]
    until = min([other for other in (*peers, *turns) if other > start], default=first + len(clause))
    part = max([first, *(turn for turn in turns if turn < start)])
    bracket = re.search(r"[\w.]+(?: [\w.]+)? ?\($", sentence[first:start])
    if bracket and (close := sentence.find(")", start, until)) > 0:  # `with vLLM (~9 tok/s on an RTX 4090)`
        part, until = first + bracket.start(), close
    own, beside = sentence[start:until], sentence[part:until]
    shared = clause if len(peers) == 1 or _EACH.search(clause) else sentence[first : min(peers)]
    same = clause if _SAME.search(beside) else "" if _ELSEWHERE.search(own) else sentence[first:start]
    named = {
        key: read(own) or read(beside) or ("" if key == "backend" and part > first else read(shared))
        for key, read in _READERS.items()
    }
    named["hardware"] = named["hardware"] or device_named(same)
    return {key: said for key, said in named.items() if said}


def serving_over(heading: str, sentence: str) -> dict[str, str]:
    """What the heading says of kinds that the sentence says nothing of."""
    return {key: said for key, read in _READERS.items() if (said := read(heading)) and not names_serving(sentence, key)}
