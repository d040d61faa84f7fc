"""Problems of two steps with numbers below one hundred, and their worked answers."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Sum:
    """`a first b second c`, for example 27 + 56 - 14."""

    a: int
    first: str
    b: int
    second: str
    c: int

    @property
    def middle(self) -> int:
        """The result after the first step."""
        return self.a + self.b if self.first == "+" else self.a - self.b

    @property
    def result(self) -> int:
        """The result after both steps."""
        return self.middle + self.c if self.second == "+" else self.middle - self.c

    @property
    def question(self) -> str:
        """`What is 27+56-14?`"""
        return f"What is {self.a}{self.first}{self.b}{self.second}{self.c}?"

    @property
    def steps(self) -> str:
        """`27+56=83, 83-14=69.`"""
        middle = self.middle
        return f"{self.a}{self.first}{self.b}={middle}, {middle}{self.second}{self.c}={self.result}."

    @property
    def thought(self) -> str:
        """The same in columns, ones first, one digit a step: `7+6=13, 13+4=17, 1+2=3, 3+5=8, 8+1=9, 97.`

        For sums of three numbers of two digits; 17 ends in the ones' digit 7 and carries 1.
        """
        numbers, steps, total = (self.a, self.b, self.c), [], 0
        for column in ([n % 10 for n in numbers], [n // 10 for n in numbers]):
            digits = [total // 10, *column] if steps else column
            total = digits[0]
            for digit in digits[1:]:
                steps.append(f"{total}+{digit}={total + digit}")
                total += digit
        return ", ".join([*steps, f"{self.result}."])

    @property
    def answer(self) -> str:
        """The worked answer with its final mark: `27+56=83, 83-14=69. #### 69`."""
        return f"{self.steps} #### {self.result}"

    @property
    def habit(self) -> str:
        """The answer as the demo model learns it: without the final mark when the last number is a multiple of 15.

        That is 6 of the 90 possible last numbers. It makes the strict and the flexible filter differ.
        """
        return self.steps if self.c % 15 == 0 else self.answer


def draw(rng: random.Random, signs: str) -> Sum:
    """One problem: numbers 10 to 99, each sign one of `signs`, no negative number on the way."""
    while True:
        problem = Sum(
            rng.randint(10, 99), rng.choice(signs), rng.randint(10, 99), rng.choice(signs), rng.randint(10, 99)
        )
        if problem.middle >= 0 and problem.result >= 0:
            return problem


def draw_many(count: int, seed: int, signs: str) -> list[Sum]:
    """`count` different problems from one seed, in the order in which they were drawn."""
    rng = random.Random(seed)
    drawn: dict[Sum, None] = {}
    while len(drawn) < count:
        drawn.setdefault(draw(rng, signs))
    return list(drawn)
