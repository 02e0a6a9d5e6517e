"""The endpoints of agents, contacts, companies and groups."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import organizations, people, profiles
from connectors.sandbox.freshdesk.answers import Listing, actor, answer, body, desk, only, paged
from connectors.sandbox.freshdesk.errors import Fault, Wrong
from connectors.sandbox.freshdesk.shapes import agent_json, company_json, contact_json, group_json
from connectors.sandbox.freshdesk.wanted import Reading
from connectors.sandbox.organizations import organization_of
from connectors.sandbox.people import Person, person_of
from connectors.sandbox.refusals import Missing
from connectors.sandbox.store import Db, Row

api = Blueprint("freshdesk_people", __name__)

_PAGE = frozenset({"page", "per_page"})
_TAKEN = Fault(field="email", message="It should be a unique value", code="duplicate_value")


def _show_agent(db: Db, row: Row) -> dict[str, Any]:
    return agent_json(db, person_of(row))


def _show_contact(_: Db, row: Row) -> dict[str, Any]:
    return contact_json(person_of(row))


def _show_company(_: Db, row: Row) -> dict[str, Any]:
    return company_json(organization_of(row))


@api.get("/agents/me")
def me() -> Response:
    with desk().file.reading() as db:
        return answer(agent_json(db, actor()))


@api.get("/agents")
def agents() -> Response:
    only(_PAGE | {"email", "state"})
    email = request.args.get("email")
    narrowed, params = (" AND email = ?", (email,)) if email is not None else ("", ())
    where = f"role != 'end-user'{narrowed}"
    with desk().file.reading() as db:
        return paged(db, Listing(table="person", show=_show_agent, where=where, params=params))


@api.get("/agents/<int:agent_id>")
def agent(agent_id: int) -> Response:
    with desk().file.reading() as db:
        return answer(agent_json(db, _person(db, agent_id, staff=True)))


def _person(db: Db, person_id: int, *, staff: bool) -> Person:
    """Agents are no contacts, and the other way round. Raises Missing."""
    person = people.get(db, person_id)
    if person.is_staff is not staff:
        raise Missing(f"no such person {person_id}")
    return person


@api.get("/contacts")
def contacts() -> Response:
    only(_PAGE | {"email", "company_id", "updated_since", "state"})
    where, params = ["role = 'end-user'"], []
    for name, test in (
        ("email", "email = ?"),
        ("company_id", "organization_id = ?"),
        ("updated_since", "updated_at >= ?"),
    ):
        if request.args.get(name):
            where.append(test)
            params.append(request.args[name])
    with desk().file.reading() as db:
        listing = Listing(table="person", show=_show_contact, where=" AND ".join(where), params=tuple(params))
        return paged(db, listing)


@api.get("/contacts/<int:contact_id>")
def contact(contact_id: int) -> Response:
    with desk().file.reading() as db:
        shown = contact_json(_person(db, contact_id, staff=False))
        return answer(shown | {"custom_fields": profiles.of(db, contact_id)})


@api.post("/contacts")
def create_contact() -> Response:
    given, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        reading = Reading(db, given, {"name", "email", "company_id", "language", "custom_fields", "tags"})
        name, email = reading.required("name"), reading.required("email")
        reading.stop_if_wrong()
        if people.find_by_email(db, email):
            raise Wrong([_TAKEN], status=409)
        made = people.add(db, name=name, email=email, role="end-user", now=helpdesk.now())
        return answer(contact_json(made), 201)


@api.get("/companies")
def companies() -> Response:
    only(_PAGE | {"updated_since"})
    with desk().file.reading() as db:
        return paged(db, Listing(table="organization", show=_show_company))


@api.get("/companies/<int:company_id>")
def company(company_id: int) -> Response:
    with desk().file.reading() as db:
        shown, fields = company_json(organizations.get(db, company_id)), profiles.of(db, company_id)
        own = {name: value for name, value in fields.items() if name in shown}
        custom = {name: value for name, value in fields.items() if name not in own}
        return answer(shown | own | {"custom_fields": custom})


@api.post("/companies")
def create_company() -> Response:
    given, helpdesk = body(), desk()
    with helpdesk.file.writing() as db:
        reading = Reading(db, given, {"name", "domains", "description", "note", "custom_fields"})
        name, domains = reading.required("name"), given.get("domains") or []
        reading.typed("domains", domains, list)
        reading.stop_if_wrong()
        return answer(company_json(organizations.add(db, name=name, domains=domains, now=helpdesk.now())), 201)


@api.get("/groups")
def groups() -> Response:
    only(_PAGE)
    with desk().file.reading() as db:
        return paged(db, Listing(table="team", show=group_json))


@api.get("/groups/<int:group_id>")
def group(group_id: int) -> Response:
    with desk().file.reading() as db:
        row = db.execute("SELECT * FROM team WHERE id = ?", (group_id,)).fetchone()
        if row is None:
            raise Missing(f"no group {group_id}")
        return answer(group_json(db, row))
