"""What people do on a case's page: tick off their steps, leave one out with a reason, say what they did instead, close
the case. Every refusal is said beside its form, and nothing of it is stored."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.store import alert_chains, cases, chores, desks, deviations
from app.store.deviations import DeviationKind, Given, ReasonMissing
from app.store.models import RecoveryCase, Role
from app.web import case_page
from app.web.access import requires
from app.web.case_page import Trouble
from app.web.context import desk_id, parts, visitor
from tasks.closing import ByHand, CannotClose, Ending, close

blueprint = Blueprint("casework", __name__, url_prefix="/cases")

#: Deviations that a person may name by themselves; the others come with what they do.
OTHERS = (DeviationKind.OTHER_STEP, DeviationKind.OTHER_REMEDY)


@blueprint.post("/steps/<id:step_id>/done")
@requires(Role.AGENT)
def tick(step_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id()) as session:
        case_id = chores.tick(session, step_id, visitor().email, parts().clock.now())
        case_page.record(session, "step.ticked", case_id, step=step_id)
    return _said("ticked", case_id, step_id=step_id)


@blueprint.post("/steps/<id:step_id>/leave-out")
@requires(Role.AGENT)
def leave_out(step_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    with parts().database.desk(desk_id()) as session:
        case = chores.case_of(session, step_id)
        case_id = case.id if case is not None else None
        trouble = case_page.reason_trouble(f"step-{step_id}", reason)
        if case is not None and trouble is None:
            given = Given(kind=DeviationKind.LEFT_OUT, reason=reason, by=visitor().email, step_id=step_id)
            if chores.leave_out(session, step_id, visitor().email, parts().clock.now()) is not None:
                deviations.record(session, case, given, parts().clock.now())
                case_page.record(session, "step.left_out", case.id, step=step_id)
    if case_id is not None and trouble is not None:
        return _refused(case_id, trouble)
    return _said("left_out", case_id, step_id=step_id)


@blueprint.post("/<id:case_id>/acknowledge")
@requires(Role.AGENT)
def acknowledge(case_id: int) -> ResponseReturnValue:
    """Take the alerts of a case that wait for somebody."""
    now = parts().clock.now()
    with parts().database.desk(desk_id()) as session:
        case = _case(session, case_id)
        taken = alert_chains.acknowledge_case(session, case.id, visitor().email, now=now, woken_at=real_now())
        case_page.record(session, "alert.acknowledged", case.id if taken else None, alerts=taken)
    return _said("taken" if taken else "late", case_id)


@blueprint.post("/<id:case_id>/deviations")
@requires(Role.AGENT)
def deviate(case_id: int) -> ResponseReturnValue:
    kind, reason = request.form.get("kind", ""), request.form.get("reason", "")
    if kind not in OTHERS:
        return _refused(case_id, Trouble(form="other", message="Choose what was done instead.", reason=reason))
    trouble = case_page.reason_trouble("other", reason)
    if trouble is not None:
        return _refused(case_id, trouble)
    with parts().database.desk(desk_id()) as session:
        given = Given(kind=DeviationKind(kind), reason=reason, by=visitor().email)
        deviations.record(session, _case(session, case_id), given, parts().clock.now())
        case_page.record(session, "case.deviated", case_id, kind=kind)
    return _said("deviated", case_id)


@blueprint.post("/<id:case_id>/close")
@requires(Role.AGENT)
def close_case(case_id: int) -> ResponseReturnValue:
    ending, reason = request.form.get("ending", ""), request.form.get("reason", "")
    if ending not in set(Ending):
        return _refused(case_id, Trouble(form="close", message="Choose how it ended.", reason=reason))
    trouble = case_page.unkept("close", reason)
    if trouble is not None:
        return _refused(case_id, trouble)
    confirmed = request.form.get("confirmed") == "yes"
    wanted = ByHand(ending=Ending(ending), confirmed=confirmed, reason=reason, by=visitor().email)
    try:
        with parts().database.desk(desk_id()) as session:
            close(session, _case(session, case_id), wanted, parts().clock.now())
            case_page.record(session, "case.closed", case_id, ending=ending, confirmed=confirmed)
    except (CannotClose, ReasonMissing) as error:
        message = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return _refused(case_id, Trouble(form="close", message=message, reason=reason))
    return _said("closed", case_id)


def _case(session: Session, case_id: int) -> RecoveryCase:
    try:
        return cases.get(session, case_id)
    except desks.NotFound:
        abort(404)


def _refused(case_id: int, trouble: Trouble) -> ResponseReturnValue:
    """The case's page again, with what was wrong beside the form and what was typed still in it."""
    return case_page.render(case_id, trouble=trouble), 422


def _said(what: str, case_id: int | None, **ids: int) -> ResponseReturnValue:
    """Back to the case, saying what was done; or that it was too late for it."""
    if case_id is None:
        return case_page.too_late()
    log.get("web").info("casework", done=what, case_id=case_id, account_id=visitor().account_id, **ids)
    return redirect(url_for("cases.show", case_id=case_id, said=what), 303)
