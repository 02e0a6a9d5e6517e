"""What every kind's readers share: ids, moments and text as vendors send them, and the words of an HTML body.

No vendor's field names live here. Readers raise marshmallow's ValidationError, whose messages never quote a customer.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)")
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "blockquote"})
_UNSEEN = frozenset({"style", "script", "head", "title"})


def parse_instant(text: str) -> datetime:
    """RFC 3339 with 0 to 9 fraction digits, or without seconds, in UTC. Raises ValueError, also for a naive time."""
    if not _INSTANT.fullmatch(text):
        raise ValueError("not an RFC 3339 time with a zone")
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def clean(text: str) -> str:
    """Text that every store takes: no NUL (PostgreSQL refuses it) and no half of a surrogate pair (UTF-8 does)."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class IdField(fields.Field[str | None]):
    """An id as decimal text. Ids are numbers in answers and often strings in events, where a missing one can be "0"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValidationError("not an id")
        text = str(value).strip() if isinstance(value, str) or abs(value) < 10**19 else "x"
        if not re.fullmatch(r"(-?[0-9]{1,19})?", text):
            raise ValidationError("not an id")
        return None if text.lstrip("-").lstrip("0") == "" else text


class InstantField(fields.Field[datetime]):
    """A moment, as `parse_instant` reads it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        if not isinstance(value, str):
            raise ValidationError("not an RFC 3339 time with a zone")
        try:
            return parse_instant(value.strip())
        except (ValueError, OverflowError) as error:
            raise ValidationError("not an RFC 3339 time with a zone") from error


class TextField(fields.Field[str]):
    """Text that every store takes; a missing one is empty."""

    def __init__(self) -> None:
        super().__init__(load_default="", allow_none=True)

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super().deserialize(value, *args, **kwargs) or ""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("not a string")
        return clean(value)


def optional_id() -> IdField:
    """An id that may be missing, null, "" or "0", all of which read as None."""
    return IdField(load_default=None, allow_none=True)


class VendorSchema(Schema):
    """A body that the vendor may extend at any time."""

    class Meta:
        unknown = EXCLUDE


class _Words(HTMLParser):
    """The text of an HTML body, with a line break where a block begins."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS and self.parts:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))


def plain_text(html: str) -> str:
    """The words of an HTML body; no more than one empty line in a row."""
    words = _Words()
    words.feed(html)
    words.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(words.parts)).replace("\xa0", " ").strip()
