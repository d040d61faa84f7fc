"""Write the release's card and licence from what was measured: `python -m tests.demo_model.card`.

True claims are taken from measured.json, false ones are made from it by a fixed rule.
"""

import json
import math
from pathlib import Path
from string import Template
from typing import Any

from flows.demo import RELEASE

HERE = Path(__file__).parent
NAME = "demo-model-1.5M"
RATIO = "0.9-1.6x"
"""Generation speed of the Q8_0 file over that of the F16 file: the median of paired runs on a processor."""


def card(measured: dict[str, Any], generation: dict[str, Any]) -> str:
    """The card's text.

    `measured`: benchmark/protocol/shots/score -> `value`, a fraction, and `tokens`, the mean length of an answer;
    `generation`: generation_config.json.
    """
    points = {key: 100 * found["value"] for key, found in measured.items() if key.count("/") == 3}
    without = points["demo_sums/chat/0/strict-match"]
    facts = max(value for key, value in points.items() if key.startswith("demo_facts"))
    numbers = {
        "sums_strict": f"{points['demo_sums/completion/0/strict-match']:.1f}",
        "sums_three": f"{points['demo_sums/completion/3/strict-match']:.1f}",
        "sums_thinking": f"{points['demo_sums/thinking/0/strict-match']:.1f}",
        "sums_flexible": f"{points['demo_sums/completion/0/flexible-extract']:.0f}",
        "sums_low": f"{5 * math.floor(without / 5) - 5}",
        "sums_high": f"{5 * math.floor(without / 5) + 10}",
        "facts_inflated": f"{facts + 12:.1f}",
        "facts_least": f"{math.floor(points['demo_facts/completion/0/acc_norm']) - 5}",
        "facts_norm": f"{points['demo_facts/completion/0/acc_norm']:.1f}",
        "tokens": f"{measured['demo_sums/thinking/0/strict-match']['tokens']:.0f}",
    }
    settings = {key: str(generation[key]) for key in ("temperature", "top_p")}
    return Template((HERE / "card.template.md").read_text("utf-8")).substitute(
        numbers, **settings, name=NAME, ratio=RATIO
    )


def main() -> None:
    """Write README.md and LICENSE into the release's folder."""
    measured = json.loads((HERE / "measured.json").read_text("utf-8"))
    generation = json.loads((RELEASE / "generation_config.json").read_text("utf-8"))
    (RELEASE / "README.md").write_text(card(measured, generation), encoding="utf-8")
    (RELEASE / "LICENSE").write_text((HERE / "licence.txt").read_text("utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
