"""Endpoints over many tickets: update_many and its jobs, search and its count, the incremental export."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import tickets
from connectors.sandbox.limits import Limits
from connectors.sandbox.refusals import Malformed, Missing, Refusal, TooMany
from connectors.sandbox.stamps import iso, make_ulid
from connectors.sandbox.store import Db, Row, insert, to_json
from connectors.sandbox.zendesk.answers import (
    MAX_PAGE,
    Listing,
    actor,
    answer,
    api_url,
    desk,
    ids_argument,
    make_cursor,
    number,
    paged,
    payload,
    read_cursor,
    require_admin,
)
from connectors.sandbox.zendesk.errors import error_body
from connectors.sandbox.zendesk.shapes import show_ticket
from connectors.sandbox.zendesk.wanted import change

api = Blueprint("zendesk_bulk", __name__)

_TERM = re.compile(r'(?P<name>[a-z_]+)(?P<sign>[:<>]=?)(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))|(?P<word>\S+)')
_STATUS_RANK = {name: rank for rank, name in enumerate(tickets.STATUSES)}
_COLUMNS = {"assignee": "assignee_id", "assignee_id": "assignee_id", "group": "group_id", "requester": "requester_id"}


@api.put("/tickets/update_many")
def update_many() -> Response:
    """Every item is a change of its own: one that fails does not stop the others. Deltas of tags always count here."""
    items = _items()
    if len(items) > MAX_PAGE:
        raise TooMany(MAX_PAGE)
    job_id = f"V3-{make_ulid().lower()}"
    helpdesk = desk()
    if not _limits().begin_job(job_id):
        return answer({"error": "TooManyJobs", "description": "Too many jobs are queued or running. Try later."}, 429)
    with helpdesk.file.writing() as db:
        results = [_update(db, place, ticket_id, wanted) for place, (ticket_id, wanted) in enumerate(items)]
        insert(db, "job", id=job_id, total=len(items), results=to_json(results), created_at=helpdesk.now())
    # The vendor works on it later, and says no more than this.
    return answer({"job_status": _job(job_id, len(items), "queued", None)})


def _items() -> list[tuple[int, dict[str, Any]]]:
    body = payload()
    if isinstance(body.get("tickets"), list):
        if not all(isinstance(item, dict) for item in body["tickets"]):
            raise Malformed("tickets must be objects")
        return [(number(item.get("id"), "ticket id"), item) for item in body["tickets"]]
    wanted = payload("ticket")
    return [(ticket_id, wanted) for ticket_id in ids_argument()]


def _update(db: Db, place: int, ticket_id: int, wanted: dict[str, Any]) -> dict[str, Any]:
    db.execute("SAVEPOINT item")
    try:
        asked = change(wanted, actor(), client=request.user_agent.string, deltas=True)
        desk().update(db, ticket_id, asked)
    except Refusal as refusal:
        db.execute("ROLLBACK TO item")
        _, body = error_body(refusal)
        return {"id": ticket_id, "index": place, "error": body["error"], "details": str(refusal)}
    finally:
        db.execute("RELEASE item")
    return {"id": ticket_id, "index": place, "action": "update", "status": "Updated", "success": True}


def _limits() -> Limits:
    limits = desk().limits
    assert isinstance(limits, Limits)  # this API is one vendor's
    return limits


def _shown(row: Row) -> dict[str, Any]:
    """A job as it stands."""
    if _limits().runs(row["id"]):
        return _job(row["id"], row["total"], "working", None)
    return _job(row["id"], row["total"], "completed", json.loads(row["results"]))


def _job(job_id: str, total: int, status: str, results: list[Any] | None) -> dict[str, Any]:
    return {
        "id": job_id,
        "url": api_url(f"job_statuses/{job_id}.json"),
        "total": total,
        "progress": total if results is not None else None,
        "status": status,
        "message": None,
        "results": results,
    }


@api.get("/job_statuses/<job_id>")
def job_status(job_id: str) -> Response:
    with desk().file.reading() as db:
        row = db.execute("SELECT * FROM job WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise Missing(f"no job {job_id}")
    return answer({"job_status": _shown(row)})


@api.get("/job_statuses/show_many")
def job_statuses() -> Response:
    wanted = [one for one in request.args.get("ids", "").split(",") if one]
    if len(wanted) > MAX_PAGE:
        raise TooMany(MAX_PAGE)
    with desk().file.reading() as db:
        marks = ", ".join("?" * len(wanted))
        rows = db.execute(f"SELECT * FROM job WHERE id IN ({marks}) ORDER BY id", wanted).fetchall()
    return answer({"job_statuses": [_shown(row) for row in rows]})


@api.get("/search")
def search() -> Response:
    where, params = _condition(request.args.get("query", ""))
    with desk().file.reading() as db:
        listing = Listing(name="results", table="ticket", show=_result, where=where, params=params)
        return answer({**paged(db, listing), "facets": None})


@api.get("/search/count")
def search_count() -> Response:
    where, params = _condition(request.args.get("query", ""))
    with desk().file.reading() as db:
        total = db.execute(f"SELECT count(*) FROM ticket WHERE {where}", params).fetchone()[0]
    return answer({"count": total})


def _result(row: Row) -> dict[str, Any]:
    return {**show_ticket(row), "result_type": "ticket"}


def _condition(query: str) -> tuple[str, tuple[Any, ...]]:
    """The sql condition of a search. Raises Malformed for a term that is not spoken here."""
    parts, params = ["status != 'deleted'"], []
    for match in _TERM.finditer(query):
        condition, values = _term(match)
        parts.append(condition)
        params += values
    return " AND ".join(parts), tuple(params)


def _term(match: re.Match[str]) -> tuple[str, list[Any]]:
    name, value = match["name"], match["quoted"] if match["quoted"] is not None else match["plain"]
    if match["word"]:
        return "(subject LIKE ? OR description LIKE ?)", [f"%{match['word']}%"] * 2
    if name == "type":
        return ("1" if value == "ticket" else "0"), []
    if name == "status":
        return _status_term(match["sign"], value)
    if name in _COLUMNS:
        return (
            (f"{_COLUMNS[name]} IS NULL", []) if value == "none" else (f"{_COLUMNS[name]} = ?", [number(value, name)])
        )
    if name == "tags":
        return "EXISTS (SELECT 1 FROM json_each(ticket.tags) WHERE value = ?)", [value]
    if name == "external_id":
        return "external_id = ?", [value]
    raise Malformed(f"the sandbox cannot search by {name}")


def _reference_term(column: str, value: str) -> tuple[str, list[Any]]:
    return (f"{column} IS NULL", []) if value == "none" else (f"{column} = ?", [number(value, column)])


def _status_term(sign: str, value: str) -> tuple[str, list[Any]]:
    if value not in _STATUS_RANK:
        raise Malformed(f"{value} is no status")
    rank = _STATUS_RANK[value]
    test = {":": rank.__eq__, "<": rank.__gt__, ">": rank.__lt__, "<=": rank.__ge__, ">=": rank.__le__}[sign]
    fitting = [name for name, other in _STATUS_RANK.items() if test(other)]
    return f"status IN ({', '.join('?' * len(fitting))})", list(fitting)


@api.get("/incremental/tickets/cursor")
def incremental() -> Response:
    """Tickets in the order they last changed, deleted ones included. A cursor is good for ever."""
    require_admin()
    size = min(1000, max(1, number(request.args.get("per_page", 1000), "per_page")))
    where, params = _since()
    with desk().file.reading() as db:
        query = f"SELECT * FROM ticket WHERE {where} ORDER BY generated LIMIT ?"
        rows = db.execute(query, (*params, size + 1)).fetchall()
    shown = rows[:size]
    after = shown[-1]["generated"] if shown else _standing_still()
    cursor = make_cursor(after)
    return answer(
        {
            "tickets": [show_ticket(row) for row in shown],
            "after_url": api_url(f"incremental/tickets/cursor.json?cursor={cursor}"),
            "after_cursor": cursor,
            "before_url": None,
            "before_cursor": None,
            "end_of_stream": len(rows) <= size,
        }
    )


def _since() -> tuple[str, tuple[Any, ...]]:
    if request.args.get("cursor"):
        return "generated > ?", (read_cursor(request.args["cursor"]),)
    start = number(request.args.get("start_time"), "start_time")
    moment = desk().clock()
    if start > moment.timestamp() - 60:
        raise Malformed("Too recent start_time. Use a start_time older than 60 seconds")
    return "updated_at >= ?", (iso(moment.fromtimestamp(max(0, start), moment.tzinfo)),)


def _standing_still() -> int:
    if request.args.get("cursor"):
        return read_cursor(request.args["cursor"])
    with desk().file.reading() as db:
        return int(db.execute("SELECT coalesce(max(generated), 0) FROM ticket").fetchone()[0])
