"""A person's own account: where they are signed in, their password, and the tokens of their programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import accounts, api_tokens, audit, sign_ins
from app.store.accounts import Place, reaches
from app.store.api_tokens import Listed, NewToken, Scope, TooMany
from app.store.database import Purpose
from app.store.models import Role
from app.web import passwords
from app.web.access import signed_in
from app.web.context import parts, visitor

blueprint = Blueprint("account", __name__, url_prefix="/account")

#: Guesses at the password of a session that was left open, before the waiting begins.
FREE_GUESSES = 5
DAYS: Mapping[str, int | None] = {"30": 30, "90": 90, "365": 365, "never": None}
SCOPES: Mapping[Scope, str] = {
    Scope.READ: "Read: whatever you may see",
    Scope.WRITE: "Write: what agents and leads change",
    Scope.ADMIN: "Admin: what admins change",
}
#: The least role that may use a scope; one that nobody may use yet would only mislead.
NEEDS: Mapping[Scope, Role] = {Scope.WRITE: Role.AGENT, Scope.ADMIN: Role.ADMIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page says beside the lists; `token` is shown this once."""

    typed: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset({Scope.READ})
    slips: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", repr=False)


@blueprint.get("")
@signed_in
def show() -> ResponseReturnValue:
    return _page(Shown())


@blueprint.post("/password")
@signed_in
def change_password() -> ResponseReturnValue:
    """The old one is asked for, so that an open browser alone does not make somebody else its owner."""
    who, now = visitor(), real_now()
    limits = {parts().database.vault.fingerprint("password change", str(who.account_id)): FREE_GUESSES}
    with parts().database.system(Purpose.SIGN_IN) as session:
        held = accounts.get(session, who.account_id).password_hash
        wait = sign_ins.register_attempt(session, limits, now) if held else timedelta(0)
    if wait > timedelta(0):
        seconds = int(wait.total_seconds()) + 1
        return _page(Shown(slips={"old": f"Too many attempts. Try again in {seconds} seconds."}), 429)
    if held and not passwords.matches(held, request.form.get("old_password", "")):
        return _page(Shown(slips={"old": "This is not your password."}), 422)
    try:
        hashed = passwords.hash_password(request.form.get("new_password", ""))
    except ValueError as error:
        return _page(Shown(slips={"new": f"The new password {error}."}), 422)
    with parts().database.system(Purpose.SIGN_IN) as session:
        accounts.lock(session, who.account_id)
        # Hashing takes a while, and this session may have ended meanwhile.
        if not sign_ins.is_open(session, who.session_id or 0):
            abort(401)
        accounts.set_password(session, who.account_id, hashed)
        sign_ins.close_sessions_of(session, who.account_id, but=who.session_id)
        sign_ins.forgive(session, next(iter(limits)))
    log.get("web").info("password_changed", account_id=who.account_id)
    return redirect(url_for("account.show", said="password"), 303)


@blueprint.post("/sessions/<id:session_id>/end")
@signed_in
def end_session(session_id: int) -> ResponseReturnValue:
    with parts().database.system(Purpose.SIGN_IN) as session:
        ended = sign_ins.close_one(session, visitor().account_id, session_id)
    if not ended:
        abort(404)
    return redirect(url_for("account.show", said="ended"), 303)


@blueprint.post("/sessions/end")
@signed_in
def end_others() -> ResponseReturnValue:
    with parts().database.system(Purpose.SIGN_IN) as session:
        sign_ins.close_sessions_of(session, visitor().account_id, but=visitor().session_id)
    return redirect(url_for("account.show", said="ended"), 303)


@blueprint.post("/tokens")
@signed_in
def make_token() -> ResponseReturnValue:
    typed = {name: request.form.get(name, "").strip()[:200] for name in ("name", "desk", "days")}
    scopes, now = frozenset(request.form.getlist("scope")), real_now()
    place = next((one for one in visitor().places if str(one.desk_id) == typed["desk"]), None)
    slips = _slips(typed, scopes, place)
    if slips or place is None:
        return _page(Shown(typed=typed, scopes=scopes, slips=slips), 422)
    new = NewToken(
        account_id=visitor().account_id,
        desk_id=place.desk_id,
        name=typed["name"],
        scopes=frozenset(Scope(one) for one in scopes),
        expires_at=_expiry(typed["days"], now),
    )
    try:
        with parts().database.desk(place.desk_id) as session:
            token_id, token = api_tokens.make(session, new, now)
            detail = {"scopes": sorted(scopes)}
            audit.record(session, by=_by(), did="token.made", what=f"token:{token_id}", detail=detail, at=now)
    except TooMany:
        slips = {"name": f"You have {api_tokens.MOST} tokens for this desk, which is the most. Revoke one first."}
        return _page(Shown(typed=typed, scopes=scopes, slips=slips), 422)
    return _page(Shown(token=token))


@blueprint.post("/tokens/<id:token_id>/revoke")
@signed_in
def revoke_token(token_id: int) -> ResponseReturnValue:
    now = real_now()
    with parts().database.system(Purpose.SIGN_IN) as session:
        row = next((one.row for one in _own(session, now) if one.row.id == token_id), None)
    if row is None:
        abort(404)
    with parts().database.desk(row.desk_id) as session:
        if api_tokens.revoke(session, token_id, now, account_id=visitor().account_id) is not None:
            audit.record(session, by=_by(), did="token.revoked", what=f"token:{token_id}", at=now)
    return redirect(url_for("account.show", said="revoked"), 303)


def _page(shown: Shown, code: int = 200) -> ResponseReturnValue:
    now, who = real_now(), visitor()
    with parts().database.system(Purpose.SIGN_IN, read=True) as session:
        account = accounts.get(session, who.account_id)
        sessions = sign_ins.sessions_of(session, who.account_id, now, parts().settings.session_idle)
        tokens = _own(session, now)
    page = render_template(
        "account/show.html",
        account=account,
        sessions=sessions,
        tokens=tokens,
        shown=shown,
        scopes=SCOPES,
        days=DAYS,
        said=request.args.get("said") if request.method == "GET" else None,
        now=now,
    )
    return page, code


def _own(session: Session, now: datetime) -> Sequence[Listed]:
    return api_tokens.of_account(session, visitor().account_id, now)


def _slips(typed: Mapping[str, str], scopes: frozenset[str], place: Place | None) -> Mapping[str, str]:
    slips: dict[str, str] = {}
    if not typed["name"] or len(typed["name"]) > 80 or not typed["name"].isprintable():
        slips["name"] = "Give it a name of at most 80 characters, by which you know it again."
    if place is None:
        slips["desk"] = "Choose one of your desks."
    if typed["days"] not in DAYS:
        slips["days"] = "Choose how long it is to work."
    if not scopes or not scopes <= set(Scope):
        slips["scope"] = "Choose what it may be used for."
    elif place is not None:
        beyond = [one for one in scopes if one in NEEDS and not reaches(place.role, NEEDS[Scope(one)], reads=False)]
        if beyond:
            slips["scope"] = f"Your role on {place.name} does not allow {' and '.join(sorted(beyond))}."
    return slips


def _expiry(days: str, now: datetime) -> datetime | None:
    length = DAYS[days]
    return now + timedelta(days=length) if length is not None else None


def _by() -> str:
    return f"account:{visitor().account_id}"
