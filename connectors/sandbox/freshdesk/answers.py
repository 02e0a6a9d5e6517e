"""How the Freshdesk API answers: bare lists, pages with a Link header, and the checks of what was asked. No nouns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from connectors.sandbox.calls import actor, answer, desk
from connectors.sandbox.freshdesk.errors import BrokenJson, Fault, Wrong
from connectors.sandbox.refusals import Forbidden
from connectors.sandbox.store import Db, Row

MAX_PAGE = 100
#: Lists of tickets and their conversations end here.
MOST_PAGES = 300
_USUAL_PAGE = 30


def base() -> str:
    """Scheme and host as the caller named them: a vendor's own host is spoken to by https."""
    host = request.host
    return f"https://{host}" if host.split(":")[0].endswith(".freshdesk.com") else f"http://{host}"


def require_admin() -> None:
    """Raises Forbidden."""
    if actor().role != "admin":
        raise Forbidden("this needs an administrator")


def body() -> dict[str, Any]:
    """The JSON object in the request. Raises BrokenJson."""
    found = request.get_json(silent=True, force=True)
    if not isinstance(found, dict):
        raise BrokenJson("the body is not a JSON object")
    return found


def only(known: Collection[str], *, given: Mapping[str, Any] | None = None) -> None:
    """Raises Wrong for every name that is not known, in the query unless `given` is something else."""
    names = request.args if given is None else given
    text = "Unexpected/invalid field in request"
    faults = [Fault(field=name, message=text, code="invalid_field") for name in names if name not in known]
    if faults:
        raise Wrong(faults)


def chosen(name: str, values: Collection[str], usual: str) -> str:
    """The query's word for `name`. Raises Wrong unless it is one of the values."""
    found = request.args.get(name, usual)
    if found not in values:
        raise Wrong([Fault(field=name, message=f"It should be one of these values: '{','.join(values)}'")])
    return found


def included(values: Collection[str]) -> set[str]:
    """What the query wants embedded. Raises Wrong."""
    names = {name for name in request.args.get("include", "").split(",") if name}
    if not names <= set(values):
        raise Wrong([Fault(field="include", message=f"It should be one of these values: '{','.join(values)}'")])
    return names


def number(name: str, usual: int, most: int) -> int:
    """A whole number of the query from 1 to `most`. Raises Wrong."""
    text = request.args.get(name, str(usual))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Wrong([Fault(field=name, message=f"It should be a Positive Integer less than or equal to {most}")])
    return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows of one table as a bare list in the API."""

    table: str
    show: Callable[[Db, Row], dict[str, Any]]
    where: str = "1"
    params: tuple[Any, ...] = ()
    order: str = "id"
    most_pages: int = MOST_PAGES


def paged(db: Db, listing: Listing) -> Response:
    """One page; the Link header leads to the next where there is one. Raises Wrong."""
    size = number("per_page", _USUAL_PAGE, MAX_PAGE)
    page = number("page", 1, listing.most_pages)
    query = f"SELECT * FROM {listing.table} WHERE {listing.where} ORDER BY {listing.order} LIMIT ? OFFSET ?"
    rows = db.execute(query, (*listing.params, size + 1, (page - 1) * size)).fetchall()
    response = answer([listing.show(db, row) for row in rows[:size]])
    if len(rows) > size:
        query = urlencode({**request.args, "page": str(page + 1)})
        response.headers["Link"] = f'<{base()}{request.path}?{query}>; rel="next"'
    return response


__all__ = [
    "Listing",
    "actor",
    "answer",
    "base",
    "body",
    "chosen",
    "desk",
    "included",
    "number",
    "only",
    "paged",
    "require_admin",
]
