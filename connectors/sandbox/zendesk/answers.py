"""How the Zendesk API answers: absolute addresses and pages. No nouns; what every API has is in `calls`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request

from connectors.sandbox.calls import actor, answer, desk, number, payload
from connectors.sandbox.refusals import Forbidden, Malformed, TooMany
from connectors.sandbox.store import Db, Row

MAX_PAGE = 100


def require_admin() -> None:
    """Raises Forbidden."""
    if actor().role != "admin":
        raise Forbidden("this needs an admin")


def base() -> str:
    """Scheme and host as the caller named them: a vendor's own host is spoken to by https."""
    host = request.host
    return f"https://{host}" if host.split(":")[0].endswith(".zendesk.com") else f"http://{host}"


def api_url(path: str) -> str:
    return f"{base()}/api/v2/{path}"


def ids_argument(name: str = "ids", *, limit: int = MAX_PAGE) -> list[int]:
    """The comma-separated ids in the query. Raises Malformed."""
    found = [number(item, name) for item in request.args.get(name, "").split(",") if item]
    if len(found) > limit:
        raise TooMany(limit)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows of one table, in the order of their `key`, as a list in the API."""

    name: str  #: of the list in the answer
    table: str
    show: Callable[[Row], dict[str, Any]]
    where: str = "1"
    params: tuple[Any, ...] = ()
    key: str = "id"


def paged(db: Db, listing: Listing, *, cursor_always: bool = False) -> dict[str, Any]:
    """One page, by cursor where the caller asks for that, else by page number. Raises Malformed."""
    if cursor_always or any(name.startswith("page[") for name in request.args):
        return _by_cursor(db, listing)
    return _by_number(db, listing)


def _descending() -> bool:
    sort = request.args.get("sort", "")
    return sort.startswith("-") or request.args.get("sort_order") == "desc"


def _by_cursor(db: Db, listing: Listing) -> dict[str, Any]:
    size = min(MAX_PAGE, max(1, number(request.args.get("page[size]", MAX_PAGE), "page[size]")))
    after = _read_cursor(request.args.get("page[after]"))
    down = _descending()
    where, params = listing.where, list(listing.params)
    if after is not None:
        where += f" AND {listing.key} {'<' if down else '>'} ?"
        params.append(after)
    order = f"{listing.key} {'DESC' if down else 'ASC'}"
    query = f"SELECT * FROM {listing.table} WHERE {where} ORDER BY {order} LIMIT ?"
    rows = db.execute(query, (*params, size + 1)).fetchall()
    shown = rows[:size]
    cursor = make_cursor(shown[-1][listing.key]) if shown else None
    return {
        listing.name: [listing.show(row) for row in shown],
        "meta": {"has_more": len(rows) > size, "after_cursor": cursor, "before_cursor": None},
        # The vendor gives `next` on the last page too: only has_more says whether there is one.
        "links": {"prev": None, "next": _page_url({"page[after]": cursor, "page[size]": str(size)})},
    }


def _by_number(db: Db, listing: Listing) -> dict[str, Any]:
    size = min(MAX_PAGE, max(1, number(request.args.get("per_page", MAX_PAGE), "per_page")))
    page = max(1, number(request.args.get("page", 1), "page"))
    if page > MAX_PAGE:
        raise Malformed("page must be at most 100; use cursors beyond that")
    order = f"{listing.key} {'DESC' if _descending() else 'ASC'}"
    query = f"SELECT * FROM {listing.table} WHERE {listing.where} ORDER BY {order} LIMIT ? OFFSET ?"
    rows = db.execute(query, (*listing.params, size, (page - 1) * size)).fetchall()
    total = db.execute(f"SELECT count(*) FROM {listing.table} WHERE {listing.where}", listing.params).fetchone()[0]
    more = page * size < total
    return {
        listing.name: [listing.show(row) for row in rows],
        "next_page": _page_url({"page": str(page + 1)}) if more else None,
        "previous_page": _page_url({"page": str(page - 1)}) if page > 1 else None,
        "count": total,
    }


def _page_url(changed: Mapping[str, str | None]) -> str | None:
    if None in changed.values():
        return None
    return f"{base()}{request.environ['sandbox.path']}?{urlencode({**request.args, **changed})}"


def make_cursor(key: int) -> str:
    return base64.urlsafe_b64encode(str(key).encode()).decode()


def _read_cursor(text: str | None) -> int | None:
    return None if not text else read_cursor(text)


def read_cursor(text: str) -> int:
    """Raises Malformed."""
    try:
        return int(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error) as error:
        raise Malformed("the cursor is not one of ours") from error


__all__ = [
    "MAX_PAGE",
    "Listing",
    "actor",
    "answer",
    "api_url",
    "base",
    "desk",
    "ids_argument",
    "make_cursor",
    "number",
    "paged",
    "payload",
    "read_cursor",
    "require_admin",
]
