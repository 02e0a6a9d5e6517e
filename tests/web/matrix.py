"""Who may call what, written by hand: every route and operation with its audience, and what that means for each caller.

It says what ought to be; the handlers declare what is; `test_matrix` holds the one to the other. A new route needs its
line in `ROUTES`, and a name in a path that is new needs its value in `tests/web/test_matrix.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Caller(StrEnum):
    """Who asks. All but the last of the people work on the desk whose pages are asked for."""

    STRANGER = "stranger"  # a browser that nobody is signed in to
    GUEST = "guest"  # signed in, without any desk
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"
    AUDITOR = "auditor"
    FOREIGNER = "foreigner"  # an admin of another desk
    MIXED = "mixed"  # an agent here, and an admin of another desk
    DEMOTED = "demoted"  # an admin when they signed in, and an agent since
    MOVED = "moved"  # an admin of both desks when they signed in, and since then of the other alone
    DISMISSED = "dismissed"  # an admin when they signed in, and since then without any role
    SIDEBAR = "sidebar"  # the bearer of a sidebar that the desk's helpdesk opened
    FOREIGN_SIDEBAR = "foreign sidebar"  # and of one that another desk's helpdesk opened
    OPERATOR = "operator"  # the operator's token
    READER = "reader"  # an admin's program whose token may read
    WRITER = "writer"  # and one whose token may change what agents and leads may
    PROGRAM = "program"  # and one whose token may do all that the admin may
    FOREIGN_PROGRAM = "foreign program"  # the same of another desk
    OLD_PROGRAM = "old program"  # the same of one who was dismissed since, and then came back


class For(StrEnum):
    """For whom a handler is; those above may call it, too."""

    ANYBODY = "anybody"  # it verifies by itself what it has to
    SIGNED_IN = "signed in"
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"
    ADMIN_THERE = "admin there"  # of the desk that the path names
    SIDEBAR = "sidebar"
    API_AGENT = "api agent"
    API_LEAD = "api lead"
    API_ADMIN = "api admin"


IN = 0  #: let in
SAFE = "GET"

#: Method and rule -> audience. Where there is no row, `desk 1's` in a path is not found by those of other desks.
ROUTES: dict[str, For] = {
    "GET /": For.AGENT,
    "GET /a/<token>": For.ANYBODY,
    "POST /a/<token>": For.ANYBODY,
    "GET /account": For.SIGNED_IN,
    "POST /account/password": For.SIGNED_IN,
    "POST /account/sessions/<id:session_id>/end": For.SIGNED_IN,
    "POST /account/sessions/end": For.SIGNED_IN,
    "POST /account/tokens": For.SIGNED_IN,
    "POST /account/tokens/<id:token_id>/revoke": For.SIGNED_IN,
    "GET /api/docs": For.ANYBODY,
    "GET /api/openapi.json": For.ANYBODY,
    "GET /api/v1/audit": For.API_ADMIN,
    "GET /api/v1/cases": For.API_AGENT,
    "GET /api/v1/cases/<id:case_id>": For.API_AGENT,
    "POST /api/v1/cases/<id:case_id>/claim": For.API_AGENT,
    "POST /api/v1/cases/<id:case_id>/hand-over": For.API_AGENT,
    "POST /api/v1/cases/<id:case_id>/release": For.API_AGENT,
    "POST /api/v1/cases/<id:case_id>/snooze": For.API_AGENT,
    "POST /api/v1/cases/<id:case_id>/wake": For.API_AGENT,
    "GET /api/v1/customers": For.API_AGENT,
    "GET /api/v1/customers/<id:person_id>": For.API_AGENT,
    "POST /api/v1/customers/find": For.API_AGENT,
    "GET /api/v1/deliveries": For.API_ADMIN,
    "POST /api/v1/deliveries/<id:delivery_id>/replay": For.API_ADMIN,
    "GET /api/v1/desks": For.API_AGENT,
    "GET /api/v1/desks/<id:desk_id>": For.API_ADMIN,
    "GET /api/v1/people": For.API_ADMIN,
    "GET /api/v1/protocols": For.API_AGENT,
    "POST /api/v1/protocols": For.API_ADMIN,
    "GET /api/v1/protocols/<id:protocol_id>": For.API_AGENT,
    "GET /api/v1/protocols/<id:protocol_id>/diff": For.API_AGENT,
    "GET /api/v1/protocols/<id:protocol_id>/history": For.API_AGENT,
    "POST /api/v1/protocols/<id:protocol_id>/publish": For.API_ADMIN,
    "POST /api/v1/protocols/<id:protocol_id>/rollback": For.API_ADMIN,
    "POST /api/v1/protocols/<id:protocol_id>/versions": For.API_ADMIN,
    "POST /api/v1/protocols/backtest": For.API_ADMIN,
    "POST /api/v1/protocols/check": For.API_ADMIN,
    "GET /api/v1/protocols/rollbacks/<id:rollback_id>": For.API_LEAD,
    "POST /api/v1/protocols/try": For.API_ADMIN,
    "GET /api/v1/protocols/vocabulary": For.API_AGENT,
    "GET /api/v1/teams": For.API_LEAD,
    "GET /api/v1/tickets": For.API_AGENT,
    "GET /api/v1/tickets/<ticket_id>/score": For.API_ADMIN,
    "GET /api/v1/tickets/<ticket_id>/scores": For.API_AGENT,
    "GET /api/v1/tickets/<ticket_id>/why": For.API_ADMIN,
    "GET /api/v1/warnings": For.API_AGENT,
    "GET /audit": For.ADMIN,
    "GET /audit/export": For.ADMIN,
    "GET /cases": For.AGENT,
    "GET /cases/<id:case_id>": For.AGENT,
    "POST /cases/<id:case_id>/acknowledge": For.AGENT,
    "POST /cases/<id:case_id>/close": For.AGENT,
    "POST /cases/<id:case_id>/deviations": For.AGENT,
    "POST /cases/<id:case_id>/look": For.AGENT,
    "POST /cases/<id:case_id>/undo": For.LEAD,
    "POST /cases/invitations/<id:invitation_id>/confirm": For.LEAD,
    "POST /cases/invitations/<id:invitation_id>/now": For.LEAD,
    "POST /cases/invitations/<id:invitation_id>/repeat": For.LEAD,
    "POST /cases/steps/<id:step_id>/confirm": For.LEAD,
    "POST /cases/steps/<id:step_id>/done": For.AGENT,
    "POST /cases/steps/<id:step_id>/leave-out": For.AGENT,
    "POST /cases/steps/<id:step_id>/repeat": For.LEAD,
    "GET /customers": For.AGENT,
    "POST /customers": For.AGENT,
    "GET /customers/<id:person_id>": For.AGENT,
    "GET /deliveries": For.ADMIN,
    "GET /deliveries/<id:delivery_id>/replay": For.ADMIN,
    "POST /deliveries/<id:delivery_id>/replay": For.ADMIN,
    "POST /desk": For.SIGNED_IN,
    "GET /desks": For.ADMIN,
    "POST /desks/<id:desk_id>/check": For.ADMIN_THERE,
    "GET /desks/<id:desk_id>/connect": For.ADMIN_THERE,
    "POST /desks/<id:desk_id>/connect": For.ADMIN_THERE,
    "GET /desks/<id:desk_id>/dead": For.ADMIN_THERE,
    "POST /desks/<id:desk_id>/dead": For.ADMIN_THERE,
    "POST /desks/<id:desk_id>/pause": For.ADMIN_THERE,
    "POST /desks/<id:desk_id>/resume": For.ADMIN_THERE,
    "GET /desks/<id:desk_id>/settings": For.ADMIN_THERE,
    "POST /desks/<id:desk_id>/settings": For.ADMIN_THERE,
    "GET /desks/connect": For.SIGNED_IN,
    "POST /desks/connect": For.SIGNED_IN,
    "GET /desks/connected": For.SIGNED_IN,
    "GET /healthz": For.ANYBODY,
    "POST /hooks/<key>": For.ANYBODY,
    "GET /impact": For.LEAD,
    "GET /learning": For.ADMIN,
    "POST /learning/<id:version>/promote": For.ADMIN,
    "POST /learning/automatic": For.ADMIN,
    "POST /learning/prior": For.ADMIN,
    "POST /learning/train": For.ADMIN,
    "GET /metrics": For.ANYBODY,
    "GET /people": For.ADMIN,
    "POST /people": For.ADMIN,
    "POST /people/<id:account_id>/link": For.ADMIN,
    "POST /people/<id:account_id>/remove": For.ADMIN,
    "POST /people/<id:account_id>/role": For.ADMIN,
    "POST /people/tokens/<id:token_id>/revoke": For.ADMIN,
    "GET /protocols": For.AGENT,
    "GET /protocols/<id:protocol_id>": For.AGENT,
    "GET /protocols/<id:protocol_id>/backtest": For.ADMIN,
    "GET /protocols/<id:protocol_id>/edit": For.ADMIN,
    "POST /protocols/<id:protocol_id>/edit": For.ADMIN,
    "GET /protocols/<id:protocol_id>/history": For.AGENT,
    "GET /protocols/<id:protocol_id>/rollback": For.ADMIN,
    "POST /protocols/<id:protocol_id>/rollback": For.ADMIN,
    "GET /protocols/<id:protocol_id>/versions/<id:number>/publish": For.ADMIN,
    "POST /protocols/<id:protocol_id>/versions/<id:number>/publish": For.ADMIN,
    "POST /protocols/look": For.ADMIN,
    "GET /protocols/new": For.ADMIN,
    "POST /protocols/new": For.ADMIN,
    "GET /protocols/rollbacks/<id:rollback_id>": For.LEAD,
    "GET /queue": For.AGENT,
    "POST /queue": For.AGENT,
    "POST /queue/decisions": For.LEAD,
    "GET /queue/rows": For.AGENT,
    "GET /readyz": For.ANYBODY,
    "GET /s/<token>": For.ANYBODY,
    "POST /s/<token>": For.ANYBODY,
    "GET /s/<token>/stop": For.ANYBODY,
    "POST /s/<token>/stop": For.ANYBODY,
    "POST /sidebar/freshdesk": For.ANYBODY,
    "POST /sidebar/freshdesk/check": For.ANYBODY,
    "GET /sidebar/zendesk": For.ANYBODY,
    "POST /sidebar/zendesk": For.ANYBODY,
    "POST /sidebar/zendesk/check": For.SIDEBAR,
    "GET /sidebar/zendesk/ticket/<ticket_id>": For.SIDEBAR,
    "POST /sidebar/zendesk/ticket/<ticket_id>/cause": For.SIDEBAR,
    "POST /sidebar/zendesk/ticket/<ticket_id>/opinion": For.SIDEBAR,
    "POST /sidebar/zendesk/ticket/<ticket_id>/steps/<id:step_id>/<any(done, run):what>": For.SIDEBAR,
    "POST /sidebar/zendesk/ticket/<ticket_id>/watch": For.SIDEBAR,
    "GET /sign-in": For.ANYBODY,
    "POST /sign-in": For.ANYBODY,
    "GET /sign-in/<token>": For.ANYBODY,
    "POST /sign-in/<token>": For.ANYBODY,
    "GET /sign-in/openid": For.ANYBODY,
    "GET /sign-in/openid/back": For.ANYBODY,
    "POST /sign-out": For.SIGNED_IN,
    "GET /static/<path:filename>": For.ANYBODY,
    "GET /teams": For.LEAD,
    "GET /teams/<string(maxlength=64):group_id>": For.ADMIN,
    "POST /teams/<string(maxlength=64):group_id>": For.ADMIN,
    "POST /teams/<string(maxlength=64):group_id>/remove": For.ADMIN,
    "GET /teams/document": For.ADMIN,
    "POST /teams/document": For.ADMIN,
    "GET /teams/document.yaml": For.ADMIN,
    "GET /teams/new": For.ADMIN,
    "POST /teams/new": For.ADMIN,
    "GET /teams/people/<string(maxlength=64):agent_id>": For.LEAD,
    "POST /teams/people/<string(maxlength=64):agent_id>": For.ADMIN,
    "POST /teams/people/<string(maxlength=64):agent_id>/away": For.LEAD,
    "GET /tickets/<ticket_id>": For.AGENT,
    "POST /tickets/<ticket_id>/cause": For.AGENT,
    "GET /tickets/<ticket_id>/why": For.AGENT,
    "GET /warnings": For.AGENT,
}

#: What a GET answers to those who may see it, where that is not 200.
ANSWERS = {
    "GET /desks/connect": 403,  # a new desk is for admins of every desk
    "GET /desks/connected": 400,  # nobody went to a helpdesk
}

#: What is about no desk at all.
OF_NO_DESK = {
    "GET /api/v1/desks",
    "GET /api/v1/desks/<id:desk_id>",
    "GET /api/v1/protocols/vocabulary",
}

#: What changes nothing although it is a POST: its question belongs into no address.
QUESTIONS = {
    "POST /api/v1/customers/find",
    "POST /api/v1/protocols/backtest",
    "POST /api/v1/protocols/check",
    "POST /api/v1/protocols/try",
    "POST /customers",
}

_RANK = {Caller.AGENT: 0, Caller.MIXED: 0, Caller.LEAD: 1, Caller.ADMIN: 2, Caller.FOREIGNER: 2}
_LEAST = {
    For.AGENT: 0,
    For.LEAD: 1,
    For.ADMIN: 2,
    For.ADMIN_THERE: 2,
    For.API_AGENT: 0,
    For.API_LEAD: 1,
    For.API_ADMIN: 2,
}
#: Whoever lost a role is no more than those who never had it.
_AS = {
    Caller.DEMOTED: Caller.AGENT,
    Caller.MOVED: Caller.FOREIGNER,
    Caller.DISMISSED: Caller.STRANGER,
    Caller.OLD_PROGRAM: Caller.STRANGER,
}
_PROGRAMS = {Caller.READER, Caller.WRITER, Caller.PROGRAM, Caller.FOREIGN_PROGRAM}
_SIDEBARS = {Caller.SIDEBAR, Caller.FOREIGN_SIDEBAR}
_NOBODY_SIGNED_IN = {Caller.STRANGER, Caller.OPERATOR} | _SIDEBARS | _PROGRAMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One line of the table."""

    name: str  #: "GET /cases"
    audience: For

    @property
    def method(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def rule(self) -> str:
        return self.name.partition(" ")[2]

    @property
    def reads(self) -> bool:
        return self.method == SAFE

    @property
    def changes(self) -> bool:
        return not self.reads and self.name not in QUESTIONS

    @property
    def by_api(self) -> bool:
        return self.rule.startswith("/api/")


def at_the_door(route: Route, caller: Caller) -> int:
    """The status with which the guard turns the caller away; IN where it lets them in to the handler."""
    caller = _AS.get(caller, caller)
    if route.audience is For.ANYBODY:
        return IN
    if route.audience is For.SIDEBAR:
        return IN if caller in _SIDEBARS else 401
    if route.by_api:
        if caller is Caller.OPERATOR:
            return IN
        if caller in _PROGRAMS:
            return _by_scope(route, caller)
        if caller in _NOBODY_SIGNED_IN:
            return 401
    elif caller in _NOBODY_SIGNED_IN:
        return 303 if route.reads else 401
    return IN if route.audience is For.SIGNED_IN else _by_role(route, caller)


def _by_role(route: Route, caller: Caller) -> int:
    if route.by_api and caller is Caller.MIXED:
        return IN  # the desk that the call names decides, and that is read behind the door
    there = route.audience is For.ADMIN_THERE
    if there and caller in {Caller.GUEST, Caller.FOREIGNER}:
        return 404
    if caller is Caller.GUEST:
        return 200 if route.reads and not route.by_api else 403  # the page that says that they have no desk
    if caller is Caller.AUDITOR:
        return 403 if route.changes else IN
    return IN if _RANK[caller] >= _LEAST[route.audience] else 403


def _by_scope(route: Route, caller: Caller) -> int:
    if not route.changes:
        return IN
    if caller is Caller.READER or (caller is Caller.WRITER and route.audience is For.API_ADMIN):
        return 403
    return IN
