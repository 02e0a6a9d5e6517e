"""The recovery queue: whom to see to first, who has it, what is put off, and what waits for a decision; many at once.

Parsing is `queue_wishes`; what a wish means is `tasks.handling`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log
from app.store import colleagues, desks, reviews, worklist
from app.store.handling import CannotSnooze
from app.store.models import Role
from app.web import case_page, queue_wishes
from app.web.access import requires
from app.web.context import desk_id, parts, visitor
from app.web.queue_wishes import Troubles, Typed, Wish
from app.words import CaseStage, Cause, SatState
from tasks import handling
from tasks.handling import Actor, Fate, Result

blueprint = Blueprint("queue", __name__, url_prefix="/queue")

#: What the page says after everything that was wished was done; the address carries only the key.
SAID = {
    **queue_wishes.SAID,
    "confirm": "Marked as done.",
    "repeat": "It will be sent again in a moment.",
    "leave": "Left: it is not sent.",
}
#: A single wish that came to nothing is answered with this.
_STATUS = {Fate.UNKNOWN: 404, Fate.NOT_YOURS: 403, Fate.NO_SUCH_PERSON: 422}


@blueprint.get("")
@requires(Role.AGENT)
def index() -> ResponseReturnValue:
    return _page()


@blueprint.get("/rows")
@requires(Role.AGENT)
def rows() -> ResponseReturnValue:
    """The rows alone, for the page that shows them already; 304 while nothing on them has changed."""
    shown = _shown()
    answer = make_response(render_template("queue/rows.html", **shown))
    answer.set_etag(shown["found"].stamp)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


@blueprint.post("")
@requires(Role.AGENT)
def change() -> ResponseReturnValue:
    """Do one thing to every case that was chosen."""
    typed = queue_wishes.typed(request.form)
    wish, troubles = queue_wishes.read(typed, parts().clock.now(), by=_actor().key)
    if wish is None:
        return _page(typed, troubles), 422
    try:
        with parts().database.desk(desk_id()) as session:
            handling.hold(session, wish.cases)
            results = [_do(session, case_id, version, wish) for case_id, version in wish.cases.items()]
    except CannotSnooze as error:
        return _page(typed, {error.field: _sentence(str(error))}), 422
    _log(wish.do, [result.case_id for result in results if result.fate is Fate.DONE])
    return _answer(wish, typed, results)


@blueprint.post("/decisions")
@requires(Role.LEAD)
def decide() -> ResponseReturnValue:
    """Confirm, repeat or leave what waits for a person's word."""
    chosen, do = queue_wishes.decisions(request.form)
    if not chosen or do not in queue_wishes.DECISIONS:
        return _page(troubles={"item": "Choose what to decide on, and how."}), 422
    now = parts().clock.now()
    with parts().database.desk(desk_id()) as session:
        queue_wishes.hold(session, chosen)
        done = [queue_wishes.decide(session, one, do, now, by=_actor().key) for one in chosen]
    _log(do, [case_id for case_id in done if case_id is not None])
    if all(case_id is not None for case_id in done):
        return redirect(_back(do), 303)
    told = list(zip(chosen, done, strict=True))
    return render_template("queue/decided.html", told=told, said=SAID[do], back=_back()), 409 if len(done) == 1 else 200


def _do(session: Session, case_id: int, version: int, wish: Wish) -> Result:
    now, actor = parts().clock.now(), _actor()
    if wish.do == "claim":
        return handling.claim(session, case_id, actor, now)
    if wish.do == "hand_over":
        return handling.hand_over(session, case_id, wish.to, actor, version, now)
    if wish.snooze is not None:
        return handling.snooze(session, case_id, wish.snooze, actor, version, now)
    return (handling.release if wish.do == "release" else handling.unsnooze)(session, case_id, actor, version)


def _answer(wish: Wish, typed: Typed, results: list[Result]) -> ResponseReturnValue:
    """Back to the queue where all was done; else what became of each, with a way to do the rest all the same."""
    failed = [result for result in results if result.fate is not Fate.DONE]
    if not failed:
        return redirect(_back(wish.do), 303)
    with parts().database.desk(desk_id(), read=True) as session:
        names = _names(session)
    body = render_template(
        "queue/results.html",
        wish=wish,
        typed=typed,
        results=results,
        stale=[result for result in failed if result.fate is Fate.STALE],
        said=SAID[wish.do],
        names=names,
        back=_back(),
        on=_on(),
        now=parts().clock.now(),
    )
    return body, _STATUS.get(failed[0].fate, 409) if len(results) == 1 else 200


def _page(typed: Typed | None = None, troubles: Troubles | None = None) -> str:
    shown = _shown()
    with parts().database.desk(desk_id(), read=True) as session:
        waits = reviews.undecided(session) if visitor().may(Role.LEAD) else ()
        more = {
            "choices": worklist.choices(session),
            "asleep": worklist.count_asleep(session, shown["now"]),
            "people": colleagues.of_desk(session, desk_id()),
        }
    said = SAID.get(request.args.get("said", ""))
    return render_template(
        "queue/index.html",
        **shown,
        **more,
        waits=waits,
        may_decide=visitor().may(Role.LEAD),
        typed=typed or Typed(),
        troubles=troubles or {},
        said=said,
        spans=queue_wishes.SPANS,
    )


def _shown() -> dict[str, Any]:
    """What the rows need."""
    me, now = _actor().key, parts().clock.now()
    with parts().database.desk(desk_id(), read=True) as session:
        wanted, desk = _wanted(me), desks.get(session, desk_id())
        return {
            "found": worklist.page(session, wanted, now),
            "wanted": wanted,
            "names": _names(session),
            "me": me,
            "now": now,
            "kept": _kept(),
            "ticket_url": lambda ticket_id: case_page.ticket_url(desk, ticket_id),
        }


def _wanted(me: str) -> worklist.Wanted:
    """The filters in the address; what we do not know is left out rather than refused."""
    asked = request.args
    state, stage, cause, holder = (asked.get(name, "") for name in ("state", "stage", "cause", "holder"))
    page, protocol = (asked.get(name, "") for name in ("page", "protocol"))
    return worklist.Wanted(
        state=SatState(state) if state in set(SatState) else None,
        stage=CaseStage(stage) if stage in set(CaseStage) else None,
        cause=Cause(cause) if cause in set(Cause) else None,
        protocol_id=int(protocol) if _is_id(protocol) else None,
        group_id=asked.get("team", "")[:64] or None,
        holder=me if holder == "me" else holder[:100] or None,
        stuck=asked.get("stuck") == "yes",
        snoozed=asked.get("snoozed") == "yes",
        page=int(page) if _is_id(page) and len(page) < 7 else 1,
    )


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


FILTERS = ("state", "stage", "cause", "protocol", "team", "holder", "stuck", "snoozed")


def _kept() -> dict[str, str]:
    """The filters of the address, to build others on."""
    return {name: request.args[name][:100] for name in FILTERS if request.args.get(name)}


def _back(said: str | None = None) -> str:
    """The case on whose page the form was, else the queue under the same filters."""
    if case_id := _on():
        return url_for("cases.show", case_id=case_id, said=said)
    query: dict[str, Any] = {**_kept(), **({"said": said} if said else {})}
    return url_for("queue.index", **query)


def _on() -> int | None:
    """The case on whose page the form was; None on the queue."""
    on = request.args.get("on", "")
    return int(on) if _is_id(on) else None


def _actor() -> Actor:
    person = visitor()
    return Actor(key=f"account:{person.account_id}", name=person.email, leads=person.may(Role.LEAD))


def _names(session: Session) -> dict[str, str]:
    return {one.key: one.name for one in colleagues.of_desk(session, desk_id())}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _log(do: str, case_ids: list[int]) -> None:
    log.get("web").info("queue_changed", done=do, case_ids=case_ids, account_id=visitor().account_id)
