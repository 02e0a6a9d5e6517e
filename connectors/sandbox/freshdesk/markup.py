"""HTML bodies: plain text into them and out of them, and what Freshdesk's filter leaves of those that callers send."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

#: Attributes that the filter leaves. The vendor documents none of this; a caller who lives with less is safe.
_KEPT = frozenset({"style", "class", "dir", "href", "src", "alt", "title", "target"})
_DROPPED = frozenset({"script", "style", "iframe", "object"})
_BREAKING = frozenset({"p", "div", "li", "tr", "blockquote", "h1", "h2", "h3"})
_EMPTY = frozenset({"br", "img", "hr"})
_SPACES = re.compile(r"\n{3,}")


def as_html(text: str) -> str:
    """Plain text as the vendor wraps it."""
    broken = html.escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")
    return f'<div dir="ltr">{broken}</div>'


def as_text(markup: str) -> str:
    """The words of an HTML body."""
    reader = _Words()
    reader.feed(markup)
    reader.close()
    return _SPACES.sub("\n\n", "".join(reader.parts)).strip("\n")


def filtered(markup: str) -> str:
    """The body without scripts, comments and attributes that the filter does not know."""
    reader = _Filter()
    reader.feed(markup)
    reader.close()
    return "".join(reader.parts)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._deaf = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._deaf += tag in _DROPPED
        if tag == "br" or (tag in _BREAKING and self.parts and not self.parts[-1].endswith("\n")):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._deaf -= tag in _DROPPED and self._deaf > 0
        if tag == "p":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._deaf:
            self.parts.append(data)


class _Filter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._deaf = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._deaf += tag in _DROPPED
        if not self._deaf:
            kept = "".join(f' {name}="{html.escape(value or "")}"' for name, value in attrs if name in _KEPT)
            self.parts.append(f"<{tag}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        if not self._deaf and tag not in _EMPTY:
            self.parts.append(f"</{tag}>")
        self._deaf -= tag in _DROPPED and self._deaf > 0

    def handle_data(self, data: str) -> None:
        if not self._deaf:
            self.parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")
