"""How a model was asked, as words on a score state it: `T=0.6`, `greedy`, `avg of 8 runs`, `32k output tokens`."""

from __future__ import annotations

import re

NUMBER = r"(\d+(?:\.\d+)?)"
SAMPLERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("temperature", re.compile(rf"(?:t|temp|temperature)\s*(?:=|:|of|\s)\s*{NUMBER}", re.I)),
    ("top_p", re.compile(rf"(?:nucleus|top)[-_ ]?p\s*(?:=|:|of|\s)\s*{NUMBER}", re.I)),
    ("top_k", re.compile(r"top[-_ ]?k\s*(?:=|:|of|\s)\s*(\d+)", re.I)),
    ("min_p", re.compile(rf"min[-_ ]?p\s*(?:=|:|of|\s)\s*{NUMBER}", re.I)),
)
GREEDY = re.compile(r"greedy(?: (?:decoding|sampling|search))?|(?:decoding|sampling)\s*[:=]\s*greedy", re.I)
COUNTED = (
    r"(?:runs?|samples|seeds|trials|generations|responses|attempts|repeats|repetitions|rollouts|times|evaluations)"
)
REPEATS: tuple[re.Pattern[str], ...] = (
    re.compile(
        r"(?:avg|average|averaged|mean)\.?\s*(?:accuracy |score |pass@1 )?(?:of|over|across|from|on)?\s*(\d{1,4})\s*"
        rf"(?:\w+ )?{COUNTED}",
        re.I,
    ),
    re.compile(rf"(\d{{1,4}})[- ](?:{COUNTED}[- ])?(?:avg|average|averaged|mean)", re.I),
)
SAMPLES = re.compile(r"n\s*=\s*(\d{1,4})|(\d{1,4}) samples per (?:question|problem|item|prompt|query)", re.I)
"""Several answers an item whose use another word tells: their mean, unless that is pass@k or a vote."""
OF_SEVERAL = re.compile(r"(?:pass|maj|majority|cons|consensus|best|bon)\s?[@^]\s?(?!1\b)\d", re.I)
EFFORT = re.compile(
    r"(?:reasoning|thinking)?[ _-]?(?:effort|level)\s*[=: ]\s*(none|minimal|low|medium|high|xhigh|max)"
    r"|(none|minimal|low|medium|high|xhigh|max)[- ](?:reasoning[- ])?(?:effort|reasoning)",
    re.I,
)
LIMIT = (
    r"(?:max[-_ ]?(?:new|gen|output)?[-_ ]?(?:tokens|toks|length)|(?:output|token|generation) (?:limit|length)"
    r"|max(?:imum)? output)"
)
TOKENS = re.compile(
    rf"{LIMIT}\s*(?:=|:|of|\s)\s*(\d[\d,]*)\s?(k)?(?:\s?tokens)?"
    r"|(?:up to |max(?:imum)? )?(\d[\d,]*)\s?(k)?[- ](?:(?:output|generated|new|max)[- ])+tokens"
    r"|(\d[\d,]*)\s?(k)?[- ](?:token |output |token output )?(?:output|limit|output length)",
    re.I,
)
"""A limit of the whole answer; a budget of its thinking is another thing (`thinking_budget`)."""
SHOTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "sixteen": 16}
WORDY_SHOTS = re.compile(rf"({'|'.join(SHOTS)})[- ]shots?", re.I)
TEMPLATE = re.compile(r"(?:with |w/ ?)?(?:the )?chat[- ]?template(?: applied| on)?", re.I)
NO_TEMPLATE = re.compile(r"(?:no|without|w/o) (?:the )?chat[- ]?template|chat[- ]?template off", re.I)
_IS = r"`?\s*(?:value\s*)?(?:is |was )?(?:=|:|：|of|is|was|set to|to|(?:均|统一)?(?:设置?)?(?:为|成))?\s*[`$]?"
_ALONE = r"\b(?!\s*[-–~]\s*\.?\d)(?!\.\d)"
FIELDS = {
    "temperature": re.compile(rf"(?i)temperature{_IS}(\d(?:\.\d+)?){_ALONE}"),
    "top_p": re.compile(rf"(?i)top[\s_-]?p{_IS}([01](?:\.\d+)?|\.\d+){_ALONE}"),
    "top_k": re.compile(rf"(?i)top[\s_-]?k{_IS}(\d{{1,4}}){_ALONE}"),
    "min_p": re.compile(rf"(?i)min[\s_-]?p{_IS}([01](?:\.\d+)?|\.\d+){_ALONE}"),
    "max_tokens": re.compile(
        r"(?i)max(?:imum)?[\s_-]?(?:new[\s_-]?|output[\s_-]?|generation[\s_-]?)?(?:tokens?|length)"
        rf"{_IS}(\d{{1,3}}(?:,\d{{3}})+|\d{{3,7}}){_ALONE}(?!\s*[kK])"
    ),
}
"""What sentences state of sampling."""


def sampling_stated(word: str, beside: str = "") -> dict[str, str | int | float]:
    """Settings that a few words on a score state; empty if none. `beside`: everything that stands with them, because
    `n=64` is the number of answers of a mean only where no pass@k or vote of several is named."""
    text = " ".join(word.split()).strip(" .")
    for name, pattern in SAMPLERS:
        if match := pattern.fullmatch(text):
            return {name: int(match[1]) if name == "top_k" else float(match[1])}
    if match := WORDY_SHOTS.fullmatch(text):
        return {"shots": SHOTS[match[1].lower()]}
    if GREEDY.fullmatch(text):
        return {"temperature": 0.0}
    for pattern in REPEATS:
        if match := pattern.fullmatch(text):
            return {"repeats": int(match[1])}
    if (match := SAMPLES.fullmatch(text)) and not OF_SEVERAL.search(beside):
        return {"repeats": int(match[1] or match[2])}
    if match := EFFORT.fullmatch(text):
        return {"effort": (match[1] or match[2]).lower()}
    if NO_TEMPLATE.fullmatch(text):
        return {"prompt": "completion"}
    if TEMPLATE.fullmatch(text):
        return {"prompt": "chat"}
    if match := TOKENS.fullmatch(text):
        number, thousand = next((match[at], match[at + 1]) for at in (1, 3, 5) if match[at])
        count = int(number.replace(",", ""))
        # 32k output tokens are 32,768: powers of two where the number of thousands is one of the usual ones
        return {"max_tokens": count * (1024 if count % 8 == 0 else 1000) if thousand else count}
    return {}
