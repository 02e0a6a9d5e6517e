"""Answering a call once: whoever repeats it under the same idempotency key gets the answer of the first time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from flask import Response, g, request
from flask_smorest import abort
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from app.clock import real_now
from app.store import calls
from app.store.calls import Kept, Standing
from app.store.database import Purpose
from app.web.context import parts

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def answer(caller: str, work: Callable[[], Response], may_see: Callable[[int], object]) -> Response:
    """Do the work, or give the answer of the first time to those who may still see that desk.

    Only what was carried out is kept: after a refusal nothing was changed, and the same key may be used again. Where
    the work broke off, or its answer could not be kept, the change may have been stored: it is not carried out again.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return work()
    if not _KEY.fullmatch(key):
        _refuse("must be 1 to 255 visible ASCII characters", key[:60])
    found = _begin(caller, key)
    if found.standing is Standing.ANSWERED:
        if found.desk_id is not None:
            may_see(found.desk_id)
        return _again(found)
    return _carry_out(found, work)


def _begin(caller: str, key: str) -> Kept:
    content = b"\0".join((request.method.encode(), request.full_path.encode("utf-8", "surrogatepass"), request.data))
    asked = calls.Request(caller=caller, key=key, content=content)
    with parts().database.system(Purpose.SIGN_IN) as session:
        found = calls.begin(session, asked, real_now())
    if found.standing is Standing.OTHER:
        _refuse("was given with another request before; use a new one", key[:60])
    if found.standing is Standing.BUSY:
        g.retry_after = 1
        _conflict("the first call is still being answered", key[:60])
    if found.standing is Standing.UNKNOWN:
        _conflict("the first call may have been carried out or not; look, and use a new one", key[:60])
    return found


def _carry_out(taken: Kept, work: Callable[[], Response]) -> Response:
    try:
        done = work()
    except HTTPException:
        _settle(lambda session: calls.give_back(session, taken))
        raise
    except Exception:
        _settle(lambda session: calls.lose(session, taken))
        raise
    if done.status_code >= 300:
        _settle(lambda session: calls.give_back(session, taken))
        return done
    kept = json.dumps({"status": done.status_code, "body": done.get_data(as_text=True)})
    _settle(lambda session: calls.keep(session, taken, kept, g.get("called_desk")))
    return done


def _settle(how: Callable[[Session], None]) -> None:
    with parts().database.system(Purpose.SIGN_IN) as session:
        how(session)


def _again(found: Kept) -> Response:
    told = json.loads(found.answer or "{}")
    again = Response(told["body"], told["status"], content_type="application/json")
    again.headers[REPLAYED] = "true"
    return again


def _conflict(message: str, value: str) -> None:
    abort(409, errors=[{"path": HEADER, "message": message, "value": value}])


def _refuse(message: str, value: str) -> None:
    abort(422, errors=[{"path": HEADER, "message": message, "value": value}])
