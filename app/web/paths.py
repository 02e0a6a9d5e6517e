"""Addresses within the site: ids in paths, and where a form may lead afterwards."""

from __future__ import annotations

from urllib.parse import urlsplit

from werkzeug.routing import IntegerConverter, Map


class IdConverter(IntegerConverter):
    """A row's id in a path; a number that no column holds is simply not found."""

    def __init__(self, map: Map) -> None:  # the name is werkzeug's
        super().__init__(map, min=1, max=2**63 - 1)


def local(path: str | None) -> str:
    """The path if it stays on this site, else the first page."""
    if not path or not path.startswith("/") or path.startswith("//"):
        return "/"
    if "\\" in path or any(ord(letter) < 32 for letter in path):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path
