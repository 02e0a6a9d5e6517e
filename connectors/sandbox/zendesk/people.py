"""The user and group endpoints."""

from __future__ import annotations

from flask import Blueprint, Response, request

from connectors.sandbox import people
from connectors.sandbox.refusals import Malformed, Missing
from connectors.sandbox.store import Row
from connectors.sandbox.zendesk.answers import Listing, actor, answer, desk, ids_argument, number, paged, payload
from connectors.sandbox.zendesk.shapes import group_json, membership_json, user_json

api = Blueprint("zendesk_people", __name__)


def _show_user(row: Row) -> dict[str, object]:
    return user_json(people.person_of(row))


@api.get("/users/me")
def me() -> Response:
    return answer({"user": user_json(actor())})


@api.get("/users/<int:user_id>")
def show(user_id: int) -> Response:
    with desk().file.reading() as db:
        return answer({"user": user_json(people.get(db, user_id))})


@api.get("/users/show_many")
def show_many() -> Response:
    ids = ids_argument()
    with desk().file.reading() as db:
        found = [user_json(person) for person in people.many(db, ids)]
    return answer({"users": found, "next_page": None, "previous_page": None, "count": len(found)})


@api.get("/users")
def index() -> Response:
    roles = request.args.getlist("role[]") or request.args.getlist("role")
    where = f"role IN ({', '.join('?' * len(roles))})" if roles else "1"
    with desk().file.reading() as db:
        listing = Listing(name="users", table="person", show=_show_user, where=where, params=tuple(roles))
        return answer(paged(db, listing))


@api.get("/users/search")
def search() -> Response:
    """By `query`: an address, `email:ADDRESS`, or a part of the name."""
    query = request.args.get("query", "").strip().removeprefix("email:").strip('"')
    with desk().file.reading() as db:
        listing = Listing(
            name="users",
            table="person",
            show=_show_user,
            where="(email = ? OR name LIKE ?)",
            params=(query, f"%{query}%" if query else ""),
        )
        return answer(paged(db, listing))


@api.post("/users")
def create() -> Response:
    body = payload("user")
    name, email = body.get("name"), body.get("email")
    if not isinstance(name, str) or not name.strip() or not isinstance(email, str | None):
        raise Malformed("user needs a name, and an email that is text")
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        known = people.find_by_email(db, email) if email else None
        if known is not None:
            return answer(_duplicate(), 422)
        person = people.add(db, name=name, email=email, role="end-user", now=helpdesk.now())
    return answer({"user": user_json(person)}, 201)


def _duplicate() -> dict[str, object]:
    return {
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": {
            "email": [{"description": "Email: is already being used by another user", "error": "DuplicateValue"}]
        },
    }


@api.get("/groups")
def groups() -> Response:
    with desk().file.reading() as db:
        return answer(paged(db, Listing(name="groups", table="team", show=group_json)))


@api.get("/groups/<int:group_id>")
def group(group_id: int) -> Response:
    with desk().file.reading() as db:
        row = db.execute("SELECT * FROM team WHERE id = ?", (group_id,)).fetchone()
        if row is None:
            raise Missing(f"no group {group_id}")
        return answer({"group": group_json(row)})


@api.get("/groups/<int:group_id>/users")
def group_users(group_id: int) -> Response:
    inside = "id IN (SELECT user_id FROM membership WHERE group_id = ?)"
    with desk().file.reading() as db:
        _check_group(group_id)
        listing = Listing(name="users", table="person", show=_show_user, where=inside, params=(group_id,))
        return answer(paged(db, listing))


def _check_group(group_id: int) -> None:
    with desk().file.reading() as db:
        if people.find_group_name(db, group_id) is None:
            raise Missing(f"no group {group_id}")


@api.get("/groups/<int:group_id>/memberships")
def group_memberships(group_id: int) -> Response:
    _check_group(group_id)
    return _memberships("group_id = ?", group_id)


@api.get("/users/<int:user_id>/group_memberships")
def user_memberships(user_id: int) -> Response:
    return _memberships("user_id = ?", user_id)


@api.get("/group_memberships")
def memberships() -> Response:
    return _memberships("1")


def _memberships(where: str, *params: int) -> Response:
    with desk().file.reading() as db:
        listing = Listing(
            name="group_memberships", table="membership", show=membership_json, where=where, params=params
        )
        return answer(paged(db, listing))


@api.post("/group_memberships")
def create_membership() -> Response:
    body = payload("group_membership")
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        person = people.get(db, number(body.get("user_id"), "user_id"))
        group_id = number(body.get("group_id"), "group_id")
        _check_group(group_id)
        if not people.is_member(db, person.id, group_id):
            people.join(db, user_id=person.id, group_id=group_id, now=helpdesk.now())
        row = db.execute(
            "SELECT * FROM membership WHERE user_id = ? AND group_id = ?", (person.id, group_id)
        ).fetchone()
        return answer({"group_membership": membership_json(row)}, 201)
