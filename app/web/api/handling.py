"""What people and their programs do with cases over the API: take one, let it go, give it to somebody, put it off."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import g
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from app.reasons import checked_reason
from app.store.accounts import reaches
from app.store.handling import CannotSnooze, Snooze
from app.store.models import Role
from app.web.api.base import abort, operation
from app.web.api.cases import RecoveryCaseSchema, blueprint, find
from app.web.api.values import WholeNumber, by, in_our_time
from app.web.api.which import OnDeskSchema, caller, caller_name, find_desk
from app.web.context import find_visitor, parts
from tasks import handling
from tasks.handling import Actor, Fate, Result


class SeenSchema(OnDeskSchema):
    handling = WholeNumber(
        least=0, required=True, metadata={"description": "As read with the case; 409 when it was changed since"}
    )


class HandOverSchema(SeenSchema):
    to = fields.String(
        required=True,
        validate=validate.Regexp(r"(account|agent):[0-9A-Za-z_-]{1,64}\Z"),
        metadata={"description": "account:7, or agent:900 by the helpdesk's id"},
    )


class SnoozeSchema(SeenSchema):
    until = fields.AwareDateTime(required=True, validate=in_our_time)
    reason = fields.String(required=True, validate=by(checked_reason), metadata={"description": "1 to 500 characters"})


class HandledSchema(Schema):
    case = fields.Nested(RecoveryCaseSchema, required=True)


@operation(blueprint, "/<id:case_id>/claim", method="POST", role=Role.AGENT, takes=OnDeskSchema, gives=HandledSchema)
def claim(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Take a case that nobody has, for the person whose token or session this is; who has it already keeps it."""
    if find_visitor() is None:
        abort(422, errors=[{"path": "", "message": "the operator is nobody who recovers; hand it over", "value": None}])
    with parts().database.desk(find_desk(body["desk"], Role.AGENT)) as session:
        return _told(session, handling.claim(session, case_id, _actor(), parts().clock.now()))


@operation(blueprint, "/<id:case_id>/release", method="POST", role=Role.AGENT, takes=SeenSchema, gives=HandledSchema)
def release(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Let a case go, so that nobody has it; for who has it, and for leads."""
    with parts().database.desk(find_desk(body["desk"], Role.AGENT)) as session:
        return _told(session, handling.release(session, case_id, _actor(), body["handling"]))


@operation(
    blueprint, "/<id:case_id>/hand-over", method="POST", role=Role.AGENT, takes=HandOverSchema, gives=HandledSchema
)
def hand_over(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Give a case to a colleague, at the helpdesk too where they are known there; for who has it, and for leads."""
    with parts().database.desk(find_desk(body["desk"], Role.AGENT)) as session:
        now = parts().clock.now()
        done = handling.hand_over(session, case_id, body["to"], _actor(), body["handling"], now)
        return _told(session, done, to=body["to"])


@operation(blueprint, "/<id:case_id>/snooze", method="POST", role=Role.AGENT, takes=SnoozeSchema, gives=HandledSchema)
def snooze(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """Put a case out of sight until then; it comes back by itself, earlier where its ticket gets worse."""
    with parts().database.desk(find_desk(body["desk"], Role.AGENT)) as session:
        actor = _actor()
        wanted = Snooze(until=body["until"], reason=body["reason"], by=actor.key)
        try:
            done = handling.snooze(session, case_id, wanted, actor, body["handling"], parts().clock.now())
        except CannotSnooze as error:
            abort(422, errors=[{"path": error.field, "message": str(error), "value": None}])
        return _told(session, done)


@operation(blueprint, "/<id:case_id>/wake", method="POST", role=Role.AGENT, takes=SeenSchema, gives=HandledSchema)
def wake(body: dict[str, Any], case_id: int) -> dict[str, Any]:
    """See a case again at once."""
    with parts().database.desk(find_desk(body["desk"], Role.AGENT)) as session:
        return _told(session, handling.unsnooze(session, case_id, _actor(), body["handling"]))


def _actor() -> Actor:
    """Who acts, with the role they have on the desk that the call is about."""
    visitor = find_visitor()
    if visitor is None:
        return Actor(key=caller_name(), name=caller(), leads=True)
    key = f"account:{visitor.account_id}"
    by = caller_name()
    place = visitor.place_on(g.called_desk)
    leads = place is not None and reaches(place.role, Role.LEAD, reads=False)
    return Actor(key=key, name=visitor.email, leads=leads, by=None if by == key else by)


#: What is said where nothing was changed, and at which field.
_LATE = {
    Fate.TAKEN: ("", "somebody else has it"),
    Fate.STALE: ("handling", "was changed since; read the case again"),
    Fate.CLOSED: ("", "the case is closed"),
}


def _told(session: Session, done: Result, to: str | None = None) -> dict[str, Any]:
    if done.fate is not Fate.DONE:
        _refuse(done, to)
    session.flush()
    return {"case": find(session, done.case_id)}


def _refuse(done: Result, to: str | None) -> NoReturn:
    if done.fate in _LATE:
        path, message = _LATE[done.fate]
        now = done.holding.version if done.holding else None
        abort(409, errors=[{"path": path, "message": message, "value": None if now is None else str(now)}])
    if done.fate is Fate.NO_SUCH_PERSON:
        abort(422, errors=[{"path": "to", "message": "works on this desk no more, or never did", "value": to}])
    abort(403 if done.fate is Fate.NOT_YOURS else 404)
