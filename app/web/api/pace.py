"""How many calls a caller may make in a minute, counted in the database so that every process knows of all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Response, g
from flask_smorest import abort

from app.clock import real_now
from app.store import calls
from app.store.database import Purpose
from app.web.context import parts

WINDOW = timedelta(minutes=1)


def spend(caller: str) -> None:
    """Count this call; the call is answered 429 where the caller has none left."""
    now, allowed = real_now(), parts().settings.api_per_minute
    window_at = _window_at(now)
    with parts().database.system(Purpose.SIGN_IN) as session:
        made = calls.count(session, caller, window_at)
    seconds = max(1, round((window_at + WINDOW - now).total_seconds()))
    g.pace = f'"minute";r={max(0, allowed - made)};t={seconds}', f'"minute";q={allowed};w={WINDOW.seconds}'
    if made > allowed:
        g.retry_after = seconds
        abort(429)


def tell(answer: Response) -> Response:
    """The headers of a call that was counted, as the IETF's draft on rate limits has them."""
    if "pace" in g:
        answer.headers["RateLimit"], answer.headers["RateLimit-Policy"] = g.pace
    if "retry_after" in g and answer.status_code in (409, 429):
        answer.headers["Retry-After"] = str(g.retry_after)
    return answer


def _window_at(now: datetime) -> datetime:
    seconds = int(now.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds())
    return datetime.fromtimestamp(seconds, UTC)
