"""Signing in by a provider of OpenID Connect. It says who somebody is; whether they may come in was decided before,
when they were invited.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.openid import Departure, Identity, OpenIdError, Provider, come_back, depart
from app.settings import Settings
from app.store import accounts, sign_ins
from app.store.database import Purpose
from app.vault import VaultError
from app.web import sessions
from app.web.access import public
from app.web.context import parts
from app.web.paths import local

blueprint = Blueprint("single_sign_on", __name__, url_prefix="/sign-in/openid")

COOKIE = "kintsugi_openid"
AWAY = timedelta(minutes=10)  #: how long somebody may take at the provider

NOT_INVITED = "You were not invited yet, or not under this address. Ask an admin of your desk for an invitation."
TOO_LATE = "You were away for too long, or came back in another browser. Try again."
REFUSED = "The provider did not sign you in."


@blueprint.get("")
@public
def begin() -> ResponseReturnValue:
    """A page that leads on would only be one click more: this is a link, and no form of ours."""
    provider = _provider(parts().settings)
    if provider is None:
        return _failed("There is no provider for signing in here.", 404)
    try:
        url, gone = depart(provider, _return_url())
    except OpenIdError as error:
        return _trouble(error)
    response = make_response(redirect(url, 303))
    _remember(response, gone, local(request.args.get("next")))
    return response


@blueprint.get("/back")
@public
def back() -> ResponseReturnValue:
    provider, remembered = _provider(parts().settings), _remembered()
    if provider is None or remembered is None:
        return _failed(TOO_LATE, 400)
    gone, where = remembered
    if not hmac.compare_digest(request.args.get("state", "").encode("utf-8", "surrogatepass"), gone.state.encode()):
        return _failed(TOO_LATE, 400)
    if not request.args.get("code"):
        return _failed(REFUSED, 401)
    try:
        identity = come_back(provider, gone, request.args["code"], _return_url())
    except OpenIdError as error:
        return _trouble(error)
    with parts().database.system(Purpose.SIGN_IN) as session:
        account_id = _find(session, identity)
        opened = sessions.start(session, account_id) if account_id else None
    if account_id is None or opened is None:
        log.get("web").warning("openid_not_invited")
        return _failed(NOT_INVITED, 403)
    response = make_response(redirect(where, 303))
    sessions.hand_over(response, opened)
    _forget(response)
    log.get("web").info("signed_in", account_id=account_id)
    return response


def _find(session: Session, identity: Identity) -> int | None:
    """The account of this identity, locked. An address only counts the first time; then it is the provider's own id."""
    subject = hashlib.sha256(json.dumps([identity.issuer, identity.subject]).encode()).hexdigest()
    account = accounts.find_by_subject(session, subject)
    if account is None and identity.email is not None:
        account = accounts.find_by_email(session, identity.email)
        return _bind(session, account.id, subject) if account is not None else None
    if account is None or not accounts.lock(session, account.id).active:
        return None
    return account.id


def _bind(session: Session, account_id: int, subject: str) -> int | None:
    """From here on the account is this person's at the provider; who came in by its link or password before is out."""
    account = accounts.lock(session, account_id)
    if account.subject_hash is not None or not account.active or not accounts.memberships(session, account.id):
        return None
    sign_ins.start_over(session, account)
    account.subject_hash = subject
    return account.id


def _provider(settings: Settings) -> Provider | None:
    if settings.oidc is None:
        return None
    provider = Provider(
        issuer=settings.oidc.issuer,
        client_id=settings.oidc.client_id,
        client_secret=settings.oidc.client_secret,
        timeout=settings.http_timeout.total_seconds(),
    )
    # One for the process, since it remembers what the provider said of itself.
    kept: Provider = current_app.extensions.setdefault("kintsugi_openid", provider)
    return kept


def _return_url() -> str:
    return parts().settings.public_url + url_for("single_sign_on.back")


def _remember(response: Response, gone: Departure, where: str) -> None:
    """Kept by the browser, sealed, so that nobody else comes back in its place."""
    until = (real_now() + AWAY).timestamp()
    sealed = parts().database.vault.seal(json.dumps({"gone": asdict(gone), "where": where, "until": until}))
    response.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(sealed).decode("ascii"),
        max_age=int(AWAY.total_seconds()),
        httponly=True,
        secure=parts().settings.public_url.startswith("https:"),
        samesite="Lax",
        path=blueprint.url_prefix,
    )


def _remembered() -> tuple[Departure, str] | None:
    try:
        sealed = base64.urlsafe_b64decode(request.cookies.get(COOKIE, "").encode("ascii"))
        kept = json.loads(parts().database.vault.open(sealed))
        until = datetime.fromtimestamp(kept["until"], UTC)
    except (VaultError, UnicodeEncodeError, binascii.Error, ValueError, KeyError, TypeError):
        return None
    return (Departure(**kept["gone"]), kept["where"]) if until > real_now() else None


def _forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path=blueprint.url_prefix or "/")


def _trouble(error: OpenIdError) -> ResponseReturnValue:
    log.get("web").warning("openid_failed", reason=str(error))
    return _failed(f"You could not be signed in: {error}.", 502)


def _failed(problem: str, code: int) -> ResponseReturnValue:
    response = make_response(render_template("sign_in/form.html", next="/", email="", problem=problem), code)
    _forget(response)
    return response
