"""Teams: who recovers, who leads, how much they take. One team as a form, and all of them as one document.

People's own matters are in `teammates`; whom a case is given to is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import log, team_setup
from app.clock import real_now
from app.protocols.errors import DocumentError
from app.protocols.routing import Member, Roster, Team, room
from app.protocols.team_document import TeamError, read_team, read_teams
from app.protocols.yaml_text import read_yaml
from app.scoring.calendars import in_words
from app.store import desks, teams
from app.store.models import Desk, Role, TeamRow
from app.store.versions import Stale
from app.team_setup import Opened
from app.web import forms
from app.web.access import requires
from app.web.context import desk_id, parts, visitor
from app.web.forms import Difference, Slips, Typed

blueprint = Blueprint("teams", __name__, url_prefix="/teams")

LABELS: Mapping[str, str] = {
    "leads": "Leads",
    "members": "Members",
    "capacity": "Open cases at most",
    **forms.hours_labels("hours"),
}
NAMED: Mapping[str, str] = {**LABELS, "group": "Group of the helpdesk", **forms.slip_labels("hours")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A team as the list shows it."""

    team: Team
    row: TeamRow
    leads: Sequence[Member]
    members: Sequence[Member]  #: beside the leads; empty: everybody in the group
    cases: int
    room: int | None
    hours: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A team's form as it is shown."""

    typed: Typed
    version: str
    group_id: str | None  #: None: a new team
    name: str = ""
    slips: Slips | None = None
    found: Sequence[Difference] | None = None  #: what somebody else stored meanwhile
    gone: bool = False
    told: str = ""
    code: int = 200


@blueprint.before_request
def refuse_what_is_no_id() -> None:
    """A helpdesk's ids are letters and digits; nothing else is looked up."""
    given = (request.view_args or {}).get("group_id", "0")
    if not (given.isascii() and given.isalnum()):
        abort(404)


@blueprint.get("")
@requires(Role.LEAD)
def index() -> ResponseReturnValue:
    """Everything here is read from our own rows: the page is as good when the helpdesk does not answer."""
    now = parts().clock.now()
    with parts().database.desk(desk_id(), read=True) as session:
        roster = teams.roster(session, desk_id(), real_now())
        rows = teams.all_teams(session)
        desk = desks.get(session, desk_id())
    return render_template(
        "teams/index.html",
        lines=[_line(row, roster) for row in rows],
        people=sorted(roster.members.values(), key=lambda one: (one.name.casefold(), one.agent_id)),
        roster=roster,
        in_teams=_in_teams(roster),
        zone=team_setup.zone_of(desk),
        now=now,
        seen=real_now(),
        said=request.args.get("said", ""),
    )


@blueprint.get("/new")
@requires(Role.ADMIN)
def new() -> ResponseReturnValue:
    return _show(Sheet(typed=forms.typed_of(forms.hours_typed("hours", None, _zone())), version="", group_id=None))


@blueprint.post("/new")
@requires(Role.ADMIN)
def add() -> ResponseReturnValue:
    sheet = Sheet(typed=request.form, version="", group_id=None)
    try:
        team = team_setup.add_team(parts(), desk_id(), read_team(_document(request.form)), _by())
    except TeamError as error:
        return _show(replace(sheet, slips=forms.slips_of(str(error), "team"), code=422))
    return _stored("added", team.group_id)


@blueprint.get("/<string(maxlength=64):group_id>")
@requires(Role.ADMIN)
def edit(group_id: str) -> ResponseReturnValue:
    with parts().database.desk(desk_id(), read=True) as session:
        row = teams.find_team(session, group_id)
    if row is None:
        abort(404)
    return _show(_stored_sheet(group_id, row))


@blueprint.post("/<string(maxlength=64):group_id>")
@requires(Role.ADMIN)
def change(group_id: str) -> ResponseReturnValue:
    """Keeps what was typed, whatever happened meanwhile."""
    sheet = Sheet(typed=request.form, version=request.form.get("version", "")[:64], group_id=group_id)
    try:
        entry = read_team({**_document(request.form), "group": group_id})
        team_setup.change_team(parts(), desk_id(), entry, Opened(version=sheet.version, by=_by()))
    except TeamError as error:
        return _show(replace(sheet, slips=forms.slips_of(str(error), "team"), code=422))
    except Stale:
        return _show(_conflict(sheet))
    return _stored("changed", group_id)


@blueprint.post("/<string(maxlength=64):group_id>/remove")
@requires(Role.ADMIN)
def remove(group_id: str) -> ResponseReturnValue:
    opened = Opened(version=request.form.get("version", "")[:64], by=_by())
    try:
        team_setup.remove_team(parts(), desk_id(), group_id, opened)
    except Stale:
        with parts().database.desk(desk_id(), read=True) as session:
            row = teams.find_team(session, group_id)
        if row is None:
            return redirect(url_for("teams.index", said="removed"), 303)
        told = "Somebody changed this team meanwhile, so it was not removed. Look at it, then decide."
        return _show(replace(_stored_sheet(group_id, row), told=told, code=409))
    return _stored("removed", group_id)


@blueprint.get("/document")
@requires(Role.ADMIN)
def document() -> ResponseReturnValue:
    """All teams as the document that `kintsugi team import` takes."""
    text, version = team_setup.exported(parts(), desk_id())
    return render_template("teams/document.html", text=text, version=version, slips=(), stored=None)


@blueprint.get("/document.yaml")
@requires(Role.ADMIN)
def download() -> ResponseReturnValue:
    answer = Response(team_setup.export(parts(), desk_id()), mimetype="application/yaml")
    answer.headers["Content-Disposition"] = 'attachment; filename="teams.yaml"'
    return answer


@blueprint.post("/document")
@requires(Role.ADMIN)
def put_document() -> ResponseReturnValue:
    text, version = request.form.get("document", ""), request.form.get("version", "")[:64]
    with parts().database.desk(desk_id(), read=True) as session:
        desk = desks.get(session, desk_id())
    try:
        read = read_teams(read_yaml(text), team_setup.zone_of(desk))
        team_setup.put(parts(), desk, read, version=version, by=_by())
    except (TeamError, DocumentError) as error:
        slips = str(error).splitlines()
        return render_template("teams/document.html", text=text, version=version, slips=slips, stored=None), 422
    except Stale:
        stored, newest = team_setup.exported(parts(), desk_id())
        return render_template("teams/document.html", text=text, version=newest, slips=(), stored=stored), 409
    return _stored("replaced", "")


def _line(row: TeamRow, roster: Roster) -> Line:
    team = roster.teams[row.group_id]
    hours = team.hours or roster.hours

    def known(agent_ids: Sequence[str]) -> list[Member]:
        return [roster.members.get(agent_id) or Member(agent_id=agent_id) for agent_id in agent_ids]

    return Line(
        team=team,
        row=row,
        leads=known(team.leads),
        members=known([agent_id for agent_id in team.members if agent_id not in team.leads]),
        cases=roster.team_cases.get(team.group_id, 0),
        room=room(team, roster),
        hours=in_words(hours) if hours else None,
    )


def _in_teams(roster: Roster) -> Mapping[str, list[str]]:
    """Names of the teams that name each person, by their id."""
    found: dict[str, list[str]] = {}
    for team in roster.teams.values():
        for agent_id in dict.fromkeys((*team.leads, *team.members)):
            found.setdefault(agent_id, []).append(team.name)
    return found


def _document(typed: Typed) -> dict[str, Any]:
    """The form as one team of the document; what is not said there is left out here."""
    given: dict[str, Any] = {
        "group": typed.get("group", "").strip() or None,
        "leads": forms.lines_of(typed.get("leads", "")),
        "members": forms.lines_of(typed.get("members", "")),
        "capacity": forms.whole(typed.get("capacity", "")),
        "hours": forms.hours_given(typed, "hours"),
    }
    return given


def _stored_sheet(group_id: str, row: TeamRow) -> Sheet:
    team = teams.team_of(row)
    return Sheet(typed=_typed(team), version=team_setup.version_of_team(team), group_id=group_id, name=team.name)


def _typed(team: Team) -> Typed:
    """What one would have to type to say what is stored."""
    with parts().database.desk(desk_id(), read=True) as session:
        words = {row.agent_id: row.email or row.agent_id for row in teams.all_members(session)}
    return forms.typed_of(
        [
            ("leads", "\n".join(words.get(agent_id, agent_id) for agent_id in team.leads)),
            ("members", "\n".join(words.get(agent_id, agent_id) for agent_id in team.members)),
            ("capacity", "" if team.capacity is None else str(team.capacity)),
            *forms.hours_typed("hours", team.hours, _zone()),
        ]
    )


def _conflict(sheet: Sheet) -> Sheet:
    """The same form with what is stored by now beside what was typed; sent again, it is about that."""
    assert sheet.group_id is not None
    with parts().database.desk(desk_id(), read=True) as session:
        row = teams.find_team(session, sheet.group_id)
    if row is None:
        return replace(sheet, version="", gone=True, code=409)
    stored = _stored_sheet(sheet.group_id, row)
    found = forms.differences(sheet.typed, stored.typed, LABELS)
    return replace(sheet, version=stored.version, found=found, code=409)


def _show(sheet: Sheet) -> ResponseReturnValue:
    asked = team_setup.look_up(parts(), desk_id(), sheet.group_id or "")
    group = asked.directory.groups_called(sheet.group_id or "")
    people = asked.directory.members.get(sheet.group_id or "", ())
    with parts().database.desk(desk_id(), read=True) as session:
        row = teams.find_team(session, sheet.group_id) if sheet.group_id else None
    page = render_template(
        "teams/edit.html",
        sheet=sheet,
        name=row.name if row else group[0].name if group else sheet.group_id,
        row=row,
        slips=sheet.slips or {},
        labels=NAMED,
        groups=asked.directory.groups,
        people=sorted(people, key=lambda one: one.name.casefold()),
        problem=asked.problem,
        seen=real_now(),
    )
    return page, sheet.code


def _stored(what: str, group_id: str) -> ResponseReturnValue:
    log.get("web").info("team_stored", did=what, group_id=group_id, account_id=visitor().account_id)
    return redirect(url_for("teams.index", said=what), 303)


def _zone() -> str:
    with parts().database.desk(desk_id(), read=True) as session:
        desk: Desk = desks.get(session, desk_id())
    return team_setup.zone_of(desk)


def _by() -> str:
    return f"account:{visitor().account_id}"
