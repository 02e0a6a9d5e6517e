"""Deliveries of one desk that were given up: why, and looking at their tickets once more, one or many at once."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import audit, deliveries, desks
from app.store.accounts import reaches
from app.store.deliveries import Filter, Replayed
from app.store.models import DeliveryState, Role
from app.web.access import requires_on_named_desk
from app.web.context import parts, visitor

blueprint = Blueprint("dead_letters", __name__, url_prefix="/desks")

DEAD = Filter(state=DeliveryState.DEAD)
SHOWN = 200
EVERY = "every"  #: in place of ids: all that there are, as far as one click goes
MOST = 1_000


@blueprint.get("/<id:desk_id>/dead")
@requires_on_named_desk(Role.ADMIN)
def index(desk_id: int) -> ResponseReturnValue:
    return _page(desk_id)


@blueprint.post("/<id:desk_id>/dead")
@requires_on_named_desk(Role.ADMIN)
def replay(desk_id: int) -> ResponseReturnValue:
    """Have the tickets of the chosen ones read once more; what became of each is said."""
    with parts().database.desk(desk_id) as session:
        done = deliveries.replay(session, _wanted(session), real_now(), dry_run=False)
        if done:
            _record(session, desk_id, len(done))
    log.get("web").info("deliveries_replayed", desk_id=desk_id, number=len(done), account_id=visitor().account_id)
    return _page(desk_id, done, asked=True)


def _wanted(session: Session) -> list[int]:
    """Ids of the ticked ones, or of all."""
    if request.form.get("do") == EVERY:
        return [one.id for one in deliveries.recent(session, DEAD, limit=MOST).deliveries]
    ticked = request.form.getlist("delivery")[:MOST]
    return [int(one) for one in ticked if one.isascii() and one.isdecimal() and len(one) < 19]


def _record(session: Session, desk_id: int, number: int) -> None:
    by, detail = f"account:{visitor().account_id}", {"deliveries": number}
    audit.record(session, by=by, did="deliveries.replayed", what=f"desk:{desk_id}", detail=detail, at=real_now())


def _page(desk_id: int, done: Sequence[Replayed] = (), *, asked: bool = False) -> ResponseReturnValue:
    place = visitor().place_on(desk_id)
    with parts().database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
        page = deliveries.recent(session, DEAD, limit=SHOWN)
        number = deliveries.counts(session)[DeliveryState.DEAD]
    return render_template(
        "desks/dead.html",
        desk=desk,
        letters=page.deliveries,
        number=number,
        most=MOST,
        done=done,
        asked=asked,
        may=place is not None and reaches(place.role, Role.ADMIN, reads=False),
        now=real_now(),
    )
