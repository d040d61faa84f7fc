"""A model card (Markdown with HTML in it) -> headings, sentences and tables in reading order.

markdown-it renders the Markdown, selectolax (lexbor) parses the result, so Markdown and HTML tables are one thing.
Tags carry the line they came from in `data-line`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evaluators.records import UserError
from warehouse.claims.lines.cell_lines import with_cell_lines
from warehouse.claims.lines.line_blocks import with_lines_apart
from warehouse.claims.lines.plain_tables import with_plain_tables
from warehouse.claims.tables.grid import Grid, read_grid

MOST_CHARACTERS = 4_000_000
"""Longest card that is read; real ones stay under 200,000."""
MOST_TAGS = 400_000
"""Most HTML tags in a card."""
DEEPEST = 400
"""Deepest nesting of HTML elements."""

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "p div li ul ol blockquote section article header footer main figure figcaption br hr center details summary "
        "dl dt dd pre tr td th table aside",
    )
)
_SKIPPED = frozenset({"script", "style", "pre", "svg", "template", "noscript", "iframe", "textarea", "head", "title"})
_TAG = re.compile(r"<(table|thead|tbody|tr|td|th|p|li|h[1-6]|div|sup)(?=[\s>/])", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A heading."""

    level: int
    """1 to 6."""
    text: str
    """Its words."""
    line: int
    """Line, from 1."""


@dataclass(frozen=True)
class Words:
    """A paragraph, list item or note outside tables."""

    text: str
    """Its words, spaces tidied."""
    line: int
    """Line, from 1."""
    item: bool = False
    """Whether it is an item of a list."""


@dataclass(frozen=True)
class Page:
    """A card in reading order."""

    front_matter: str | None
    """YAML between the first two `---` lines, None without."""
    blocks: tuple[Heading | Words | Grid, ...]
    """Headings, sentences and tables."""
    links: tuple[str, ...]
    """Addresses linked to anywhere."""
    link_texts: tuple[tuple[str, str], ...] = ()
    """The words printed on each link, with its address."""
    pictures: tuple[tuple[str, int], ...] = ()
    """Name (its text, else its file's name) and line of each picture: what it shows is not read."""

    @property
    def headings(self) -> tuple[Heading, ...]:
        """All headings."""
        return tuple(block for block in self.blocks if isinstance(block, Heading))

    @property
    def title(self) -> str | None:
        """The first heading of the highest level."""
        return next((heading.text for heading in self.headings if heading.level == 1), None)


def split_front_matter(text: str) -> tuple[str | None, str, int]:
    """The front matter, the rest, and how many lines the front matter takes with its fences."""
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[0].strip() != "---":
        return None, text, 0
    for index, line in enumerate(lines[1:], 1):
        if line.strip() == "---":
            return "\n".join(lines[1:index]), "\n".join(lines[index + 1 :]), index + 1
    return None, text, 0


def read_page(text: str) -> Page:
    """Take a card apart. Raises UserError for one that is too large or too deeply nested to be a card."""
    from selectolax.lexbor import LexborHTMLParser

    if len(text) > MOST_CHARACTERS:
        raise UserError(
            f"the card has {len(text):,} characters, more than {MOST_CHARACTERS:,}; import the part with the tables"
        )
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", " ")
    front, body, skipped = split_front_matter(plain)
    html = _with_all_lines(body) if _is_html(body) else _render(body, skipped)
    if html.count("<") > MOST_TAGS:
        raise UserError(f"the card has more than {MOST_TAGS:,} HTML tags; import the part with the tables")
    _refuse_deep(html)
    tree = LexborHTMLParser(html)
    if tree.body is None:
        return Page(front, (), ())
    anchors = [(" ".join(node.text().split()), node.attributes.get("href") or "") for node in tree.css("a")]
    links = tuple(dict.fromkeys(address for _, address in anchors))
    return Page(front, tuple(_walk(tree.body)), links, tuple(anchors), tuple(_pictures(tree.body)))


def _pictures(body: Any) -> list[tuple[str, int]]:
    """Name and line of each picture but small ones: badges, icons and logos."""
    pictures = []
    for node in body.css("img"):
        address, name = node.attributes.get("src") or "", (node.attributes.get("alt") or "").strip()
        file = re.sub(r"[?#].*$", "", address).rsplit("/", 1)[-1]
        if re.search(r"(?i)badge|shields\.io|logo|icon|avatar|\bwechat\b|discord|qr[-_ ]?code", f"{address} {name}"):
            continue
        holder: Any = node
        while holder is not None and not (holder.attributes or {}).get("data-line"):
            holder = holder.parent
        line = (holder.attributes.get("data-line") if holder is not None else None) or "1"
        pictures.append((name if len(name) > 3 and name.casefold() != "image" else file or name, int(line)))
    return pictures


def _is_html(text: str) -> bool:
    """Whether the page is a whole HTML document, no Markdown."""
    return text.lstrip()[:15].casefold().startswith(("<!doctype html", "<html"))


def _with_all_lines(text: str) -> str:
    return "\n".join(_with_lines(line, number) for number, line in enumerate(text.split("\n"), 1))


def _render(body: str, skipped: int) -> str:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    numbers = list(range(1, body.count("\n") + 2))
    for prepare in (with_cell_lines, with_lines_apart, with_plain_tables, set_tables_apart):
        body, kept = prepare(body)
        numbers = [numbers[number - 1] for number in kept]
    tokens = parser.parse(body)
    _mark_long_rows(tokens, body)
    for token in tokens:
        if token.map is None:
            continue
        if token.type == "html_block":
            lines = token.content.split("\n")
            first = token.map[0]
            token.content = "\n".join(
                _with_lines(line, numbers[min(first + n, len(numbers) - 1)] + skipped) for n, line in enumerate(lines)
            )
        elif token.nesting == 1:
            token.attrSet("data-line", str(numbers[min(token.map[0], len(numbers) - 1)] + skipped))
    return str(parser.renderer.render(tokens, parser.options, {}))


_RULE = re.compile(r"^\s*>?\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")


def set_tables_apart(text: str) -> tuple[str, list[int]]:
    """The text with a blank line before and after every Markdown table, and the number (from 1) that each of its lines
    had: articles often leave the blank lines out, and a table would take in the words or the table that follow."""
    lines, kept, numbers = text.split("\n"), list[str](), list[int]()
    fenced, inside = False, False
    for index, line in enumerate(lines):
        if re.match(r"^\s*(?:```|~~~)", line):
            fenced = not fenced
        ahead = lines[index + 1] if index + 1 < len(lines) else ""
        starts = not fenced and "|" in line and "|" in ahead and _RULE.match(ahead) and not _RULE.match(line)
        below = lines[index + 2] if index + 2 < len(lines) else ""
        if starts and inside and ("|" not in below or _is_row_of_numbers(line)):
            starts = False  # a rule below the last row, or one between rows
        if inside and not starts and _RULE.match(line) and "|" in line and "|" in lines[index - 2]:
            continue
        if starts or (inside and "|" not in line):
            if kept and kept[-1].strip():
                kept.append("")
                numbers.append(index + 1)
            inside = bool(starts)
        kept.append(line)
        numbers.append(index + 1)
    return "\n".join(kept), numbers


def _is_row_of_numbers(line: str) -> bool:
    """Whether at least half of a row's filled cells are numbers, so that it is no heading."""
    cells = [cell.strip(" *_`") for cell in line.strip().strip("|").split("|")]
    filled = [cell for cell in cells if cell]
    numbers = [cell for cell in filled if re.fullmatch(r"[<>~≈]?-?\d[\d.,]*\s?(?:%|[BMKT])?|[-–—]", cell)]
    return len(filled) > 1 and len(numbers) * 2 >= len(filled)


def _mark_long_rows(tokens: list[Any], body: str) -> None:
    """Mark the rows of Markdown tables that have more cells than their heading: the parser drops the cells too many."""
    from markdown_it.rules_block.table import escapedSplit

    lines = body.split("\n") if any(token.type == "tr_open" for token in tokens) else []
    wide = 0
    for token in tokens:
        if token.type == "table_open":
            wide = 0
        elif token.type == "tr_open" and token.map:
            cells = escapedSplit(lines[token.map[0]].strip().removeprefix(">").strip())
            count = len(cells[1 if cells and not cells[0] else 0 : -1 if cells and not cells[-1] else None])
            if not wide:
                wide = count
            elif count > wide:
                token.attrSet("data-long", "yes")


def _with_lines(text: str, line: int) -> str:
    return _TAG.sub(rf'<\1 data-line="{line}"', text) if "<" in text else text


def _refuse_deep(html: str) -> None:
    """Refuse pages whose open tags nest deeper than any real card (parsing those takes time squared)."""
    depth = 0
    tags = r"<(/?)(?:div|span|table|ul|ol|li|blockquote|b|i|em|strong|sup|sub|font|center|section)\b"
    for tag in re.finditer(tags, html):
        depth = max(0, depth + (-1 if tag[1] else 1))
        if depth > DEEPEST * 5:
            raise UserError("the card's HTML nests too deeply; import the part with the tables")


def _walk(body: Any) -> list[Heading | Words | Grid]:
    """Headings, words and tables in document order, without recursion."""
    blocks: list[Heading | Words | Grid] = []
    words: list[str] = []
    line, words_line = 1, 1

    item = False

    def flush() -> None:
        nonlocal item
        text = " ".join("".join(words).split())
        words.clear()
        if text:
            blocks.append(Words(text, words_line, item))
        item = False

    node, entering, depth = body.child, True, 0
    while node is not None and depth >= 0:
        tag = node.tag
        if entering:
            if tag not in ("-text", "-comment") and (at := node.attributes.get("data-line")) and at.isdigit():
                line = int(at)
            if tag == "-text":
                if not words:
                    words_line = line
                words.append(node.text_content or "")
            elif tag in _SKIPPED or tag == "-comment":
                pass
            elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
                flush()
                blocks.append(Heading(int(tag[1]), " ".join(node.text().split()), line))
            elif tag == "table" and len(node.css("table")) == 1 and node.css_first("tr") is not None:
                flush()
                blocks.append(read_grid(node, line))
            else:
                if tag in _BLOCKS:
                    flush() if tag != "p" or words else None
                    item = item or tag == "li"
                if node.child is not None:
                    node, depth = node.child, depth + 1
                    continue
        elif tag in _BLOCKS:
            flush()
        if node.next is not None:
            node, entering = node.next, True
        else:
            node, entering, depth = node.parent, False, depth - 1
    flush()
    return blocks
