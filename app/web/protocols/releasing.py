"""Putting a version in force: whole, on a share of tickets, or to watch only; with a reason, and never unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log, protocol_setup
from app.protocol_setup import NotSound, Overtaken, Publication
from app.protocols.difference import compare
from app.protocols.rollout import LEAST_SHARE
from app.reasons import checked_reason
from app.store import protocol_events, protocols
from app.store.models import ProtocolVersion, Role, VersionState
from app.store.protocols import Reach
from app.web.access import requires
from app.web.context import desk_id, parts, visitor
from app.web.protocols.base import blueprint, row_or_404, version_or_404
from app.web.protocols.drafting import choices, judge, of_document


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What keeps a version from being put in force."""

    field: str  #: "share", "reason", or empty where it is the version itself
    message: str


@blueprint.get("/<id:protocol_id>/versions/<id:number>/publish")
@requires(Role.ADMIN)
def choose_release(protocol_id: int, number: int) -> ResponseReturnValue:
    """What publishing it would change, what is questionable, and how far it should reach."""
    return _form(protocol_id, number, ())


@blueprint.post("/<id:protocol_id>/versions/<id:number>/publish")
@requires(Role.ADMIN)
def release(protocol_id: int, number: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id(), read=True) as session:
        name = row_or_404(session, protocol_id).name
        version_or_404(session, protocol_id, number)
    try:
        by, who = visitor().email, f"account:{visitor().account_id}"
        publication = replace(read_publication(request.form, by), who=who)
        done = protocol_setup.publish(parts(), desk_id(), name, publication, number=number, names=choices().names)
    except NotSound as error:
        lines = [line for verdict in error.verdicts for line in verdict.errors]
        return _form(protocol_id, number, [Problem(field="", message=line) for line in lines]), 422
    except Overtaken as error:
        return _form(protocol_id, number, [Problem(field="", message=str(error))]), 409
    except ValueError as error:
        return _form(protocol_id, number, [_problem(str(error))]), 422
    log.get("web").info("protocol_published", desk_id=desk_id(), protocol_id=protocol_id, number=number,
                        state=done.state, account_id=visitor().account_id)  # fmt: skip
    return redirect(url_for("protocols.show", protocol_id=protocol_id, version=number, said=done.state), 303)


def read_publication(given: dict[str, str], by: str) -> Publication:
    """What the form says about publishing. Raises ValueError whose message begins with the field: "share: ...";
    Overtaken."""
    return Publication(
        by=by,
        reason=checked_reason(given.get("reason", "")),
        reach=_reach(given.get("how", ""), given.get("share", "")),
        seen=_seen(given.get("seen", "")),
    )


def _seen(text: str) -> int:
    """The newest event that the page showed. Raises Overtaken: without it nobody knows whose work is published over."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Overtaken("the form does not say what was in force when it was opened; look at it, then publish again")
    return int(text)


def _reach(how: str, share: str) -> Reach:
    if how == "shadow":
        return Reach(shadow=True)
    if how == "whole":
        return protocols.WHOLE
    if how != "canary":
        raise ValueError("how: must be whole, canary or shadow")
    try:
        percent = float(share)
    except ValueError as error:
        raise ValueError(f'share: must be a number of percent (got "{share[:20]}")') from error
    if not 100 * LEAST_SHARE <= percent < 100:
        raise ValueError(f"share: must be at least {100 * LEAST_SHARE:g} and below 100 percent (got {percent:g})")
    return Reach(share=percent / 100)


def _problem(message: str) -> Problem:
    field, colon, rest = message.partition(": ")
    return (
        Problem(field=field, message=rest)
        if colon and field in ("share", "reason", "how")
        else Problem(field="", message=message)
    )


def _form(protocol_id: int, number: int, problems: Sequence[Problem]) -> str:
    with parts().database.desk(desk_id(), read=True) as session:
        row = row_or_404(session, protocol_id)
        version = version_or_404(session, protocol_id, number)
        standing = _standing(session, protocol_id)
        seen = protocol_events.newest_id(session, protocol_id)
    verdict = judge(of_document(version.document, number), choices())
    return render_template(
        "protocols/release.html",
        row=row,
        version=version,
        standing=standing,
        seen=seen,
        lines=compare(standing.document if standing else None, version.document),
        verdict=verdict,
        desk=choices(),
        problems=problems,
        at={one.field: one.message for one in problems},
        given=request.form,
    )


def _standing(session: Session, protocol_id: int) -> ProtocolVersion | None:
    """The version that is in force on all tickets."""
    versions = protocols.versions_of(session, protocol_id)
    return next((one for one in versions if one.state is VersionState.PUBLISHED), None)
