"""The page behind a survey link: a question, five stars, a few words. A visit never records anything; an answer does,
once. Who answers stays unknown to the page: it sees a link, and never a name, an address or a ticket.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from app import links, log
from app.clock import real_now
from app.store import invitations
from app.store.database import Purpose
from app.store.invitations import InvitationView, Reply
from app.web import headers
from app.web.access import public
from app.web.context import parts

blueprint = Blueprint("surveys", __name__, url_prefix="/s")

STARS = (
    (1, "Not at all right"),
    (2, "Still rather wrong"),
    (3, "Neither right nor wrong"),
    (4, "Mostly right"),
    (5, "All right"),
)
LONGEST_COMMENT = 2000
LOG = log.get("surveys")


class Limiter:
    """At most `most` of something per key in `seconds`, as this process saw it."""

    def __init__(self, most: int, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._timer = most, seconds, timer
        self._lock = threading.Lock()
        self._seen: dict[str, deque[float]] = {}

    def allows(self, key: str) -> bool:
        """Counts this one, unless it is one too many."""
        now = self._timer()
        with self._lock:
            if len(self._seen) > 10_000:  # keys come from strangers and must not fill the memory
                self._seen = {one: times for one, times in self._seen.items() if now - times[-1] < self._seconds}
            times = self._seen.setdefault(key, deque())
            while times and now - times[0] >= self._seconds:
                times.popleft()
            if len(times) >= self._most:
                return False
            times.append(now)
            return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    by_address: Limiter
    by_token: Limiter


def new_limits() -> Limits:
    """How much one address, and one link, may send in a minute."""
    return Limits(by_address=Limiter(10, 60.0), by_token=Limiter(5, 60.0))


@blueprint.record_once
def _give_limits(state: BlueprintSetupState) -> None:
    state.app.extensions["kintsugi.surveys"] = new_limits()


blueprint.after_request(headers.keep_link_secret)


@blueprint.get("/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """The question. Mail scanners follow links, so this and HEAD leave no trace."""
    token_hash, view = _find(token)
    if token_hash is None or view is None:
        return _unknown()
    if view.answered:
        return _page("thanks", 200)
    if view.expired:
        return _page("expired", 410)
    return _question(token, rating=_rating(request.args.get("rating", "")))


@blueprint.post("/<token>")
@public
def answer(token: str) -> ResponseReturnValue:
    """Record the answer, once."""
    token_hash, view = _find(token)
    if token_hash is None or view is None:
        return _unknown()
    if _too_many(token_hash):
        return _slow_down()
    rating, comment = _rating(request.form.get("rating", "")), _tidy(request.form.get("comment", ""))
    wrong = _what_is_wrong(rating, comment)
    if rating is not None and wrong is None:
        _record(token_hash, rating, comment)
    elif not view.answered and not view.expired:
        return _question(token, rating=rating, comment=comment, wrong=wrong)
    # A redirect, so that reloading the page asks nobody whether to send it again; it says what became of the answer.
    return redirect(url_for("surveys.show", token=token), 303)


@blueprint.get("/<token>/stop")
@public
def ask_to_stop(token: str) -> ResponseReturnValue:
    """One button; a visit stops nothing, since mail scanners visit."""
    if links.read_token(parts().database.vault, token, links.OPT_OUT) is None:
        return _unknown()
    return _page("stop", 200, token=token)


@blueprint.post("/<token>/stop")
@public
def stop(token: str) -> ResponseReturnValue:
    """No more surveys for this person; also what a mail program's own button calls."""
    joined = parts()
    token_hash = links.read_token(joined.database.vault, token, links.OPT_OUT)
    if token_hash is None:
        return _unknown()
    if _too_many(token_hash):
        return _slow_down()
    with joined.database.system(Purpose.ROUTE) as session:
        known = invitations.opt_out(session, token_hash, joined.clock.now())
    if not known:
        return _unknown()
    LOG.info("survey_opted_out")
    return _page("stopped", 200)


def _find(token: str) -> tuple[str | None, InvitationView | None]:
    joined = parts()
    token_hash = links.read_token(joined.database.vault, token)
    if token_hash is None:
        return None, None
    with joined.database.system(Purpose.ROUTE, read=True) as session:
        return token_hash, invitations.find(session, token_hash, joined.clock.now())


def _record(token_hash: str, rating: int, comment: str) -> None:
    joined = parts()
    reply = Reply(value=(rating - 1) / 4, original=str(rating), comment=comment)
    with joined.database.system(Purpose.ROUTE) as session:
        outcome = invitations.answer(session, token_hash, reply, now=joined.clock.now(), woken_at=real_now())
    LOG.info("survey_answered", outcome=outcome.value)


def _rating(text: str) -> int | None:
    """The chosen number of stars; None for anything else."""
    return int(text) if text in {str(number) for number, _ in STARS} else None


def _tidy(comment: str) -> str:
    """Browsers send two characters for a line break and count one; NUL and half characters cannot be stored."""
    plain = comment.replace("\r\n", "\n").replace("\x00", "").strip()
    return plain.encode("utf-8", "replace").decode("utf-8")


def _what_is_wrong(rating: int | None, comment: str) -> str | None:
    if rating is None:
        return "Please choose one of the five answers."
    if len(comment) > LONGEST_COMMENT:
        return f"That is {len(comment)} characters; please keep to {LONGEST_COMMENT}."
    return None


def _too_many(token_hash: str) -> bool:
    if parts().clock.stepped:
        return False  # time is only ever stepped on sandboxes, where days of answers come within a minute
    limits: Limits = current_app.extensions["kintsugi.surveys"]
    return not (limits.by_address.allows(request.remote_addr or "") and limits.by_token.allows(token_hash))


def _slow_down() -> Response:
    answer = _page("slow_down", 429)
    answer.headers["Retry-After"] = "60"
    return answer


def _question(token: str, *, rating: int | None, comment: str = "", wrong: str | None = None) -> Response:
    way_out = links.opt_out_token(parts().database.vault, token)
    return _page(
        "show",
        200 if wrong is None else 422,
        stars=STARS,
        chosen=rating,
        comment=comment,
        longest=LONGEST_COMMENT,
        wrong=wrong,
        stop_url=url_for("surveys.ask_to_stop", token=way_out),
    )


def _unknown() -> Response:
    """The same for every link that is not ours, so that guessing teaches nothing."""
    return _page("unknown", 404)


def _page(name: str, status: int, **values: object) -> Response:
    return make_response(render_template(f"surveys/{name}.html", **values), status)
