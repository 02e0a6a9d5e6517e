"""Connected desks and their health: what came in, what is scored, what was refused; pause, resume, check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import doctor, log
from app.clock import real_now
from app.connect import AUTHORIZERS, KINDS
from app.governor import CEILINGS, Budget, Governor, Lane, Standing
from app.scoring.calendars import in_words, read_calendar
from app.scoring.context import Usual
from app.store import access, audit, deliveries, desks, gaps, queue, walks
from app.store.accounts import reaches
from app.store.models import DeliveryState, Desk, Reconcile, Refusal, Role
from app.web.access import requires, requires_on_named_desk
from app.web.context import parts, visitor
from connectors.errors import ConnectorError
from connectors.ticket import Finding

blueprint = Blueprint("desks", __name__, url_prefix="/desks")

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One desk as its admins see it; never anything secret."""

    desk: Desk
    coverage: queue.Coverage
    backlog: deliveries.Backlog
    refusals: Sequence[Refusal]
    calls: Mapping[str, int]  #: of all processes
    share: float  #: of the account's allowances, that we spend at most
    allowances: Sequence[Standing]
    last_delivery_at: datetime | None  #: mechanism time
    missed: Sequence[gaps.Day]  #: days of this week on which changes came without their webhook
    reconcile: Reconcile | None  #: None before its first turn
    hours: str | None  #: the desk's opening hours in words
    holidays: Sequence[date]
    usual: Usual
    fields: Mapping[str, str]  #: ids of custom fields, by what they say
    warnings: Sequence[str]  #: about the credentials
    access: access.Standing | None  #: of tokens that are renewed
    consent: str | None  #: what connecting it again on the web is called; None where that is not offered
    findings: Sequence[Finding]  #: by what is stored, those that need somebody first
    room: Mapping[Lane, int]  #: reads that each lane may make now; empty where nothing is known of the kind's limits
    dead: int  #: dead letters
    may: bool  #: whether the visitor may change it


@blueprint.get("")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    healths = [_health(place.desk_id) for place in visitor().places if reaches(place.role, Role.ADMIN, reads=True)]
    return render_template("desks/index.html", healths=healths, findings=None, checked=None, now=real_now())


@blueprint.post("/<id:desk_id>/check")
@requires_on_named_desk(Role.ADMIN)
def check(desk_id: int) -> ResponseReturnValue:
    """Ask the helpdesk real questions, now, within the calls' own deadline."""
    findings = _check(desk_id)
    log.get("web").info("desk_checked", desk_id=desk_id, failed=sum(not finding.ok for finding in findings))
    return render_template(
        "desks/index.html", healths=[_health(desk_id)], findings=findings, checked=desk_id, now=real_now()
    )


@blueprint.post("/<id:desk_id>/pause")
@requires_on_named_desk(Role.ADMIN)
def pause(desk_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id) as session:
        desks.pause(session, desk_id, desks.PAUSED_BY_ADMIN)
        audit.record(session, by=_by(), did="desk.paused", what=f"desk:{desk_id}", at=real_now())
    log.get("web").info("desk_paused", desk_id=desk_id, account_id=visitor().account_id)
    return redirect(url_for("desks.index"), 303)


@blueprint.post("/<id:desk_id>/resume")
@requires_on_named_desk(Role.ADMIN)
def resume(desk_id: int) -> ResponseReturnValue:
    with parts().database.desk(desk_id) as session:
        desks.resume(session, desk_id)
        audit.record(session, by=_by(), did="desk.resumed", what=f"desk:{desk_id}", at=real_now())
    log.get("web").info("desk_resumed", desk_id=desk_id, account_id=visitor().account_id)
    return redirect(url_for("desks.index"), 303)


def _check(desk_id: int) -> Sequence[Finding]:
    try:
        with parts().connections.open(desk_id) as connector:
            return connector.check()
    except ConnectorError as error:
        return [Finding(name="connection", ok=False, detail=str(error), remedy="Check the address and credentials.")]
    except ValueError as error:
        return [Finding(name="credentials", ok=False, detail=str(error), remedy="Store the desk's credentials again.")]


def _health(desk_id: int) -> Health:
    governor, place = parts().connections.governor, visitor().place_on(desk_id)
    with parts().database.desk(desk_id, read=True) as session:
        desk = desks.get(session, desk_id)
        credentials, calendar = desks.credentials(session, desk), desk.settings.get("calendar")
        hours = read_calendar(calendar) if calendar else None
        budget = parts().connections.budget(desk)
        return Health(
            desk=desk,
            hours=in_words(hours) if hours else None,
            holidays=sorted(hours.holidays) if hours else (),
            usual=Usual(**desk.usual) if desk.usual else Usual(),
            fields=desk.settings.get("fields", {}),
            warnings=KINDS[desk.kind].warnings(credentials, parts().clock.now()),
            access=access.standing(session),
            consent=_consent(desk.kind, credentials),
            coverage=queue.coverage(session),
            last_delivery_at=deliveries.last_received_at(session),
            missed=gaps.per_day(session, (real_now() - WEEK).date()),
            reconcile=walks.find(session),
            backlog=deliveries.backlog(session),
            refusals=desks.refusals(session, desk_id),
            calls=_calls(governor, desk_id),
            share=budget.share,
            allowances=governor.standings(desk_id),
            findings=sorted(doctor.examine_desk(session, desk), key=lambda one: one.ok),
            room=_room(governor, budget),
            dead=deliveries.counts(session)[DeliveryState.DEAD],
            may=place is not None and reaches(place.role, Role.ADMIN, reads=False),
        )


def _room(governor: Governor, budget: Budget) -> Mapping[Lane, int]:
    """What is left to each lane in the account's own allowance, the most urgent lane first."""
    if not budget.allowances("GET", "/"):
        return {}
    return {lane: governor.room(budget, lane) for lane in CEILINGS}


def _by() -> str:
    return f"account:{visitor().account_id}"


def _consent(kind: str, credentials: Mapping[str, str]) -> str | None:
    if kind not in AUTHORIZERS:
        return None
    return "Reconnect" if "client_id" in credentials else "Connect by OAuth"


def _calls(governor: Governor, desk_id: int) -> Mapping[str, int]:
    """Calls by direction, and how many of them failed."""
    counted = {"read": 0, "write": 0, "failed": 0}
    for (desk, direction, status), number in governor.calls().items():
        if desk == desk_id:
            counted[direction] += number
            counted["failed"] += number if status == 0 or status >= 400 else 0
    return counted
