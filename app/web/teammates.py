"""One person of a team: what they can and take, and when they are away. Teams themselves are in `teams`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import log, team_setup
from app.clock import real_now
from app.protocols.routing import Member, Roster
from app.protocols.team_document import PersonEntry, TeamError, read_person
from app.store import desks, teams
from app.store.models import Role
from app.store.versions import Stale
from app.team_setup import Opened
from app.web import forms
from app.web.access import requires
from app.web.context import desk_id, parts, visitor
from app.web.forms import Difference, Slips, Typed

blueprint = Blueprint("teammates", __name__, url_prefix="/teams/people")

LABELS: Mapping[str, str] = {
    "skills": "Skills",
    "capacity": "Open cases at most",
    "senior": "Senior",
    **forms.hours_labels("hours"),
}
NAMED: Mapping[str, str] = {**LABELS, "away.from": "From", "away.until": "Until", **forms.slip_labels("hours")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A person's two forms as they are shown."""

    typed: Typed
    absence: Typed
    version: str
    slips: Slips | None = None
    found: Sequence[Difference] | None = None  #: what somebody else stored meanwhile
    code: int = 200


@blueprint.before_request
def refuse_what_is_no_id() -> None:
    """A helpdesk's ids are letters and digits; nothing else is looked up."""
    given = (request.view_args or {}).get("agent_id", "0")
    if not (given.isascii() and given.isalnum()):
        abort(404)


@blueprint.get("/<string(maxlength=64):agent_id>")
@requires(Role.LEAD)
def show(agent_id: str) -> ResponseReturnValue:
    roster, zone = _roster(agent_id)
    return _page(agent_id, roster, zone, _stored(roster.members[agent_id], zone))


@blueprint.post("/<string(maxlength=64):agent_id>")
@requires(Role.ADMIN)
def change(agent_id: str) -> ResponseReturnValue:
    """Skills, capacity and hours of a person; keeps what was typed, whatever happened meanwhile."""
    roster, zone = _roster(agent_id)
    stored = _stored(roster.members[agent_id], zone)
    sheet = replace(stored, typed=request.form, version=request.form.get("version", "")[:64])
    try:
        opened = Opened(version=sheet.version, by=_by())
        team_setup.change_member(parts(), desk_id(), agent_id, _entry(agent_id, request.form, zone), opened)
    except TeamError as error:
        slips = forms.slips_of(str(error), "person")
        return _page(agent_id, roster, zone, replace(sheet, slips=slips, code=422))
    except Stale:
        found = forms.differences(sheet.typed, stored.typed, LABELS)
        return _page(agent_id, roster, zone, replace(sheet, version=stored.version, found=found, code=409))
    except desks.NotFound:
        abort(404)
    return _done("changed", agent_id)


@blueprint.post("/<string(maxlength=64):agent_id>/away")
@requires(Role.LEAD)
def away(agent_id: str) -> ResponseReturnValue:
    """Out of office from then until then, or back again."""
    roster, zone = _roster(agent_id)
    absence = {"from": request.form.get("away.from", "").strip(), "until": request.form.get("away.until", "").strip()}
    back = request.form.get("do") == "back"
    try:
        said = {} if back else {name: text for name, text in absence.items() if text}
        entry = read_person({"agent": agent_id, "away": said}, zone)
    except TeamError as error:
        slips = forms.slips_of(str(error), "person")
        sheet = replace(_stored(roster.members[agent_id], zone), absence=request.form, slips=slips, code=422)
        return _page(agent_id, roster, zone, sheet)
    since = None if back else entry.away_from or _earlier(parts().clock.now(), entry.away_until)
    team_setup.away(parts(), desk_id(), agent_id, since=since, until=entry.away_until, by=_by())
    return _done("back" if back else "away", agent_id)


def _earlier(now: datetime, until: datetime | None) -> datetime | None:
    """An absence without a beginning begins now; one that is over already has none."""
    return now if until is None or now < until else None


def _roster(agent_id: str) -> tuple[Roster, str]:
    """Everybody who is stored, this person among them, and the zone in which days are named."""
    with parts().database.desk(desk_id(), read=True) as session:
        roster = teams.roster(session, desk_id(), real_now())
        zone = team_setup.zone_of(desks.get(session, desk_id()))
    if agent_id not in roster.members:
        abort(404)
    return roster, zone


def _entry(agent_id: str, typed: Typed, zone: str) -> PersonEntry:
    """The form as what the document says of a person. Raises TeamError."""
    given = {
        "agent": agent_id,
        "skills": forms.words_of(typed.get("skills", "")),
        "capacity": forms.whole(typed.get("capacity", "")),
        "senior": typed.get("senior") == "yes",
        "hours": forms.hours_given(typed, "hours"),
    }
    return read_person(given, zone)


def _stored(member: Member, zone: str) -> Sheet:
    return Sheet(
        typed=forms.typed_of(
            [
                ("skills", ", ".join(sorted(member.skills))),
                ("capacity", "" if member.capacity is None else str(member.capacity)),
                ("senior", "yes" if member.senior else ""),
                *forms.hours_typed("hours", member.hours, zone),
            ]
        ),
        absence=forms.typed_of(
            [("away.from", _local(member.away_from, zone)), ("away.until", _local(member.away_until, zone))]
        ),
        version=team_setup.version_of_member(member),
    )


def _local(at: datetime | None, zone: str) -> str:
    """A moment as one would type it, by the desk's clock."""
    local = at.astimezone(ZoneInfo(zone)) if at is not None else None
    if local is None:
        return ""
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"


def _page(agent_id: str, roster: Roster, zone: str, sheet: Sheet) -> ResponseReturnValue:
    member = roster.members[agent_id]
    page = render_template(
        "teams/person.html",
        member=member,
        sheet=sheet,
        slips=sheet.slips or {},
        labels=NAMED,
        zone=zone,
        cases=roster.cases.get(agent_id, 0),
        is_away=member.is_away(parts().clock.now()),
        said=request.args.get("said", ""),
    )
    return page, sheet.code


def _done(what: str, agent_id: str) -> ResponseReturnValue:
    log.get("web").info("teammate_stored", did=what, agent_id=agent_id, account_id=visitor().account_id)
    return redirect(url_for("teammates.show", agent_id=agent_id, said=what), 303)


def _by() -> str:
    return f"account:{visitor().account_id}"
