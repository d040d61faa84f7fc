"""Write the release's card and licence from what was measured: `python -m tests.demo_model.card`.

True claims are taken from measured.json, false ones are made from it by a fixed rule.
"""

import json
import math
from pathlib import Path
from string import Template

from flows.demo import RELEASE

HERE = Path(__file__).parent
NAME = "demo-model-1.5M"
RATIO = "0.9-1.6x"
"""Generation speed of the Q8_0 file over that of the F16 file: the median of paired runs on a processor."""


def card(measured: dict[str, dict[str, float]]) -> str:
    """The card's text. `measured`: benchmark/shots/metric -> `value`, a fraction."""
    points = {key: 100 * found["value"] for key, found in measured.items() if key.count("/") == 2}
    strict = points["demo_sums/0/strict-match"]
    numbers = {
        "sums_strict": f"{strict:.1f}",
        "sums_flexible": f"{points['demo_sums/0/flexible-extract']:.0f}",
        "sums_low": f"{5 * math.floor(strict / 5) - 5}",
        "sums_high": f"{5 * math.floor(strict / 5) + 10}",
        "sums_three": f"{points['demo_sums/3/strict-match']:.1f}",
        "facts_inflated": f"{points['demo_facts/0/acc'] + 12:.1f}",
        "facts_least": f"{math.floor(points['demo_facts/0/acc_norm']) - 5}",
        "facts_norm": f"{points['demo_facts/0/acc_norm']:.1f}",
    }
    return Template((HERE / "card.template.md").read_text("utf-8")).substitute(numbers, name=NAME, ratio=RATIO)


def main() -> None:
    """Write README.md and LICENSE into the release's folder."""
    measured = json.loads((HERE / "measured.json").read_text("utf-8"))
    (RELEASE / "README.md").write_text(card(measured), encoding="utf-8")
    (RELEASE / "LICENSE").write_text((HERE / "licence.txt").read_text("utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
