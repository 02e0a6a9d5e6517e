"""Endpoints over many tickets: the bulk update with its job, and the search."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import statuses
from connectors.sandbox.changes import Change
from connectors.sandbox.freshdesk import wanted
from connectors.sandbox.freshdesk.answers import actor, answer, base, body, desk, number, only
from connectors.sandbox.freshdesk.codes import PRIORITIES
from connectors.sandbox.freshdesk.errors import Fault, Wrong
from connectors.sandbox.freshdesk.shapes import ticket_json
from connectors.sandbox.freshdesk.wanted import Reading
from connectors.sandbox.refusals import Missing, Refusal
from connectors.sandbox.stamps import make_ulid
from connectors.sandbox.store import Db, insert, to_json
from connectors.sandbox.tickets import ticket_of

api = Blueprint("freshdesk_bulk", __name__)

_FOUND = 30  #: to a page of a search
_LAST_PAGE = 10
_LONGEST = 512
_MOST = 100

_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()])|(?P<word>AND|OR)\b"
    r"|(?P<name>\w+):(?P<sign>[<>]?)(?:'(?P<quoted>[^']*)'|(?P<plain>[^\s()]+)))"
)
#: Name in a search -> column.
_COLUMNS = {
    "agent_id": "assignee_id",
    "group_id": "group_id",
    "priority": "priority",
    "status": "status",
    "type": "type",
    "created_at": "substr(created_at, 1, 10)",
    "updated_at": "substr(updated_at, 1, 10)",
}


@api.post("/tickets/bulk_update")
def bulk_update() -> Response:
    """Every ticket by itself: one that fails stops no other. The vendor works on it later and tells no more here."""
    given, helpdesk = body(), desk()
    action = given.get("bulk_action")
    if not isinstance(action, dict):
        raise Wrong([Fault(field="bulk_action", message="It should be a/an key/value pair", code="missing_field")])
    job_id = make_ulid().lower()
    with helpdesk.file.writing() as db:
        ids = _ids(db, action)
        # What is wrong for all of them is refused at once.
        Reading(db, action.get("properties") or {}, wanted.UPDATABLE).ticket()
        results = [_update(db, ticket_id, action) for ticket_id in ids]
        insert(db, "job", id=job_id, total=len(ids), results=to_json(results), created_at=helpdesk.now())
    return answer({"job_id": job_id, "href": f"{base()}/api/v2/jobs/{job_id}"}, 202)


def _ids(db: Db, action: dict[str, Any]) -> list[int]:
    reading = Reading(db, action, {"ids", "properties", "reply"})
    ids = action.get("ids")
    good = isinstance(ids, list) and 0 < len(ids) <= _MOST and all(isinstance(one, int) for one in ids)
    if reading.typed("ids", ids, list) and not good:
        reading.fault("ids", f"It should have 1 to {_MOST} elements of type Positive Integer")
    reading.stop_if_wrong()
    return list(ids or [])


def _update(db: Db, ticket_id: int, action: dict[str, Any]) -> dict[str, Any]:
    db.execute("SAVEPOINT item")
    try:
        _perform(db, ticket_id, action)
    except Refusal as refusal:
        db.execute("ROLLBACK TO item")
        return {"id": ticket_id, "success": False, "errors": str(refusal)}
    finally:
        db.execute("RELEASE item")
    return {"id": ticket_id, "success": True}


def _perform(db: Db, ticket_id: int, action: dict[str, Any]) -> None:
    helpdesk, client = desk(), request.user_agent.string
    if action.get("properties"):
        helpdesk.update(db, ticket_id, wanted.change(db, action["properties"], actor(), client))
    reply = action.get("reply")
    if isinstance(reply, dict) and reply.get("body"):
        comment, custom = wanted.words(str(reply["body"]), public=True, author_id=actor().id, note=False)
        helpdesk.update(db, ticket_id, Change(actor_id=actor().id, client=client, comment=comment, custom=custom))


@api.get("/jobs/<job_id>")
def job(job_id: str) -> Response:
    with desk().file.reading() as db:
        row = db.execute("SELECT * FROM job WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise Missing(f"no job {job_id}")
    found = {"id": job_id, "status": "COMPLETED", "progress": 100, "data": json.loads(row["results"])}
    return answer({**found, "created_at": row["created_at"], "updated_at": row["created_at"]})


@api.get("/search/tickets")
def search() -> Response:
    """A query stands in double quotes: `"status:2 AND (agent_id:null OR tag:'late')"`."""
    only({"query", "page"})
    page = number("page", 1, _LAST_PAGE)
    with desk().file.reading() as db:
        where, params = _Query(db, request.args.get("query", "")).condition()
        where = f"status != 'deleted' AND ({where})"
        total = db.execute(f"SELECT count(*) FROM ticket WHERE {where}", params).fetchone()[0]
        rows = db.execute(
            f"SELECT * FROM ticket WHERE {where} ORDER BY created_at, id LIMIT ? OFFSET ?",
            (*params, _FOUND, (page - 1) * _FOUND),
        )
        found = [ticket_json(db, ticket_of(row)) for row in rows]
    return answer({"total": total, "results": found})


class _Query:
    """A search read term by term into sql."""

    def __init__(self, db: Db, text: str) -> None:
        if len(text) > _LONGEST or len(text) < 3 or text[0] != '"' or text[-1] != '"':
            raise _unreadable()
        self._db, self._text, self._place = db, text[1:-1].strip(), 0
        self._params: list[Any] = []

    def condition(self) -> tuple[str, tuple[Any, ...]]:
        """Raises Wrong."""
        found = self._either()
        if self._text[self._place :].strip():
            raise _unreadable()
        return found, tuple(self._params)

    def _either(self) -> str:
        found = [self._both()]
        while self._take(r"\s*OR\b"):
            found.append(self._both())
        return f"({' OR '.join(found)})"

    def _both(self) -> str:
        found = [self._one()]
        while self._take(r"\s*AND\b"):
            found.append(self._one())
        return f"({' AND '.join(found)})"

    def _one(self) -> str:
        if self._take(r"\s*\("):
            found = self._either()
            if not self._take(r"\s*\)"):
                raise _unreadable()
            return found
        match = _TOKEN.match(self._text, self._place)
        if match is None or not match["name"]:
            raise _unreadable()
        self._place = match.end()
        return self._term(match)

    def _take(self, pattern: str) -> bool:
        match = re.compile(pattern).match(self._text, self._place)
        if match is None:
            return False
        self._place = match.end()
        return True

    def _term(self, match: re.Match[str]) -> str:
        name, value = match["name"], match["quoted"] if match["quoted"] is not None else match["plain"]
        if name == "tag":
            self._params.append(value)
            return "EXISTS (SELECT 1 FROM json_each(ticket.tags) WHERE value = ?)"
        if name not in _COLUMNS:
            message = "Unexpected/invalid field in request"
            raise Wrong([Fault(field=name, message=message, code="invalid_field")])
        if value == "null":
            return f"{_COLUMNS[name]} IS NULL"
        self._params.append(self._value(name, value))
        return f"{_COLUMNS[name]} {match['sign']}= ?"

    def _value(self, name: str, value: str) -> Any:
        if name in ("type", "created_at", "updated_at"):
            return value.lower()
        if not value.lstrip("-").isdecimal():
            raise _unreadable()
        if name == "status":
            found = statuses.find_by_code(self._db, int(value))
            return "" if found is None else found.word
        return PRIORITIES.get(int(value), "") if name == "priority" else int(value)


def _unreadable() -> Wrong:
    return Wrong([Fault(field="query", message="Given query is invalid", code="invalid_value")])
