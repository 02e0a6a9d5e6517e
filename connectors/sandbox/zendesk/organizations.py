"""The organization endpoints."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from connectors.sandbox import organizations
from connectors.sandbox.acts import words
from connectors.sandbox.organizations import organization_of
from connectors.sandbox.refusals import Malformed
from connectors.sandbox.store import Row
from connectors.sandbox.zendesk.answers import Listing, answer, desk, ids_argument, paged, payload
from connectors.sandbox.zendesk.shapes import organization_json

api = Blueprint("zendesk_organizations", __name__)


def _show(row: Row) -> dict[str, Any]:
    return organization_json(organization_of(row))


@api.get("/organizations")
def index() -> Response:
    with desk().file.reading() as db:
        return answer(paged(db, Listing(name="organizations", table="organization", show=_show)))


@api.get("/organizations/<int:organization_id>")
def show(organization_id: int) -> Response:
    with desk().file.reading() as db:
        return answer({"organization": organization_json(organizations.get(db, organization_id))})


@api.get("/organizations/show_many")
def show_many() -> Response:
    ids = ids_argument()
    with desk().file.reading() as db:
        found = [organization_json(one) for one in organizations.many(db, ids)]
    return answer({"organizations": found, "next_page": None, "previous_page": None, "count": len(found)})


@api.post("/organizations")
def create() -> Response:
    body, helpdesk = payload("organization"), desk()
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Malformed("an organization needs a name")
    domains = words(body.get("domain_names"), "domain_names")
    with helpdesk.file.writing() as db:
        made = organizations.add(db, name=name, domains=domains, now=helpdesk.now())
    return answer({"organization": organization_json(made)}, 201)
