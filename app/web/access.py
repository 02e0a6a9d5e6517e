"""Who may call which handler. Every handler declares it with one of these decorators; `guard` is the one place that
enforces it, before the handler runs. A handler that declares nothing cannot be called at all.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.clock import real_now
from app.store import api_tokens, launches
from app.store.accounts import reaches
from app.store.api_tokens import Scope
from app.store.database import Purpose
from app.store.models import Role
from app.web import held, sessions
from app.web.context import Launched, Visitor, find_visitor, parts

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: Handlers that are not ours to decorate.
PUBLIC_ENDPOINTS = frozenset({"static", "api-docs.openapi_json"})

View = TypeVar("View", bound=Callable[..., Any])


class Proof(StrEnum):
    """How a caller shows who they are."""

    NONE = "none"  # public; the handler verifies what it has to (a webhook's signature, a survey link)
    SESSION = "session"  # a signed-in browser
    LAUNCH = "launch"  # the bearer of an opened sidebar
    API = "api"  # a signed-in browser, a program's token, or the operator's token


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    proof: Proof
    role: Role | None = None  #: at least this role on the desk; None: whoever is signed in
    named: bool = False  #: on the desk that the path names as `desk_id`, not on the one the visitor works on
    reads: bool = False  #: it changes nothing, whatever its method; auditors may, and a program with the scope to read


def public(view: View) -> View:
    """Anybody may call it."""
    return _declare(view, Access(proof=Proof.NONE))


def signed_in(view: View) -> View:
    """Any signed-in person, also one without a desk."""
    return _declare(view, Access(proof=Proof.SESSION))


def requires(role: Role, *, reads: bool = False) -> Callable[[View], View]:
    """A signed-in person with at least this role on the desk they are on; `reads`: also by POST it changes nothing."""
    return lambda view: _declare(view, Access(proof=Proof.SESSION, role=role, reads=reads))


def requires_on_named_desk(role: Role) -> Callable[[View], View]:
    """A signed-in person with at least this role on the desk that the path names; to others there is no such desk."""
    return lambda view: _declare(view, Access(proof=Proof.SESSION, role=role, named=True))


def requires_launch(view: View) -> View:
    """An agent whose helpdesk opened the sidebar for them."""
    return _declare(view, Access(proof=Proof.LAUNCH))


def requires_api(role: Role, *, reads: bool = False) -> Callable[[View], View]:
    """A signed-in person with at least this role, a token of theirs with the scope for it, or the operator's token."""
    return lambda view: _declare(view, Access(proof=Proof.API, role=role, reads=reads))


def declared(app: Flask, endpoint: str) -> Access | None:
    """What the endpoint's handler declares; None when it forgot to."""
    if endpoint in PUBLIC_ENDPOINTS:
        return Access(proof=Proof.NONE)
    return getattr(app.view_functions[endpoint], "access", None)


def guard(app: Flask) -> ResponseReturnValue | None:
    """Let the request through, answer it, or refuse it."""
    if request.endpoint is None:
        return None  # no such page; routing answers by itself
    access = declared(app, request.endpoint)
    if access is None:
        abort(403)
    g.reading = access.reads or request.method in SAFE_METHODS
    return _CHECKS[access.proof](access)


def reading() -> bool:
    """Whether this request changes nothing, whatever its method."""
    return bool(g.reading)


def check_same_origin() -> None:
    """Refuse a form that another site's page sent. Browsers name the origin of every POST."""
    if not _same_origin():
        abort(403)


def _same_origin() -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    own = f"{urlsplit(parts().settings.public_url).scheme}://{request.host}"
    return hmac.compare_digest(origin.encode(), own.encode())


def _declare(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def _check_none(_access: Access) -> None:
    return None


def _check_session(access: Access) -> ResponseReturnValue | None:
    g.visitor = sessions.read()
    visitor = find_visitor()
    if visitor is None:
        return _ask_to_sign_in()
    if request.method not in SAFE_METHODS:
        check_same_origin()
        if not _has_csrf(visitor.csrf):
            return _held(403)
    refused = _check_role(visitor, access)
    return _check_desk(visitor, access) if refused is None else refused


def _check_role(visitor: Visitor, access: Access) -> ResponseReturnValue | None:
    if access.role is None:
        return None
    if access.proof is Proof.API:  # which desk a call is about is read later, and the role there judged then
        if not any(reaches(place.role, access.role, reads=reading()) for place in visitor.places):
            abort(403)
        return None
    place = visitor.place_on((request.view_args or {})["desk_id"]) if access.named else visitor.place
    if place is None:
        if access.named:
            abort(404)
        return make_response(render_template("desks/none.html"), 200 if request.method in SAFE_METHODS else 403)
    if not reaches(place.role, access.role, reads=reading()):
        abort(403)
    return None


def _check_desk(visitor: Visitor, access: Access) -> ResponseReturnValue | None:
    """A form that was opened on another desk would change what nobody looked at. A desk in the path is meant as it is,
    and so is one that a call names."""
    if access.proof is not Proof.SESSION or access.role is None or access.named or request.method in SAFE_METHODS:
        return None
    if visitor.place is None or request.form.get("on_desk", "") in ("", str(visitor.place.desk_id)):
        return None
    advice = (
        f"It is “{visitor.place.name}”, and the form was opened on another one. Nothing was changed. Switch back to "
        "the form's desk, go back in your browser, and send it again."
    )
    page = render_template(
        "errors/show.html", code=409, title="You are on another desk now", advice=advice, request_id=g.request_id
    )
    return make_response(page, 409)


def _check_launch(_access: Access) -> None:
    given = bearer()
    if given is None:
        abort(401)
    with parts().database.system(Purpose.SIGN_IN, read=True) as session:
        found = launches.find_by_bearer(session, given, real_now())
    if found is None:
        abort(401)
    g.launched = Launched(desk_id=found.desk_id, agent_id=found.agent_id)
    g.frame_origin = found.frame_origin


def _check_api(access: Access) -> ResponseReturnValue | None:
    given = bearer()
    if given is None:
        g.visitor = sessions.read()
        if find_visitor() is None:
            abort(401)
        return _check_session(access)
    operator = parts().settings.operator_token
    if operator is not None and hmac.compare_digest(given.encode(), operator.encode()):
        return None
    return _check_token(given, access)


def _check_token(given: str, access: Access) -> ResponseReturnValue | None:
    """The token's account, on the token's desk alone, and no further than the token's scopes go."""
    now = real_now()
    # A stranger's guess must not wait for, or hold up, whoever stores something.
    with parts().database.system(Purpose.SIGN_IN, read=True) as session:
        token = api_tokens.find(session, given, now)
    if token is None:
        abort(401)
    if api_tokens.is_to_touch(token, now):
        with parts().database.system(Purpose.SIGN_IN) as session:
            api_tokens.touch(session, token.id, now)
    g.api_token_id = token.id
    g.visitor = visitor = Visitor(
        account_id=token.account_id,
        email=token.email,
        session_id=0,  # a program has none, nor a page with forms
        csrf="",
        place=token.place,
        places=(token.place,),
    )
    if _scope(access) not in token.scopes:
        abort(403)
    return _check_role(visitor, access)


def _scope(access: Access) -> Scope:
    if reading():
        return Scope.READ
    return Scope.ADMIN if access.role is Role.ADMIN else Scope.WRITE


_CHECKS: dict[Proof, Callable[[Access], ResponseReturnValue | None]] = {
    Proof.NONE: _check_none,
    Proof.SESSION: _check_session,
    Proof.LAUNCH: _check_launch,
    Proof.API: _check_api,
}


def _has_csrf(expected: str) -> bool:
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _held(code: int) -> ResponseReturnValue:
    """What was typed is given back, to be sent again; only to our own pages."""
    page = held.page(code)
    return abort(code) if page is None else page


def bearer() -> str | None:
    """The token that the request carries; None where it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _ask_to_sign_in() -> ResponseReturnValue:
    """Off to the form and back again; but what was sent by POST is not repeated by itself."""
    if request.method not in SAFE_METHODS:
        if not _same_origin():
            abort(401)
        return _held(401)
    wanted = request.full_path.rstrip("?") if request.query_string else request.path
    return redirect(url_for("sign_in.form", next=wanted), 303)
