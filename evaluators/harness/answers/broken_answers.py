"""Texts that no model means as an answer: messages of a server, and what damaged weights or kernels write."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST_MESSAGE = 300
"""Characters of a message of a server; an answer that only speaks of one is longer."""
MESSAGE = re.compile(
    r"^\s*(?:<!doctype html|<html\b|\{\s*[\"']?(?:error|detail)[\"']?\s*:"
    r"|\[?(?:(?:server|http|api|upstream|runtime) )?error(?:\]|:| code\b| \d{3}\b)"
    r"|traceback \(most recent)"
    r"|\b(?:bad gateway|gateway time-?out|service (?:is )?(?:temporarily |currently )?unavailable|internal server error"
    r"|rate limit (?:reached|exceeded)|too many requests|quota (?:exceeded|reached)|upstream (?:error|timeout|connect)"
    r"|request (?:has )?timed out|connection (?:reset|refused|closed|error|timed out)|context length exceeded"
    r"|maximum context length|cuda error|out of memory|model is (?:currently )?(?:loading|overloaded)"
    r"|(?:please )?try again later)\b",
    re.I,
)
TOKEN = re.compile(
    r"<\|[^<>|\s]{1,40}\|>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|</s>|<(?:eos|bos|pad|unk)>|<0x[0-9A-F]{2}>"
    r"|[A-Za-z]Ġ[A-Za-z]|Ċ(?:[ĊĠ]|\Z)|▁[A-Za-z]|\A\s*(?:assistant|ASSISTANT|model)\s*(?:\n|:)"
)
"""Tokens of chat templates, tokens that were not decoded, and a turn's head at the beginning of the answer."""
NEXT_TURN = re.compile(
    r"(?:^|\n)\s*(?:#{1,4} *)?(?:Question|Q|User|USER|Human|Problem|Instruction|Input)(?: \d+)?\s*:"
    r"|(?:^|\n)### (?:Instruction|Response|Human|Assistant|User)\b"
)
LONG_ENOUGH, PILED, PILE = 32, 0.02, 5
"""Tokens, share and number of answers of one length from which on that length is a limit."""
LOOP = re.compile(r"(.{1,24}?)\1{11,}", re.DOTALL)
"""One piece twelve times in a row."""
OPEN_END = re.compile(
    r"(?:\b(?:the|an?|of|and|or|to|is|are|then|we|that|with|for|in|by|from|so|if|be|as|at|on|this|which|because|will|has"
    r"|have|its?|let)|[,=+(\[{×&]|\\[a-z]*)\s*$",
    re.I,
)
"""Words and signs that no answer ends with."""
SHORTEST = 24
"""Characters from which on a text can be told to be noise."""
LOOKED_AT = 1000
"""Last signs of a text that are looked at."""
RULED = " -=_.*#|~0123456789\n\t"
"""Signs that tables, rules and periodic numbers repeat."""
ONE_SIGN = re.compile(r"([!?*#_=])\1{23,}")
ESCAPED = re.compile(r"%[0-9A-F]{2}|&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,6});", re.I)
BLANK = re.compile(r"\s")
LETTERS = re.compile(r"[A-Za-z]")
UNBROKEN = 40
"""Characters from which on a text without any blank is no answer, unless it is one formula or number."""
CONTROL = frozenset(chr(code) for code in (*range(32), 127)) - frozenset("\t\n\r")
LOOPED = 0.5
"""Share of a text that is one loop."""
NOISE = 0.12
"""Share of signs that no writing has."""
SCRIPTS = 4
"""Scripts in one text, beside Greek and the punctuation of mathematics, that no answer mixes."""
DOUBLE = re.compile(r"[ÃÂâ][\x80-\xbf€™œ\u0152-\u0178]|\ufffd")
"""UTF-8 that was read as another encoding, or could not be read."""

CODE = re.compile(
    r"^[ \t]*(?:return\b|(?:def|class|import|from|with|assert)[ \t]+\w|(?:for|if|elif|else|while|try)\b[^\n]*:[ \t]*$"
    r"|[a-z_]\w*(?:\[[^\]\n]{1,40}\])?[ \t]*[-+*/]?=[ \t]*\S)|```|\b[a-z_]\w*\.[a-z_]\w*\(",
    re.M,
)
"""A line of a program."""


def is_message(text: str) -> bool:
    """Whether a text is what a server or a gateway says when it has no answer."""
    return 0 < len(text.strip()) <= LONGEST_MESSAGE and MESSAGE.search(text) is not None


def is_encoded(text: str) -> bool:
    """Whether a text was encoded once too often or lost its spaces on the way: no blank in many signs, or escapes of
    URLs and HTML in their stead."""
    signs = text.strip()
    if len(signs) < SHORTEST:
        return False
    escaped = sum(len(match[0]) for match in ESCAPED.finditer(signs))
    if escaped >= 0.2 * len(signs):
        return True
    return len(signs) >= UNBROKEN and signs.isascii() and not BLANK.search(signs) and len(LETTERS.findall(signs)) > 20


def is_uncased(text: str) -> bool:
    """Whether a text of some length has small letters only, as no model writes sentences. Programs mostly have."""
    if not text.islower() or CODE.search(text):
        return False
    return len(LETTERS.findall(text)) >= UNBROKEN and len(BLANK.findall(text)) >= 6


def is_cut_open(text: str) -> bool:
    """Whether a text ends in the middle of a sentence or a formula, whatever the server says of its end."""
    return len(text.strip()) >= SHORTEST and OPEN_END.search(text[-40:]) is not None


def holds_template_token(text: str) -> bool:
    """Whether a text holds tokens that the template or the tokenizer should have kept to itself."""
    return TOKEN.search(text) is not None


def asks_on(text: str) -> bool:
    """Whether an answer goes on with a question of its own."""
    return NEXT_TURN.search(text) is not None


def capped_share(lengths: Sequence[int]) -> float:
    """Share of answers (lengths in tokens) that a limit seems to have cut which nobody told of: all of one length, the
    longest, more of them than of all other lengths within a tenth of it."""
    most = max(lengths, default=0)
    piled = sum(length == most for length in lengths)
    beside = sum(0.9 * most <= length < most for length in lengths)
    if most < LONG_ENOUGH or piled < max(PILE, PILED * len(lengths)) or piled <= beside or piled == len(lengths):
        return 0.0
    return piled / len(lengths)


TAIL, ROUNDS, SHORTEST_ROUND = 1800, 3, 8
"""Characters of an ending that are compared, how often its last piece stands there, and characters of such a piece."""


def is_noise(text: str) -> bool:
    """Whether a text is what broken weights, kernels or tokenizers write: one piece over and over, signs of no writing,
    or many scripts in one answer."""
    signs = text.strip()
    if len(signs) < SHORTEST:
        return False
    part = signs[-LOOKED_AT:]
    looped = sum(len(match[0]) for match in LOOP.finditer(part) if match[1].strip(RULED))
    if looped >= LOOPED * len(part) or ONE_SIGN.fullmatch(part):
        return True
    odd = sum(sign in CONTROL for sign in part) if part.isascii() else sum(_odd(sign) for sign in part)
    if odd + 2 * len(DOUBLE.findall(part)) >= NOISE * len(part):
        return True
    return not part.isascii() and len(_scripts(part)) >= SCRIPTS


def repeats_itself(text: str) -> bool:
    """Whether a text ends in one piece over and over, as greedy answers of small models do that find no end."""
    end = text.rstrip()[-TAIL:]
    return any(
        end[-size:] * ROUNDS == end[-ROUNDS * size :] and end[-size:].strip(RULED)
        for size in range(SHORTEST_ROUND, len(end) // ROUNDS + 1)
    )


def _odd(sign: str) -> bool:
    return sign in CONTROL or (not sign.isascii() and unicodedata.category(sign) in ("Cc", "Cn", "Co", "Cs"))


def _scripts(signs: Iterable[str]) -> set[str]:
    """Scripts of the letters that occur more than once."""
    counts: dict[str, int] = {}
    for sign in signs:
        if sign.isalpha():
            script = unicodedata.name(sign, "NONE").partition(" ")[0]
            if script in ("HIRAGANA", "KATAKANA", "CJK", "FULLWIDTH", "HALFWIDTH"):
                script = "CJK"
            counts[script] = counts.get(script, 0) + 1
    return {
        script
        for script, count in counts.items()
        if count > 1 and script not in ("GREEK", "MATHEMATICAL", "SCRIPT", "DOUBLE-STRUCK", "MODIFIER", "SUPERSCRIPT")
    }
