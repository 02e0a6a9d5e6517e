"""The people of a desk: who may sign in to it and as what; inviting, changing roles, removing. Agents as the helpdesk
knows them are on the pages of teams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import texts
from app.clock import real_now
from app.outbound import Mail, OutboundError
from app.store import api_tokens, audit, memberships
from app.store.accounts import normal_email
from app.store.desks import NotFound
from app.store.memberships import Changed, Colleague, IsHere, LastAdmin, Link, WorksElsewhere
from app.store.models import ApiTokenRow, Role
from app.web.access import requires
from app.web.context import desk_id, parts, visitor
from app.web.wording import OTHERS

blueprint = Blueprint("people", __name__, url_prefix="/people")

ELSEWHERE = (
    "This person works on another desk that you are no admin of. Whoever runs the installation can add them here: "
    "kintsugi user add."
)
LAST = "Nobody would be left who can manage this desk. Make somebody else an admin first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page says beside the list; `link` is shown this once."""

    email: str = ""
    role: str = Role.AGENT
    slips: tuple[str, ...] = ()
    told: str = ""
    link: str = ""
    expires_at: datetime | None = None
    mailed: bool | None = None  #: None: there is no mail server


@blueprint.get("")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    return _page(Shown())


@blueprint.post("")
@requires(Role.ADMIN)
def invite() -> ResponseReturnValue:
    typed, wanted = request.form.get("email", "").strip(), request.form.get("role", "")
    if wanted not in set(Role):
        return _page(Shown(email=typed[:254], slips=("Choose a role.",)), 422)
    role, now = Role(wanted), real_now()
    try:
        email = normal_email(typed)
        with parts().database.desk(desk_id()) as session:
            link = memberships.invite(session, email, role, now, desk_id=desk_id(), by=visitor().places)
            _record("member.invited", link.account_id, {"role": role}, session)
    except (ValueError, IsHere, WorksElsewhere) as error:
        return _page(Shown(email=typed[:254], role=role, slips=(_slip(error),)), 422)
    return _page(_handed_over(link, email, role))


@blueprint.post("/<id:account_id>/link")
@requires(Role.ADMIN)
def renew_link(account_id: int) -> ResponseReturnValue:
    colleague = _colleague(account_id)
    try:
        with parts().database.desk(desk_id()) as session:
            link = memberships.renew_link(session, account_id, real_now(), desk_id=desk_id(), by=visitor().places)
            _record("member.link_made", account_id, None, session)
    except NotFound:
        abort(404)
    except WorksElsewhere:
        return _page(Shown(told=ELSEWHERE), 409)
    return _page(_handed_over(link, colleague.email, colleague.role))


@blueprint.post("/<id:account_id>/role")
@requires(Role.ADMIN)
def change_role(account_id: int) -> ResponseReturnValue:
    was, wanted = _role("was"), _role("role")
    try:
        with parts().database.desk(desk_id()) as session:
            memberships.change_role(session, desk_id(), account_id, was=was, role=wanted)
            _record("member.role_changed", account_id, {"from": was, "to": wanted}, session)
    except NotFound:
        return _gone()
    except (Changed, LastAdmin) as error:
        return _page(Shown(told=_refusal(error, f"You chose {OTHERS[wanted]}.")), 409)
    return redirect(url_for("people.index", said="changed"), 303)


@blueprint.post("/<id:account_id>/remove")
@requires(Role.ADMIN)
def remove(account_id: int) -> ResponseReturnValue:
    now = real_now()
    try:
        with parts().database.desk(desk_id()) as session:
            memberships.remove(session, desk_id(), account_id, was=_role("was"), now=now)
            _record("member.removed", account_id, None, session)
    except NotFound:
        return _gone()
    except (Changed, LastAdmin) as error:
        return _page(Shown(told=_refusal(error, "You chose to remove them.")), 409)
    return redirect(url_for("people.index", said="removed"), 303)


@blueprint.post("/tokens/<id:token_id>/revoke")
@requires(Role.ADMIN)
def revoke_token(token_id: int) -> ResponseReturnValue:
    now = real_now()
    with parts().database.desk(desk_id()) as session:
        ended = api_tokens.revoke(session, token_id, now)
        if ended is not None:
            audit.record(session, by=_by(), did="token.revoked", what=f"token:{token_id}", at=now)
    if ended is None:
        abort(404)
    return redirect(url_for("people.index", said="revoked"), 303)


def _page(shown: Shown, code: int = 200) -> ResponseReturnValue:
    now = real_now()
    with parts().database.desk(desk_id(), read=True) as session:
        people = memberships.of_desk(session, desk_id(), now)
        tokens: Sequence[ApiTokenRow] = api_tokens.on_desk(session, now)
    emails = {one.account_id: one.email for one in people}
    page = render_template(
        "people/index.html",
        people=people,
        tokens=tokens,
        emails=emails,
        shown=shown,
        said=request.args.get("said") if request.method == "GET" else None,
        roles={role: OTHERS[role] for role in Role},
        now=now,
    )
    return page, code


def _handed_over(link: Link, email: str, role: Role) -> Shown:
    """The link to show, after an attempt to mail it; outside of any transaction."""
    address = f"{parts().settings.public_url}/sign-in/{link.token}"
    mailed = _mail(link, email, role, address) if parts().outbound.can_mail else None
    return Shown(told=f"{email} can sign in with this link.", link=address, expires_at=link.expires_at, mailed=mailed)


def _mail(link: Link, email: str, role: Role, address: str) -> bool:
    place = visitor().place
    facts = texts.InvitationFacts(
        role=OTHERS[role],
        desk=place.name if place else "",
        invited_by=visitor().email,
        link=address,
        expires_at=link.expires_at,
    )
    text = texts.invitation_mail(facts)
    message_id = f"invitation-{link.account_id}-{int(link.expires_at.timestamp())}"
    try:
        parts().outbound.send_mail(Mail(to=email, subject=text.subject, text=text.text, message_id=message_id))
    except OutboundError:
        return False
    return True


def _colleague(account_id: int) -> Colleague:
    with parts().database.desk(desk_id(), read=True) as session:
        people = memberships.of_desk(session, desk_id(), real_now())
    found = next((one for one in people if one.account_id == account_id), None)
    if found is None:
        abort(404)
    return found


def _gone() -> ResponseReturnValue:
    return _page(Shown(told="This person has no role of its own on this desk any more. Nothing was changed."), 409)


def _slip(error: Exception) -> str:
    if isinstance(error, IsHere):
        return f"This person is here already, as {OTHERS[error.role]}."
    return ELSEWHERE if isinstance(error, WorksElsewhere) else "This is not an e-mail address."


def _refusal(error: Changed | LastAdmin, chosen: str) -> str:
    if isinstance(error, LastAdmin):
        return LAST
    return f"Somebody made this person {OTHERS[error.role]} meanwhile. {chosen} Nothing was changed; choose again."


def _role(field: str) -> Role:
    given = request.form.get(field, "")
    if given not in set(Role):
        abort(422)
    return Role(given)


def _record(did: str, account_id: int, detail: dict[str, str] | None, session: Session) -> None:
    audit.record(session, by=_by(), did=did, what=f"account:{account_id}", detail=detail, at=real_now())


def _by() -> str:
    return f"account:{visitor().account_id}"
