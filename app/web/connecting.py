"""Connecting a helpdesk by consent: a form, the way to the helpdesk, and the way back. What happens is in
`app.connecting`; nothing secret is ever shown.
"""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from app import connecting, log
from app.connecting import RETURN_PATH, Wish
from app.store import accounts, desks
from app.store.database import Purpose
from app.store.models import Desk, Role
from app.web import sessions
from app.web.access import requires_on_named_desk, signed_in
from app.web.context import parts, visitor

blueprint = Blueprint("connecting", __name__)

KIND = "zendesk"  #: the one that offers it

#: The helpdesk's word for why it gave no code -> ours (RFC 6749, 4.1.2.1).
REFUSALS = {
    "access_denied": "Access was not allowed there. Nothing was changed.",
    "invalid_scope": "This client may not have the scopes read and write. Allow them in its settings there.",
    "unauthorized_client": "This client may not be used in this way. Look at its settings there.",
    "temporarily_unavailable": "The helpdesk is not available now. Try again in a moment.",
    "server_error": "The helpdesk had trouble of its own. Try again in a moment.",
}
STRAY = (
    "This answer belongs to no connection that was begun in this browser within the last ten minutes, or it was used "
    "already. Begin again."
)


@blueprint.get("/desks/connect")
@signed_in
def form() -> ResponseReturnValue:
    _require_admin_of_all()
    return _form(None, {}, None)


@blueprint.post("/desks/connect")
@signed_in
def begin() -> ResponseReturnValue:
    """A new desk: off to its helpdesk."""
    _require_admin_of_all()
    given = {name: request.form.get(name, "").strip() for name in ("name", "subdomain", "client_id")}
    wish = Wish(
        kind=KIND,
        name=given["name"],
        subdomain=given["subdomain"].lower().removesuffix(".zendesk.com"),
        base_url=None,
        client_id=given["client_id"],
        client_secret=request.form.get("client_secret", "").strip(),
        webhook_secret=request.form.get("webhook_secret", "").strip(),
    )
    return _leave(wish, None, given)


@blueprint.get("/desks/<id:desk_id>/connect")
@requires_on_named_desk(Role.ADMIN)
def form_again(desk_id: int) -> ResponseReturnValue:
    desk, client_id, _ = _stored(desk_id)
    return _form(desk, {"client_id": client_id}, None)


@blueprint.post("/desks/<id:desk_id>/connect")
@requires_on_named_desk(Role.ADMIN)
def begin_again(desk_id: int) -> ResponseReturnValue:
    """A desk that was there: off to the helpdesk at the address on record. What is left empty stays as it is."""
    desk, client_id, client_secret = _stored(desk_id)
    given_id = request.form.get("client_id", "").strip() or client_id
    given_secret = request.form.get("client_secret", "").strip()
    wish = Wish(
        kind=desk.kind,
        name=desk.name,
        subdomain=desk.subdomain,
        base_url=desk.base_url,
        client_id=given_id,
        # A stored secret belongs to the client it was given with.
        client_secret=given_secret or (client_secret if given_id == client_id else ""),
        desk_id=desk_id,
    )
    return _leave(wish, desk, {"client_id": given_id})


@blueprint.get(RETURN_PATH)
@signed_in
def back() -> ResponseReturnValue:
    """Where the helpdesk sends the browser. The signed state stands in for the form's token here."""
    consent = connecting.take_consent(parts(), request.args.get("state", ""), session_token=sessions.token() or "")
    if consent is None or consent.account_id != visitor().account_id:
        return _failed(STRAY, 400)
    if consent.desk_id is None:
        _require_admin_of_all()
    elif (place := visitor().place_on(consent.desk_id)) is None or place.role is not Role.ADMIN:
        abort(404)
    code = request.args.get("code", "")
    if not code:
        said = request.args.get("error", "")
        return _failed(REFUSALS.get(said, "The helpdesk gave no access, and did not say why."), 422)
    try:
        added = connecting.finish_consent(parts(), consent, code, by=visitor().email)
    except ValueError as error:
        log.get("web").warning("connecting_failed", desk_id=consent.desk_id, account_id=visitor().account_id)
        return _failed(str(error), 422)
    hook = None if added is None else f"{parts().settings.public_url}/hooks/{added.key}"
    warnings = () if added is None else added.warnings
    return render_template("desks/connected.html", name=consent.plan["name"], hook=hook, warnings=warnings)


def _leave(wish: Wish, desk: Desk | None, given: dict[str, str]) -> ResponseReturnValue:
    """A page that leads on. A redirect would be held up: our pages' forms may lead to our own pages only."""
    try:
        url = connecting.begin_consent(
            parts(), wish, account_id=visitor().account_id, session_token=sessions.token() or ""
        )
    except ValueError as error:
        return _form(desk, given, str(error).removeprefix("--")), 422
    log.get("web").info("connecting_begun", desk_id=wish.desk_id, account_id=visitor().account_id)
    return render_template("desks/leaving.html", url=url, name=wish.name)


def _form(desk: Desk | None, given: dict[str, str], problem: str | None) -> str:
    return render_template(
        "desks/connect.html",
        desk=desk,
        given=given,
        problem=problem,
        return_url=parts().settings.public_url + RETURN_PATH,
    )


def _failed(problem: str, code: int) -> ResponseReturnValue:
    return render_template("desks/not_connected.html", problem=problem), code


def _stored(desk_id: int) -> tuple[Desk, str, str]:
    """The desk, and the OAuth client it was connected by; empty where it was not."""
    with parts().database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
        credentials = desks.credentials(session, desk)
    return desk, credentials.get("client_id", ""), credentials.get("client_secret", "")


def _require_admin_of_all() -> None:
    """A new desk is everybody's matter: an admin of single desks may not add one."""
    with parts().database.system(Purpose.SIGN_IN, read=True) as session:
        held = accounts.memberships(session, visitor().account_id)
    if not any(one.desk_id is None and one.role is Role.ADMIN for one in held):
        abort(403)
