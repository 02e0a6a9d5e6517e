"""The audit log over the API: who changed what on a desk, and when."""

from __future__ import annotations

from functools import partial
from typing import Any

from marshmallow import Schema, fields, validate

from app.reasons import checked_text
from app.store import audit
from app.store.models import Role
from app.web.api.base import make_blueprint, operation
from app.web.api.paging import NextSchema, PageSchema, next_after
from app.web.api.values import by, in_our_time
from app.web.api.which import find_desk
from app.web.context import parts

blueprint = make_blueprint("audit", "What people and programs changed")


def _name(longest: int, example: str) -> fields.String:
    return fields.String(
        load_default=None,
        validate=[validate.Length(1, longest), by(partial(checked_text, "name"))],
        metadata={"description": f"Such as {example}"},
    )


class WantedSchema(PageSchema):
    by = _name(64, "account:7, agent:123, token:5 or operator")
    did = _name(64, "case.claimed, or case for all about cases")
    what = _name(100, "case:12")
    since = fields.AwareDateTime(load_default=None, validate=in_our_time)
    until = fields.AwareDateTime(load_default=None, validate=in_our_time, metadata={"description": "Exclusive"})


class EntrySchema(Schema):
    id = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    did = fields.String(required=True)
    what = fields.String(required=True)
    detail = fields.Dict(required=True, allow_none=True)


class EntriesSchema(NextSchema):
    entries = fields.List(fields.Nested(EntrySchema), required=True, metadata={"description": "Newest first"})


@operation(blueprint, "", role=Role.ADMIN, takes=WantedSchema, gives=EntriesSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """What was changed, newest first."""
    wanted = audit.Wanted(**{name: query[name] for name in ("by", "did", "what", "since", "until")})
    with parts().database.desk(find_desk(query["desk"], Role.ADMIN), read=True) as session:
        found = audit.page(session, wanted, older_than=query["cursor"], limit=query["limit"])
    return {"entries": found.entries, "next": next_after(found.older_than)}
