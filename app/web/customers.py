"""Customers: found by e-mail address or the helpdesk's id, and one person's whole history on one timeline.

What was typed into the search never becomes part of an address, since addresses end up in logs and histories.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.store import customer_stories, customers, desks
from app.store.models import Role
from app.web.access import requires
from app.web.context import desk_id, parts

blueprint = Blueprint("customers", __name__, url_prefix="/customers")

UNKNOWN = "Nobody is known by that on this desk. A customer is known once a ticket of theirs was read."
LONGEST_ID = 18  #: digits of an id in a query


@blueprint.get("")
@requires(Role.AGENT)
def index() -> ResponseReturnValue:
    return _index()


@blueprint.post("")
@requires(Role.AGENT, reads=True)
def search() -> ResponseReturnValue:
    """To the page of the person; back with what was typed where nobody is known by it."""
    who = request.form.get("who", "")
    if not who.strip():
        return _index(who=who, trouble="Type an e-mail address, or the customer's id at the helpdesk."), 422
    with parts().database.desk(desk_id(), read=True) as session:
        found = customers.find(session, who)
    if found is None:
        return _index(who=who, trouble=UNKNOWN), 422
    return redirect(url_for("customers.show", person_id=found), 303)


@blueprint.get("/<id:person_id>")
@requires(Role.AGENT)
def show(person_id: int) -> ResponseReturnValue:
    before = request.args.get("before", "")
    with parts().database.desk(desk_id(), read=True) as session:
        try:
            customer = customers.get(session, person_id)
        except desks.NotFound:
            abort(404)
        cursor = int(before) if before.isdecimal() and len(before) <= LONGEST_ID else None
        story = customer_stories.of(session, customer, before=cursor)
    return render_template(
        "customers/show.html", customer=customer, story=story, first=cursor is None, now=parts().clock.now()
    )


def _index(*, who: str = "", trouble: str = "") -> str:
    with parts().database.desk(desk_id(), read=True) as session:
        found = customers.in_recovery(session)
    return render_template("customers/index.html", found=found, who=who, trouble=trouble, now=parts().clock.now())
