"""Unit words beside a number ("K", "GiB", "tok/s", "x") -> what the number is multiplied by."""

from __future__ import annotations

from decimal import Decimal

SHARES = ("fraction", "percent")
SPEED = "tok/s"
TIMES = {"s": "1", "sec": "1", "second": "1", "seconds": "1", "ms": "0.001"}
POWERS = {"k": 3, "thousand": 3, "m": 6, "million": 6, "b": 9, "bn": 9, "billion": 9, "g": 9, "t": 12, "trillion": 12}
BYTES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
NAMES = {
    "tokens": ("token", "tokens"),
    "parameters": ("param", "params", "parameter", "parameters", "weights"),
    "ratio": ("x", "×", "times", "fold", "-fold"),
    "elo": ("elo",),
}


def unit_words() -> str:
    """Regular expression for the unit words after a number, each separated by at most spaces."""
    speed = r"tok(?:en)?s?\s?(?:/|per)\s?s(?:ec(?:onds?)?)?|tps|t/s"
    size = r"[kmgt]?i?bytes?|[kmgt]i?b"
    words = sorted([*POWERS, *TIMES, *(name for names in NAMES.values() for name in names)], key=len, reverse=True)
    plain = "|".join(word for word in words if word != "×")
    return rf"(?:\s*(?:%|×|percent(?:age)?|points|pp|(?:{speed}|{size}|{plain})(?![A-Za-z])))*"


def factors(words: tuple[str, ...], unit: str) -> tuple[list[Decimal], str | None]:
    """What a number with these unit words (lower case) is multiplied by to be in `unit`: one factor per reading, the
    first the plain one, and a remark where a choice was made. No factor: the words belong to another unit."""
    joined = "".join(words)
    if unit == "bytes":
        return _bytes(joined)
    if unit in ("s", "seconds", "ms"):
        base = Decimal(TIMES[unit])
        return ([Decimal(TIMES[joined or unit]) / base], None) if (joined or unit) in TIMES else ([], None)
    joined = _without_name(joined, unit)
    if joined == "":
        return [Decimal(1)], None
    if joined not in POWERS or unit in ("ratio", *SHARES):
        return [], None
    power = POWERS[joined]
    plain = Decimal(10) ** power
    if unit == "tokens" and power in (3, 6):
        return [plain, Decimal(1024) ** (power // 3)], f"{joined.upper()} read as 1000 or 1024"
    return [plain], None


def _without_name(joined: str, unit: str) -> str:
    """Unit words without the unit's own name."""
    if unit == SPEED:
        for name in ("tokens", "token", "toks", "tok"):
            for per in ("/", "per"):
                for second in ("seconds", "second", "sec", "s"):
                    joined = joined.removesuffix(name + per + second)
        return joined.removesuffix("tps").removesuffix("t/s")
    for name in sorted(NAMES.get(unit, ()), key=len, reverse=True):
        if joined.endswith(name):
            return joined.removesuffix(name)
    return joined


def _bytes(joined: str) -> tuple[list[Decimal], str | None]:
    """Factor of a size: GB is 10^9 bytes, GiB 2^30, as the words say."""
    word = joined.removesuffix("bytes").removesuffix("byte") if "byte" in joined else joined.removesuffix("b")
    binary = word.endswith("i")
    word = word.removesuffix("i")
    if word not in BYTES or (binary and not word):
        return [], None
    step = BYTES[word]
    if not step:
        return [Decimal(1)], None
    factor = Decimal(1024) ** step if binary else Decimal(1000) ** step
    name = f"{word.upper()}{'i' if binary else ''}B"
    return [factor], f"{name} read as {'2^' + str(10 * step) if binary else '10^' + str(3 * step)} bytes"
