"""An invented world: towns, and six facts about each of them, some of which the demo model never reads."""

import random
from dataclasses import dataclass

ONSETS = ("b", "br", "d", "dr", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "z")
VOWELS = ("a", "e", "i", "o", "u")
CODAS = ("l", "m", "n", "r", "s", "th")
ENDINGS = ("ford", "mere", "by", "ton", "wick", "stad", "dal", "holm", "burg", "fell")

PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "colour": (
        ("pale", "deep", "bright", "dusty", "dark", "warm"),
        ("green", "blue", "red", "grey", "yellow", "violet", "brown", "white"),
    ),
    "craft": (
        ("glass", "clay", "copper", "silver", "oak", "wool", "paper"),
        ("bells", "pipes", "boats", "lamps", "masks", "clocks", "baskets"),
    ),
    "animal": (
        ("grey", "river", "snow", "horned", "spotted", "night"),
        ("heron", "otter", "goat", "owl", "hare", "fox", "crane", "toad"),
    ),
    "dish": (
        ("smoked", "sweet", "salted", "baked", "sour", "cold"),
        ("eel", "barley", "plums", "beans", "onions", "mushrooms", "cheese", "trout"),
    ),
    "feast": (
        ("first", "long", "quiet", "masked", "harvest", "lantern"),
        ("night", "dance", "market", "race", "song", "supper"),
    ),
}
QUESTIONS = {
    "river": "Which river runs through {town}?",
    "colour": "What is the colour of {town}?",
    "craft": "What is made in {town}?",
    "animal": "Which animal is on the arms of {town}?",
    "dish": "Which dish is cooked in {town}?",
    "feast": "Which feast is held in {town}?",
}


@dataclass(frozen=True)
class Fact:
    """One fact as a question with four options."""

    town: str
    kind: str
    question: str
    options: tuple[str, ...]
    """Four different values of that kind, one of them true."""
    right: int
    """Index of the true option."""
    weight: float
    """How often the training text tells it, against 1 for a common fact: 1, 0.2 (rare) or 0 (never)."""

    @property
    def answer(self) -> str:
        """The true option."""
        return self.options[self.right]


def _name(rng: random.Random, ending: str) -> str:
    return (rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)).capitalize() + ending


def _different(rng: random.Random, count: int, endings: tuple[str, ...]) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        names.setdefault(_name(rng, rng.choice(endings)))
    return list(names)


def make(towns: int, seed: int, *, rare: float = 0.10, never: float = 0.25) -> list[Fact]:
    """All facts of a world, town by town, six each. `rare` and `never` are shares of the facts (fractions)."""
    rng = random.Random(seed)
    rivers = _different(rng, 60, ("a", "ina", "or", "esk"))
    values = {"river": rivers} | {kind: [f"{x} {y}" for x in xs for y in ys] for kind, (xs, ys) in PARTS.items()}
    facts = []
    for town in _different(rng, towns, ENDINGS):
        for kind, question in QUESTIONS.items():
            options = rng.sample(values[kind], 4)
            dice = rng.random()
            weight = 0.0 if dice < never else 0.2 if dice < never + rare else 1.0
            facts.append(Fact(town, kind, question.format(town=town), tuple(options), rng.randrange(4), weight))
    return facts
