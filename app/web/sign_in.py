"""Signing in and out: the password form, one-time links, and the slow-down after failures."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import log
from app.clock import real_now
from app.store import accounts, sign_ins
from app.store.database import Purpose
from app.store.sign_ins import Opened
from app.web import passwords, sessions
from app.web.access import check_same_origin, public, signed_in
from app.web.context import parts
from app.web.paths import local

blueprint = Blueprint("sign_in", __name__)

#: Free attempts before the waiting begins: for one account from one address, one address, one account.
FREE_PAIR, FREE_ADDRESS, FREE_ACCOUNT = 5, 20, 50

WRONG = "E-mail and password do not belong together."


@blueprint.get("/sign-in")
@public
def form() -> ResponseReturnValue:
    if sessions.read() is not None:
        return redirect(local(request.args.get("next")), 303)
    return render_template("sign_in/form.html", next=local(request.args.get("next")))


@blueprint.post("/sign-in")
@public
def by_password() -> ResponseReturnValue:
    check_same_origin()
    email, password = request.form.get("email", "").strip().lower()[:254], request.form.get("password", "")
    limits = _limits(email)
    now = real_now()
    with parts().database.system(Purpose.SIGN_IN) as session:
        wait = sign_ins.register_attempt(session, limits, now)
        account = accounts.find_by_email(session, email)
    if wait > timedelta(0):
        return _slow_down(wait)
    known = account.password_hash if account is not None and account.active else None
    if not passwords.matches(known, password) or account is None:
        log.get("web").warning("sign_in_failed", account_id=account.id if account else None)
        return _form_again(WRONG, 401)
    with parts().database.system(Purpose.SIGN_IN) as session:
        sign_ins.forgive(session, next(iter(limits)))
        # Hashing takes a while, and the password may have ended meanwhile.
        still = accounts.lock(session, account.id)
        opened = sessions.start(session, still.id) if still.active and still.password_hash == known else None
    if opened is None:
        return _form_again(WRONG, 401)
    return _signed_in(account.id, opened, local(request.form.get("next")))


@blueprint.get("/sign-in/<token>")
@public
def link(token: str) -> ResponseReturnValue:
    """Only looks: a mail scanner that opens every link must not use it up."""
    with parts().database.system(Purpose.SIGN_IN, read=True) as session:
        account = sign_ins.find_link(session, token, real_now())
    page = render_template("sign_in/link.html", account=account, token=token, problem=None)
    return page if account else (page, 404)


@blueprint.post("/sign-in/<token>")
@public
def by_link(token: str) -> ResponseReturnValue:
    check_same_origin()
    try:
        password = request.form.get("password") or None
        password_hash = passwords.hash_password(password) if password else None
    except ValueError as error:
        return _link_again(token, str(error))
    with parts().database.system(Purpose.SIGN_IN) as session:
        account_id = sign_ins.use_link(session, token, real_now())
        # A link is for getting in; it does not replace a password that somebody already has.
        if account_id and password_hash and accounts.get(session, account_id).password_hash is None:
            accounts.set_password(session, account_id, password_hash)
        opened = sessions.start(session, account_id) if account_id else None
    if account_id is None or opened is None:
        return render_template("sign_in/link.html", account=None, token=token, problem=None), 404
    return _signed_in(account_id, opened, "/")


@blueprint.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    response = make_response(redirect("/sign-in", 303))
    sessions.end(response)
    return response


def _signed_in(account_id: int, opened: Opened, where: str) -> ResponseReturnValue:
    response = make_response(redirect(where, 303))
    sessions.hand_over(response, opened)
    log.get("web").info("signed_in", account_id=account_id)
    return response


def _limits(email: str) -> dict[str, int]:
    """The pair comes first: it is forgiven when the password was right."""
    vault, address = parts().database.vault, request.remote_addr or ""
    return {
        vault.fingerprint("sign-in pair", f"{email} {address}"): FREE_PAIR,
        vault.fingerprint("sign-in address", address): FREE_ADDRESS,
        vault.fingerprint("sign-in account", email): FREE_ACCOUNT,
    }


def _slow_down(wait: timedelta) -> ResponseReturnValue:
    seconds = int(wait.total_seconds()) + 1
    response = make_response(_form_again(f"Too many attempts. Try again in {seconds} seconds.", 429))
    response.headers["Retry-After"] = str(seconds)
    return response


def _form_again(problem: str, code: int) -> ResponseReturnValue:
    page = render_template(
        "sign_in/form.html",
        next=local(request.form.get("next")),
        email=request.form.get("email", "")[:254],
        problem=problem,
    )
    return page, code


def _link_again(token: str, problem: str) -> ResponseReturnValue:
    with parts().database.system(Purpose.SIGN_IN, read=True) as session:
        account = sign_ins.find_link(session, token, real_now())
    if account is None:
        abort(404)
    return render_template("sign_in/link.html", account=account, token=token, problem=problem), 422
