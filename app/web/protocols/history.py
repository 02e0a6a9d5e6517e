"""A protocol's history: its versions beside each other, who put which in force and why, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log, rolling_back
from app.protocols.difference import compare
from app.store import protocol_events, protocols, rollbacks
from app.store.desks import NotFound
from app.store.models import ProtocolVersion, Role, VersionState
from app.store.protocol_events import Kind
from app.web.access import requires
from app.web.context import desk_id, parts, visitor
from app.web.protocols.base import blueprint, row_or_404, version_or_404

#: What happened to what is in force, as people say it.
EVENTS: Mapping[str, str] = {
    Kind.PUBLISHED: "Put in force",
    Kind.CANARY: "Put in force on a share of tickets",
    Kind.SHADOW: "Set to watch only",
    Kind.WITHDRAWN: "Taken out of force",
    Kind.ROLLED_BACK: "Rolled back",
}
LIVE = (VersionState.PUBLISHED, VersionState.CANARY)


@blueprint.get("/<id:protocol_id>/history")
@requires(Role.AGENT)
def history(protocol_id: int) -> ResponseReturnValue:
    """What was in force when, and two versions beside each other: those asked for, else the newest two."""
    with parts().database.desk(desk_id(), read=True) as session:
        row = row_or_404(session, protocol_id)
        versions = protocols.versions_of(session, protocol_id)
        new = version_or_404(session, protocol_id, request.args.get("to"))
        old = _before(session, protocol_id, new, request.args.get("from"))
        events = protocol_events.of_protocol(session, protocol_id)
        taken_back = rollbacks.of_desk(session, protocol_id)
    return render_template(
        "protocols/history.html",
        row=row,
        versions=versions,
        events=events,
        rollbacks=taken_back,
        said=EVENTS,
        old=old,
        new=new,
        lines=compare(old.document if old else None, new.document),
    )


@blueprint.get("/<id:protocol_id>/rollback")
@requires(Role.ADMIN)
def choose_rollback(protocol_id: int) -> ResponseReturnValue:
    return _rollback_form(protocol_id)


@blueprint.post("/<id:protocol_id>/rollback")
@requires(Role.ADMIN)
def roll_back(protocol_id: int) -> ResponseReturnValue:
    """Take it back, and show how far that is."""
    with parts().database.desk(desk_id(), read=True) as session:
        name = row_or_404(session, protocol_id).name
    to = request.form.get("to", "")
    if to and (not to.isdecimal() or len(to) > 9):
        abort(400)
    try:
        begun = rolling_back.start(
            parts(),
            desk_id(),
            name,
            to=int(to) if to else None,
            undo=request.form.get("undo") == "yes",
            by=visitor().email,
            who=f"account:{visitor().account_id}",
            reason=request.form.get("reason", "").strip(),
        )
    except ValueError as error:
        return _rollback_form(protocol_id, str(error)), 422
    log.get("web").info("rollback_begun", desk_id=desk_id(), rollback_id=begun.id, account_id=visitor().account_id)
    return redirect(url_for("protocols.rollback", rollback_id=begun.id), 303)


@blueprint.get("/rollbacks/<id:rollback_id>")
@requires(Role.LEAD)
def rollback(rollback_id: int) -> ResponseReturnValue:
    """How far a rollback is: what was set back, and what was left because somebody changed it since."""
    with parts().database.desk(desk_id(), read=True) as session:
        try:
            report = rolling_back.report(session, rollback_id)
            protocol_id = rollbacks.get(session, rollback_id).protocol_id
        except NotFound:
            abort(404)
    return render_template("protocols/rollback.html", report=report, protocol_id=protocol_id)


def _rollback_form(protocol_id: int, problem: str = "") -> str:
    with parts().database.desk(desk_id(), read=True) as session:
        row = row_or_404(session, protocol_id)
        versions = protocols.versions_of(session, protocol_id)
        once = protocol_events.once_in_force(session, protocol_id)
    live = [one for one in versions if one.state in LIVE]
    return render_template(
        "protocols/roll_back.html",
        row=row,
        live=live,
        ways=[one for one in versions if one.id in once and one not in live],
        problem=problem,
        given=request.form,
    )


def _before(session: Session, protocol_id: int, new: ProtocolVersion, wanted: str | None) -> ProtocolVersion | None:
    if wanted:
        return version_or_404(session, protocol_id, wanted)
    return next((one for one in protocols.versions_of(session, protocol_id) if one.number < new.number), None)
