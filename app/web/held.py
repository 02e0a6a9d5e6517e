"""A form that came without a session, or with the token of one that has ended: shown back, so that nothing is lost.

Only what our own pages sent is shown back, and it is never carried out by itself: somebody presses a button again, with
the token of the session that is theirs by then. Secrets are not written into the page; their fields are there, empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Response, make_response, render_template, request

from app.web.context import find_visitor

_SECRET = re.compile("password|secret|token|webhook|key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as it was posted; a secret has no value."""

    name: str
    value: str
    secret: bool
    lines: bool = False  #: whether it was one of several lines


def page(code: int) -> Response | None:
    """The posted form with a button to send it again; None when there is none, or a script sent it."""
    fields = _fields()
    if not (fields or request.files) or not _by_hand():
        return None
    again = request.full_path if request.query_string else request.path
    rendered = render_template(
        "errors/held.html", fields=fields, files=list(request.files), again=again, visitor=find_visitor()
    )
    return make_response(rendered, code)


def _fields() -> list[Field]:
    posted = request.form.items(multi=True)
    return [_field(name, value) for name, value in posted if name != "csrf"]


def _field(name: str, value: str) -> Field:
    if not value or not _SECRET.search(name):
        return Field(name=name, value=value, secret=False)
    return Field(name=name, value="", secret=True, lines="\n" in value.strip())


def _by_hand() -> bool:
    """Whether a person sees the answer: a script goes by its code alone."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate" and "X-CSRF-Token" not in request.headers
