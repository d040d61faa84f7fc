"""The pages in a real browser: offline, quiet, readable on a telephone and a desk, in both schemes."""

from __future__ import annotations

import hashlib
import os
from itertools import pairwise
from pathlib import Path

import pytest

from tests.reports.browser import CHROMIUM, Visit, visit_all
from tests.reports.hostile import WORDS, hostile_verdict, make_hostile
from tests.reports.many_claims import make_home, one_of_each
from warehouse.home import Home
from warehouse.load import save_claims, save_verdicts
from warehouse.reports.site.site import write_site

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no chromium here (apt-get install chromium); CI must have it"
)

QUESTIONS = {
    "overflow": "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    "title": "document.title",
    "text": "document.body.innerText",
    "scripts": "[...document.scripts].filter(s => s.type !== 'application/ld+json').length",
    "elements": "document.querySelectorAll('img,iframe,object,embed,base,form[action],svg image').length",
    "handlers": "[...document.querySelectorAll('*')].filter("
    "e => /^on| on/.test(e.getAttributeNames().join(' '))).length",
    "foreign": "[...document.links].filter(a => !/^(https?|file):/.test(a.href)).length",
    "smallest": "Math.min(...[...document.querySelectorAll('main *')].filter(e => [...e.childNodes].some("
    "n => n.nodeType === 3 && n.textContent.trim())).map(e => parseFloat(getComputedStyle(e).fontSize)))",
    "cut": "[...document.querySelectorAll('svg text')].filter(t => { const r = t.getBoundingClientRect();"
    "return r.width && (r.left < 0 || r.right > document.documentElement.clientWidth) }).length",
    "unnamed": "[...document.querySelectorAll('svg,input')].filter(e => !(e.getAttribute('aria-label') ||"
    "(e.labels && e.labels.length))).length",
    "headings": "[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))",
    "faint": """(() => {
        const rgb = c => c.match(/[\\d.]+/g).map(Number);
        const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
        const light = c => { const [r, g, b] = rgb(c).map(v => linear(v / 255));
            return .2126*r + .7152*g + .0722*b };
        const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if (rgb(c)[3] !== 0) return c } return 'rgb(255,255,255)' };
        return [...document.querySelectorAll('main *, footer *')].filter(e => [...e.childNodes].some(
            n => n.nodeType === 3 && n.textContent.trim())).filter(e => {
            const style = getComputedStyle(e), ink = e.closest('svg') ? style.fill : style.color;
            const [a, b] = [light(ink), light(ground(e))].sort((x, y) => y - x);
            return (a + .05) / (b + .05) < 4.5 }).map(e => e.textContent.slice(0, 40)) })()""",
}  # fmt: skip
"""Asked of every page; each answer is wrong unless it is 0, empty, or checked by a test of its own."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with every outcome, a large release, and a hostile release for each of the hostile words."""
    root = tmp_path_factory.mktemp("home")
    home = make_home(root, releases=1, claims=4)
    claims, verdicts = one_of_each()
    for number, words in enumerate(WORDS):
        name = hashlib.sha256(words.encode()).hexdigest()[:16]
        model = claims[number % len(claims)]
        verdict = next(one for one in verdicts if one.claim_id == model.claim_id)
        claims.append(make_hostile(model, words).model_copy(update={"claim_id": name}))
        verdicts.append(hostile_verdict(verdict, words).model_copy(update={"claim_id": name}))
    save_claims(home, claims)
    save_verdicts(home, verdicts)
    to = tmp_path_factory.mktemp("site") / "pages"
    write_site(Home(root), str(to), base_url="https://example.org/claims")
    return to


@pytest.fixture(scope="module")
def visits(site: Path) -> dict[tuple[str, int, str], Visit]:
    """Visits of the overviews, one release of each kind, and two claims."""
    hostile = sorted((site / "releases").glob("vendor-*~*.html"))[:4]
    words = hashlib.sha256(WORDS[0].encode()).hexdigest()[:16]
    claims = sorted((site / "claims").glob("*.html"))[:2]
    plain = sorted((site / "releases").rglob("model-*.html"))[:1]
    pages = [*sorted(site.glob("*.html")), *plain, *hostile, site / f"claims/{words}.html", *claims]
    folder = os.environ.get("CLAIMCHECK_SCREENSHOTS")
    found = visit_all(pages, QUESTIONS, pictures=bool(folder))
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for (name, width, scheme), visit in found.items():
            (Path(folder) / f"{name.removesuffix('.html')[:60]}-{width}-{scheme}.png").write_bytes(visit.picture)
    return found


def test_pages_ask_for_nothing_and_complain_of_nothing(visits: dict[tuple[str, int, str], Visit]) -> None:
    assert len(visits) >= 2 * 8
    for page, visit in visits.items():
        assert all(address.startswith(("file:", "data:")) for address in visit.requests), (page, visit.requests)
        assert visit.complaints == [], page


@pytest.mark.parametrize("question", ["scripts", "elements", "handlers", "foreign"])
def test_text_of_a_card_stays_text(visits: dict[tuple[str, int, str], Visit], question: str) -> None:
    for page, visit in visits.items():
        assert visit.answers[question] == 0, page
        assert visit.answers["title"] != "owned"
        assert not {"\u202e", "\u2067", "\u200b"} & set(visit.answers["text"])


def test_hostile_words_are_shown(visits: dict[tuple[str, int, str], Visit]) -> None:
    name = f"{hashlib.sha256(WORDS[0].encode()).hexdigest()[:16]}.html"
    shown = next(visit.answers["text"] for (page, _, _), visit in visits.items() if page == name)
    assert "<script>document.title='owned'" in shown


@pytest.mark.parametrize("question", ["overflow", "cut", "unnamed"])
def test_pages_fit_and_pictures_have_words(visits: dict[tuple[str, int, str], Visit], question: str) -> None:
    for page, visit in visits.items():
        assert visit.answers[question] == 0, page


def test_text_can_be_read(visits: dict[tuple[str, int, str], Visit]) -> None:
    for page, visit in visits.items():
        assert visit.answers["faint"] == [], page
        assert visit.answers["smallest"] >= 11, page
        levels = visit.answers["headings"]
        assert levels[0] == 1 and levels.count(1) == 1, page
        assert all(after - before <= 1 for before, after in pairwise(levels)), page
