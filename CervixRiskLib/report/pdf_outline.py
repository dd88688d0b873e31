"""The list of sections that a PDF viewer shows beside the pages.

matplotlib writes none. It is added as the PDF standard foresees for changes (ISO 32000-1, 7.5.6 "Incremental updates"):
the new objects, a new catalog and a second cross-reference table follow the file as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TRAILER = re.compile(rb"trailer\s*(<<.*?>>)\s*startxref\s*(\d+)\s*%%EOF\s*\Z", re.DOTALL)
_REFERENCE = rb"/%s\s+(\d+)\s+0\s+R"


@dataclass(frozen=True)
class OutlineEntry:
    """A section: its title, its page counted from 0, and whether it stands below the entry of level 1 before it."""

    title: str
    page: int
    level: int = 1


def with_outline(content: bytes, title: str, entries: Sequence[OutlineEntry], language: str = "en") -> bytes:
    """A PDF of matplotlib's with an outline, its title and language; viewers open it with the outline shown.

    Raises
    ------
    ValueError
        The file is not built as matplotlib builds it, or an entry lies beyond its pages.
    """
    found = _TRAILER.search(content)
    if found is None:
        raise ValueError("This PDF has no trailer that could be continued.")
    trailer, start = found[1], int(found[2])
    root, size = _number(b"Root", trailer), int(_match(rb"/Size\s+(\d+)", trailer)[1])
    catalog = _object(content, root)
    pages = _pages(_object(content, _number(b"Pages", catalog)))
    if any(not 0 <= entry.page < len(pages) for entry in entries):
        raise ValueError("A section lies on a page that is not there.")
    added = _outline_objects(entries, pages, size)
    root_words = catalog[: catalog.rindex(b">>")]
    if entries:
        root_words += b" /Outlines %d 0 R /PageMode /UseOutlines" % size
    root_words += b" /Lang %s /ViewerPreferences << /DisplayDocTitle true >> >>" % _text(language)
    objects = {**added, root: root_words}
    info = re.search(_REFERENCE % b"Info", trailer)
    if info is not None:
        about = _object(content, int(info[1]))
        objects[int(info[1])] = about[: about.rindex(b">>")] + b" /Title %s >>" % _text(title)
    return content + _update(objects, trailer, start, len(content), size + len(added))


def _outline_objects(entries: Sequence[OutlineEntry], pages: Sequence[int], first: int) -> dict[int, bytes]:
    """The outline and its entries, numbered from ``first`` on."""
    if not entries:
        return {}
    numbers = {index: first + 1 + index for index in range(len(entries))}
    above: dict[int, int] = {}
    top = -1
    for index, entry in enumerate(entries):
        if entry.level == 1 or top < 0:
            top = index
            above[index] = -1
        else:
            above[index] = top
    below = {parent: [index for index in above if above[index] == parent] for parent in (-1, *numbers)}
    objects = {first: _family(below[-1], numbers, b"/Type /Outlines", len(below[-1]))}
    for index, entry in enumerate(entries):
        words = b"/Title %s /Parent %d 0 R /Dest [%d 0 R /Fit]" % (
            _text(entry.title),
            first if above[index] < 0 else numbers[above[index]],
            pages[entry.page],
        )
        siblings = below[above[index]]
        place = siblings.index(index)
        if place:
            words += b" /Prev %d 0 R" % numbers[siblings[place - 1]]
        if place + 1 < len(siblings):
            words += b" /Next %d 0 R" % numbers[siblings[place + 1]]
        # A negative number of entries below: closed until the reader opens it.
        objects[numbers[index]] = _family(below[index], numbers, words, -len(below[index]))
    return objects


def _family(children: Sequence[int], numbers: dict[int, int], words: bytes, count: int) -> bytes:
    if children:
        words += b" /First %d 0 R /Last %d 0 R /Count %d" % (numbers[children[0]], numbers[children[-1]], count)
    return b"<< " + words + b" >>"


def _update(objects: dict[int, bytes], trailer: bytes, start: int, offset: int, size: int) -> bytes:
    body, table = b"", b""
    for number in sorted(objects):
        place = offset + len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
        # Every entry has exactly twenty bytes.
        table += b"%d 1\n%010d 00000 n \n" % (number, place)
    kept = re.sub(rb"/Size\s+\d+", b"/Size %d /Prev %d" % (size, start), trailer)
    return body + b"xref\n" + table + b"trailer\n" + kept + b"\nstartxref\n%d\n%%%%EOF\n" % (offset + len(body))


def _object(content: bytes, number: int) -> bytes:
    return _match(rb"\n%d 0 obj\n(.*?)\nendobj" % number, content)[1]


def _pages(words: bytes) -> list[int]:
    kids = _match(rb"/Kids\s*\[(.*?)\]", words)[1]
    return [int(number) for number in re.findall(rb"(\d+)\s+0\s+R", kids)]


def _number(key: bytes, words: bytes) -> int:
    return int(_match(_REFERENCE % key, words)[1])


def _match(pattern: bytes, words: bytes) -> re.Match[bytes]:
    found = re.search(pattern, words, re.DOTALL)
    if found is None:
        raise ValueError("This PDF is not built as it was expected.")
    return found


def _text(words: str) -> bytes:
    """A PDF text string: UTF-16 with its mark, in hexadecimal."""
    return b"<FEFF" + words.encode("utf-16-be").hex().upper().encode("ascii") + b">"
