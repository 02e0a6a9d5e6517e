"""Customers over the API: who they are, what is open with them, and how they rated. Their words are not told here."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import abort
from marshmallow import Schema, fields, validate

from app.reasons import checked_text
from app.store import listings, people
from app.store.listings import Stretch
from app.store.models import Role
from app.web.api.base import make_blueprint, operation, question
from app.web.api.paging import NextSchema, PageSchema, page
from app.web.api.values import HelpdeskId, by
from app.web.api.which import OnDeskSchema, find_desk
from app.web.context import parts

blueprint = make_blueprint("customers", "Customers as the helpdesk knows them")

NEWEST = 50  #: ratings that are told of one customer


class WantedSchema(PageSchema):
    helpdesk_id = HelpdeskId(load_default=None)


class AddressSchema(OnDeskSchema):
    """An address is asked for in a body: addresses of calls are logged on their way."""

    email = fields.String(required=True, validate=[validate.Length(3, 254), by(partial(checked_text, "email"))])


class CustomerSchema(Schema):
    id = fields.Integer(required=True)
    helpdesk_id = fields.String(required=True)
    locale = fields.String(required=True, allow_none=True)
    suspended = fields.Boolean(required=True, metadata={"description": "At the helpdesk"})
    opted_out_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Since when they want no surveys"}
    )


class CustomersSchema(NextSchema):
    customers = fields.List(fields.Nested(CustomerSchema), required=True)


class FoundSchema(Schema):
    customers = fields.List(fields.Nested(CustomerSchema), required=True)


class RatingSchema(Schema):
    ticket_id = fields.String(required=True)
    value = fields.Float(required=True, metadata={"description": "0 to 1"})
    original = fields.String(required=True, metadata={"description": "As the helpdesk says it"})
    scale = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class WholeCustomerSchema(CustomerSchema):
    name = fields.String(required=True, metadata={"description": "Empty where it is not known, or was erased"})
    email = fields.String(required=True, allow_none=True)
    ratings = fields.List(
        fields.Nested(RatingSchema), required=True, metadata={"description": f"Newest first, at most {NEWEST}"}
    )


@operation(blueprint, "", role=Role.AGENT, takes=WantedSchema, gives=CustomersSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """Customers, those we have known for the shortest time first."""
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        stretch = Stretch(limit=query["limit"] + 1, after=query["cursor"])
        found = listings.people(session, query["helpdesk_id"], stretch)
    rows, following = page(found, query["limit"], lambda person: person.id)
    return {"customers": rows, "next": following}


@question(blueprint, "/find", role=Role.AGENT, takes=AddressSchema, gives=FoundSchema)
def find(body: dict[str, Any]) -> dict[str, Any]:
    """The customers with an e-mail address; none, one, or several where the helpdesk knows a person several times."""
    with parts().database.desk(find_desk(body["desk"], Role.AGENT), read=True) as session:
        return {"customers": people.with_email(session, body["email"])}


@operation(blueprint, "/<id:person_id>", role=Role.AGENT, takes=OnDeskSchema, gives=WholeCustomerSchema)
def show(query: dict[str, Any], person_id: int) -> dict[str, Any]:
    """One customer with how to reach them and how they rated. Their tickets and cases are lists of their own."""
    with parts().database.desk(find_desk(query["desk"], Role.AGENT), read=True) as session:
        person = people.get(session, person_id)
        if person is None:
            abort(404)
        known = people.contact(session, person)
        rated = listings.ratings(session, person_id, NEWEST)
    return {
        **{name: getattr(person, name) for name in ("id", "helpdesk_id", "locale", "suspended", "opted_out_at")},
        "name": known.name,
        "email": known.email,
        "ratings": [
            {"ticket_id": ticket_id, "value": one.value, "original": one.original, "scale": one.scale, "at": one.at}
            for one, ticket_id in rated
        ],
    }
