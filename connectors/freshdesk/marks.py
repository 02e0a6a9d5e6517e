"""How our own words are known again at Freshdesk, which stores nothing of ours with a change.

The mark stands where no person reads it and no filter of HTML takes it away: in the list of fonts of the outermost
element, as a font that nobody has, and once more in an attribute of its own. Recorded bodies show that such lists of
fonts are kept; what becomes of other attributes is not documented. See docs/decisions/0020.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence

from connectors.errors import Refused

#: What Freshdesk's own editor writes around a text.
_FONTS = "-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif"
_NOBODY = "0" * 20
_MARK = re.compile(r"kintsugi-([0-9a-f]{20})")
_LEADING_TAGS = re.compile(r"(?:\s|<[^>]*>)*")
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


def mark(marker: str) -> str:
    """A marker's digest: of one length, and safe in any attribute."""
    return hashlib.sha256(marker.encode()).hexdigest()[:20]


def dressed(text: str, markers: Sequence[str]) -> str:
    """Plain text as the HTML body of a reply or a note, with its marks. Raises Refused for a marker that is none."""
    if any(one.split() != [one] for one in markers):
        raise Refused("markers: must not be empty or hold white space")
    names = [f"kintsugi-{one}" for one in ([mark(marker) for marker in markers] or [_NOBODY])]
    # Last, so that no program takes the font that nobody has for the one to write in.
    style = f"font-family:{_FONTS},{','.join(names)};font-size:14px"
    return f'<div data-kintsugi="{" ".join(names)}" style="{style}"><div dir="ltr">{plain_html(text)}</div></div>'


def is_ours(body: str) -> bool:
    """Whether we wrote this HTML body: it begins with our mark. A quote of our words does not count."""
    found = _LEADING_TAGS.match(body)
    return bool(found and _MARK.search(found[0]) and "<blockquote" not in found[0].lower())


def markers_in(body: str, markers: Sequence[str]) -> frozenset[str]:
    """Which of the markers this HTML body carries, quoted or not: a quote of our words proves that they were said."""
    marks = set(_MARK.findall(body))
    return frozenset(marker for marker in markers if mark(marker) in marks)


def plain_html(text: str) -> str:
    """Plain text as HTML, escaped, with breaks for line ends and links that can be clicked."""
    parts, end = [], 0
    for link in _LINK.finditer(text):
        address = html.escape(link[0])
        parts += [html.escape(text[end : link.start()]), f'<a href="{address}">{address}</a>']
        end = link.end()
    return "".join([*parts, html.escape(text[end:])]).replace("\r\n", "\n").replace("\n", "<br>")
