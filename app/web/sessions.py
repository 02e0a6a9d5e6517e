"""The session cookie of a signed-in browser: read, set, taken back. Who may do what is in `access`."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, request
from sqlalchemy.orm import Session

from app.clock import real_now
from app.store import accounts, sign_ins
from app.store.accounts import Place
from app.store.database import Purpose
from app.store.sign_ins import Opened
from app.web.context import Visitor, parts

#: A session's last use is stored at most this often, so that reading a page rarely writes.
TOUCH_EVERY = timedelta(seconds=60)
DESK_COOKIE = "kintsugi_desk"


def cookie_name() -> str:
    """With https the browser itself keeps the cookie to this host, path / and secure."""
    return "__Host-kintsugi" if _secure() else "kintsugi"


def token() -> str | None:
    return request.cookies.get(cookie_name())


def read() -> Visitor | None:
    """The signed-in person behind this request, with their roles as they are now."""
    given = token()
    if not given:
        return None
    joined, now = parts(), real_now()
    idle = joined.settings.session_idle
    with joined.database.system(Purpose.SIGN_IN, read=True) as session:
        found = sign_ins.find_session(session, given, now, idle)
        if found is None:
            return None
        web_session, account = found
        places = accounts.places(session, account.id)
    if now - web_session.seen_at > min(TOUCH_EVERY, idle / 10):
        with joined.database.system(Purpose.SIGN_IN) as session:
            sign_ins.touch(session, web_session.id, now)
    return Visitor(
        account_id=account.id,
        email=account.email,
        session_id=web_session.id,
        csrf=web_session.csrf,
        place=_current(places),
        places=places,
    )


def start(session: Session, account_id: int) -> Opened:
    """Sign this browser in under a new id, and end the session it had.

    In the transaction that found out, under the account's lock, that it may come in: what ends all its sessions then
    either comes before and is seen, or ends this one, too.
    """
    if before := token():
        sign_ins.close_session(session, before)
    length, browser = parts().settings.session_length, _browser(request.user_agent.string)
    return sign_ins.open_session(session, account_id, real_now(), length, browser=browser)


def hand_over(response: Response, opened: Opened) -> None:
    """Give the browser its session, once that is stored."""
    response.set_cookie(
        cookie_name(),
        opened.token,
        httponly=True,
        secure=_secure(),
        samesite="Lax",
        path="/",
        expires=opened.expires_at,
    )


def end(response: Response) -> None:
    """Sign this browser out, here and in its cookie."""
    if given := token():
        with parts().database.system(Purpose.SIGN_IN) as session:
            sign_ins.close_session(session, given)
    response.delete_cookie(cookie_name(), path="/", secure=_secure(), httponly=True, samesite="Lax")
    response.delete_cookie(DESK_COOKIE, path="/", secure=_secure(), httponly=True, samesite="Lax")


def choose_desk(response: Response, desk_id: int) -> None:
    """Remember which of their desks a person works on. Their memberships decide, not this cookie."""
    response.set_cookie(DESK_COOKIE, str(desk_id), httponly=True, secure=_secure(), samesite="Lax", path="/")


def _current(places: tuple[Place, ...]) -> Place | None:
    chosen = request.cookies.get(DESK_COOKIE, "")
    return next((place for place in places if str(place.desk_id) == chosen), places[0] if places else None)


#: What tells a browser and its machine by what it says of itself; the first that fits, since most name others, too.
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_MACHINES = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


def _browser(agent: str) -> str:
    """A browser in words that its owner knows again."""
    name = next((said for sign, said in _BROWSERS.items() if f"{sign}/" in agent), "A browser")
    machine = next((said for sign, said in _MACHINES.items() if sign in agent), None)
    return f"{name} on {machine}" if machine else name


def _secure() -> bool:
    return parts().settings.public_url.startswith("https:")
