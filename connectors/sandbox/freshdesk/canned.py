"""Canned responses and their folders: the texts that agents keep ready."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from connectors.sandbox.freshdesk import markup
from connectors.sandbox.freshdesk.answers import Listing, answer, body, desk, only, paged
from connectors.sandbox.freshdesk.wanted import Reading
from connectors.sandbox.refusals import Missing
from connectors.sandbox.store import Db, Row, insert, next_id

api = Blueprint("freshdesk_canned", __name__)

_MEMBERS = frozenset({"title", "content", "content_html", "folder_id", "visibility", "group_ids"})


def add_folder(db: Db, name: str, now: str) -> int:
    folder_id = next_id(db)
    insert(db, "canned_folder", id=folder_id, name=name, created_at=now, updated_at=now)
    return folder_id


def add(db: Db, *, response_id: int, folder_id: int, title: str, content: str, now: str) -> None:
    """`content` is HTML."""
    columns = {"id": response_id, "folder_id": folder_id, "title": title, "content": content}
    insert(db, "canned_response", **columns, created_at=now, updated_at=now)


def _folder(db: Db, row: Row) -> dict[str, Any]:
    count = db.execute("SELECT count(*) FROM canned_response WHERE folder_id = ?", (row["id"],)).fetchone()[0]
    names = ("id", "name", "created_at", "updated_at")
    return {**{name: row[name] for name in names}, "personal": False, "responses_count": count}


def _response(_: Db, row: Row) -> dict[str, Any]:
    names = ("id", "title", "folder_id", "created_at", "updated_at")
    words = {"content": markup.as_text(row["content"]), "content_html": row["content"]}
    return {**{name: row[name] for name in names}, **words, "attachments": [], "visibility": 0}


def _find(db: Db, table: str, row_id: int) -> Row:
    row: Row | None = db.execute(f"SELECT * FROM {table} WHERE id = ?", (row_id,)).fetchone()
    if row is None:
        raise Missing(f"no {table} {row_id}")
    return row


@api.get("/canned_response_folders")
def folders() -> Response:
    only({"page", "per_page"})
    with desk().file.reading() as db:
        return paged(db, Listing(table="canned_folder", show=_folder))


@api.post("/canned_response_folders")
def create_folder() -> Response:
    given, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        reading = Reading(db, given, {"name"})
        name = reading.required("name")
        reading.stop_if_wrong()
        folder_id = add_folder(db, name, helpdesk.now())
        return answer(_folder(db, _find(db, "canned_folder", folder_id)), 201)


@api.get("/canned_response_folders/<int:folder_id>")
def folder(folder_id: int) -> Response:
    with desk().file.reading() as db:
        row = _find(db, "canned_folder", folder_id)
        rows = db.execute("SELECT id, title FROM canned_response WHERE folder_id = ? ORDER BY id", (folder_id,))
        return answer({**_folder(db, row), "canned_responses": [dict(found) for found in rows]})


@api.get("/canned_response_folders/<int:folder_id>/responses")
def responses(folder_id: int) -> Response:
    only({"page", "per_page"})
    with desk().file.reading() as db:
        _find(db, "canned_folder", folder_id)
        return paged(db, Listing(table="canned_response", show=_response, where="folder_id = ?", params=(folder_id,)))


@api.get("/canned_responses/<int:response_id>")
def show(response_id: int) -> Response:
    with desk().file.reading() as db:
        return answer(_response(db, _find(db, "canned_response", response_id)))


@api.post("/canned_responses")
def create() -> Response:
    given, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        reading = Reading(db, given, _MEMBERS)
        title, content = reading.required("title"), reading.required("content_html")
        reading.typed("folder_id", given.get("folder_id"), int)
        reading.stop_if_wrong()
        _find(db, "canned_folder", given["folder_id"])
        made, kept = next_id(db), markup.filtered(content)
        add(db, response_id=made, folder_id=given["folder_id"], title=title, content=kept, now=helpdesk.now())
        return answer(_response(db, _find(db, "canned_response", made)), 201)


@api.put("/canned_responses/<int:response_id>")
def update(response_id: int) -> Response:
    given, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        row = _find(db, "canned_response", response_id)
        Reading(db, given, _MEMBERS).stop_if_wrong()
        values = (given.get("title", row["title"]), given.get("content_html", row["content"]), helpdesk.now())
        query = "UPDATE canned_response SET title = ?, content = ?, updated_at = ? WHERE id = ?"
        db.execute(query, (*values, response_id))
        return answer(_response(db, _find(db, "canned_response", response_id)))


@api.delete("/canned_responses/<int:response_id>")
def delete(response_id: int) -> Response:
    with desk().file.writing() as db:
        _find(db, "canned_response", response_id)
        db.execute("DELETE FROM canned_response WHERE id = ?", (response_id,))
    return Response(status=204)
