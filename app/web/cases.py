"""The recovery queue, and one case's whole story with the decisions that only a person can make."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import log
from app.clock import real_now
from app.store import deferrals, desks, queue, reviews
from app.store.models import Role
from app.web import case_page
from app.web.access import requires
from app.web.context import desk_id, parts, visitor
from app.words import CLOSED_STAGES, CaseStage, SatState

blueprint = Blueprint("cases", __name__, url_prefix="/cases")


@blueprint.get("")
@requires(Role.AGENT)
def index() -> ResponseReturnValue:
    wanted = _wanted()
    with parts().database.desk(desk_id(), read=True) as session:
        found = queue.cases(session, wanted)
        stages = queue.count_by_stage(session)
        deferred = deferrals.waiting(session)
        desk = desks.get(session, desk_id())
    return render_template(
        "cases/index.html",
        found=found,
        stages=stages,
        open_cases=sum(stages[stage] for stage in queue.open_stages()),
        chosen_stage=request.args.get("stage", "open"),
        chosen_state=wanted.state,
        deferred=deferred,
        ticket_url=lambda ticket_id: case_page.ticket_url(desk, ticket_id),
        now=parts().clock.now(),
    )


@blueprint.get("/<id:case_id>")
@requires(Role.AGENT)
def show(case_id: int) -> ResponseReturnValue:
    return case_page.render(case_id)


@blueprint.post("/steps/<id:step_id>/confirm")
@requires(Role.LEAD)
def confirm_step(step_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id()) as session:
        case_id = reviews.confirm_step(session, step_id, parts().clock.now())
        case_page.record(session, "step.confirmed", case_id, step=step_id)
    return _decided("confirmed", case_id, step_id=step_id)


@blueprint.post("/steps/<id:step_id>/repeat")
@requires(Role.LEAD)
def repeat_step(step_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id()) as session:
        case_id = reviews.repeat_step(session, step_id, real_now())
        case_page.record(session, "step.repeated", case_id, step=step_id)
    return _decided("repeated", case_id, step_id=step_id)


@blueprint.post("/invitations/<id:invitation_id>/confirm")
@requires(Role.LEAD)
def confirm_invitation(invitation_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id()) as session:
        case_id = reviews.confirm_invitation(session, invitation_id, parts().clock.now())
        case_page.record(session, "invitation.confirmed", case_id, invitation=invitation_id)
    return _decided("confirmed", case_id, invitation_id=invitation_id)


@blueprint.post("/invitations/<id:invitation_id>/repeat")
@requires(Role.LEAD)
def repeat_invitation(invitation_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id()) as session:
        case_id = reviews.repeat_invitation(session, invitation_id)
        case_page.record(session, "invitation.repeated", case_id, invitation=invitation_id)
    return _decided("repeated", case_id, invitation_id=invitation_id)


@blueprint.post("/invitations/<id:invitation_id>/now")
@requires(Role.LEAD)
def hasten_invitation(invitation_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id()) as session:
        case_id = reviews.hasten_invitation(session, invitation_id, parts().clock.now())
        case_page.record(session, "invitation.hastened", case_id, invitation=invitation_id)
    return _decided("hastened", case_id, invitation_id=invitation_id)


def _decided(what: str, case_id: int | None, **ids: int) -> ResponseReturnValue:
    """Back to the case, saying what was done; or that it was too late for it."""
    if case_id is not None:
        log.get("web").info("review_decided", decision=what, case_id=case_id, account_id=visitor().account_id, **ids)
        return redirect(url_for("cases.show", case_id=case_id, said=what), 303)
    return case_page.too_late()


def _wanted() -> queue.Wanted:
    """The filters in the address; what we do not know is left out rather than refused."""
    stage, state, page = (request.args.get(name, "") for name in ("stage", "state", "page"))
    stages = {"": queue.open_stages(), "open": queue.open_stages(), "closed": CLOSED_STAGES, "all": None}
    one = frozenset({CaseStage(stage)}) if stage in set(CaseStage) else queue.open_stages()
    return queue.Wanted(
        stages=stages.get(stage, one),
        state=SatState(state) if state in set(SatState) else None,
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
    )
