"""Every route and operation against every caller: the table in `tests.web.matrix`, held to what the product does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Select, Table, delete, select, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.clock import real_now
from app.factory import build, create_app
from app.settings import load
from app.store import accounts, api_tokens, cases, launches, memberships, protocols, sign_ins
from app.store.api_tokens import Scope
from app.store.database import Database, Purpose
from app.store.models import Base, Desk, Role, RollbackRow, TrackedTicket
from app.web.access import Access, Proof, declared
from tests import seeds
from tests.seeds import Seeded
from tests.servers import free_port
from tests.web.conftest import OPERATOR_TOKEN
from tests.web.matrix import ANSWERS, IN, OF_NO_DESK, ROUTES, Caller, For, Route, at_the_door
from tests.web.people import ORIGIN, sign_in

PLACE = re.compile(r"<(?:[^<>:]+:)?(\w+)>")  #: what stands in a path by name
MARK = "Words-of-the-first-desk"  #: in everything that people wrote on it
LET_IN = 299  #: what a handler answers where only the door is looked at
ROLES = {
    Caller.AGENT: Role.AGENT,
    Caller.LEAD: Role.LEAD,
    Caller.ADMIN: Role.ADMIN,
    Caller.AUDITOR: Role.AUDITOR,
    Caller.MIXED: Role.AGENT,
}
SCOPES = {
    Caller.READER: frozenset({Scope.READ}),
    Caller.WRITER: frozenset({Scope.READ, Scope.WRITE}),
    Caller.PROGRAM: frozenset(Scope),
    Caller.FOREIGN_PROGRAM: frozenset(Scope),
    Caller.OLD_PROGRAM: frozenset(Scope),
}
ALL = [Route(name=name, audience=audience) for name, audience in ROUTES.items()]
CLOSED = [route for route in ALL if route.audience is not For.ANYBODY]
FOREIGN = {Caller.FOREIGNER, Caller.MOVED, Caller.FOREIGN_SIDEBAR, Caller.FOREIGN_PROGRAM}
NOBODY_HERE = (Caller.STRANGER, Caller.GUEST, Caller.DISMISSED, Caller.OLD_PROGRAM)
READING = [route for route in CLOSED if route.reads]
CHANGING = [route for route in CLOSED if not route.reads]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Two desks with a story each, the product over them, and its door alone."""

    app: Flask
    door: Flask  #: the same with handlers that only say that they were reached
    database: Database
    story: Seeded
    other: Seeded
    person_id: int
    rollback_id: int

    def path(self, route: Route) -> str:
        """The route's address of something of the first desk."""
        missing = set(PLACE.findall(route.rule)) - set(self.values())
        assert missing == set(), f"{route.name}: say in `values` what stands in this path"
        return PLACE.sub(lambda found: str(self.values()[found[1]]), route.rule) + QUERIES.get(route.name, "")

    def values(self) -> Mapping[str, Any]:
        story = self.story
        return {
            "account_id": 1,
            "agent_id": seeds.AGENT,
            "case_id": story.case_id,
            "delivery_id": story.dead_delivery_id,
            "desk_id": story.desk_id,
            "group_id": seeds.GROUP,
            "invitation_id": story.stuck_invitation_id,
            "number": 1,
            "person_id": self.person_id,
            "protocol_id": story.protocol_id,
            "rollback_id": self.rollback_id,
            "session_id": 1,
            "token_id": 1,
            "step_id": story.stuck_step_id,
            "ticket_id": story.ticket_id,
            "version": 1,
            "key": "made-up",
            "token": "made-up",
            "filename": "kintsugi.css",
            "what": "done",
        }


QUERIES = {
    "GET /api/v1/protocols/<id:protocol_id>/diff": "?from=1&to=1",
    "GET /protocols/<id:protocol_id>/backtest": "?from=2026-03-01&to=2026-03-02",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, empty_house: Path) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("matrix") / "house"
    shutil.copytree(empty_house, folder)
    settings = replace(load({}, data_dir=folder), operator_token=OPERATOR_TOKEN)
    parts = build(settings)
    first, second = (seeds.add_desk(parts.database, name) for name in ("First shop", "Second shop"))
    story = seeds.add_story(parts.database, first, words=MARK)
    other = seeds.add_story(parts.database, second, prefix="9")
    seeds.add_team(parts.database, first, words=MARK)
    _silence(parts.database)
    door = create_app(settings, parts)
    for endpoint in list(door.view_functions):
        door.view_functions[endpoint] = _only_the_door(declared(door, endpoint))
    yield House(
        app=create_app(settings, parts),
        door=door,
        database=parts.database,
        story=story,
        other=other,
        person_id=_person_of(parts.database, story),
        rollback_id=_add_rollback(parts.database, story),
    )
    parts.database.close()


def _silence(database: Database) -> None:
    """No helpdesk answers, and none is far away."""
    with database.system(Purpose.OPERATE) as session:
        session.execute(update(Desk).values(base_url=f"http://127.0.0.1:{free_port()}"))


def _only_the_door(access: Access | None) -> Callable[..., Any]:
    def reached(**_: Any) -> tuple[str, int]:
        return "let in", LET_IN

    reached.access = access  # type: ignore[attr-defined]
    return reached


def _person_of(database: Database, story: Seeded) -> int:
    with database.desk(story.desk_id, read=True) as session:
        person_id = cases.get(session, story.case_id).person_id
    assert person_id is not None
    return person_id


def _add_rollback(database: Database, story: Seeded) -> int:
    with database.desk(story.desk_id) as session:
        row = RollbackRow(
            desk_id=story.desk_id,
            protocol_id=story.protocol_id,
            to_version_id=None,
            withdrawn=[version.id for version in protocols.versions_of(session, story.protocol_id)],
            undo=False,
            by="lena@example.com",
            reason=MARK,
            warnings=[],
            at=seeds.NOW,
        )
        session.add(row)
        session.flush()
        return row.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A caller with whatever they prove themselves by."""

    client: FlaskClient
    headers: Mapping[str, str]
    csrf: str = ""

    def ask(self, route: Route, path: str, *, desk_id: int | None = None, **headers: str) -> TestResponse:
        """`desk_id` is that of the desk that a call of the API names."""
        sent: dict[str, Any] = {"headers": {**self.headers, **headers}}
        if route.reads and desk_id is not None:
            path += f"{'&' if '?' in path else '?'}desk={desk_id}"
        if not route.reads and route.by_api:
            sent["json"] = {} if desk_id is None else {"desk": desk_id}
        elif not route.reads:
            sent["data"] = {"csrf": self.csrf}
        return self.client.open(path, method=route.method, **sent)


Enter = Callable[[Caller, Flask], Asker]


@pytest.fixture
def enter(house: House) -> Enter:
    """Somebody at the product, or at its door alone."""

    def make(caller: Caller, app: Flask) -> Asker:
        if caller is Caller.STRANGER:
            return Asker(client=app.test_client(), headers=ORIGIN)
        if caller is Caller.OPERATOR:
            return _bearer(app, OPERATOR_TOKEN)
        if caller in SCOPES:
            return _bearer(app, _token(house, caller))
        if caller in {Caller.SIDEBAR, Caller.FOREIGN_SIDEBAR}:
            mine = caller is Caller.SIDEBAR
            return _bearer(app, _launched(house, house.story.desk_id if mine else house.other.desk_id))
        return _signed_in(house, app, caller)

    return make


def _bearer(app: Flask, token: str) -> Asker:
    return Asker(client=app.test_client(), headers={**ORIGIN, "Authorization": f"Bearer {token}"})


def _token(house: House, caller: Caller) -> str:
    """Of an admin's program."""
    desk_id = house.other.desk_id if caller is Caller.FOREIGN_PROGRAM else house.story.desk_id
    email = f"{caller.name.lower()}@example.com"
    seeds.add_link(house.database, Role.ADMIN, email=email, desk_id=desk_id)
    with house.database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_by_email(session, email)
        assert account is not None
        new = api_tokens.NewToken(
            account_id=account.id, desk_id=desk_id, name="made up", scopes=SCOPES[caller], expires_at=None
        )
        token = api_tokens.make(session, new, real_now())[1]
    if caller is Caller.OLD_PROGRAM:
        _dismiss(house, email)
        seeds.add_link(house.database, Role.ADMIN, email=email, desk_id=desk_id)
    return token


def _dismiss(house: House, email: str) -> None:
    """Take the admin's role on the first desk away."""
    desk_id, account_id = house.story.desk_id, _account(house, email)
    seeds.add_link(house.database, Role.ADMIN, email="boss@example.com", desk_id=desk_id)
    with house.database.desk(desk_id) as session:
        memberships.remove(session, desk_id, account_id, was=Role.ADMIN, now=real_now())


def _demote(house: House, email: str) -> None:
    desk_id, account_id = house.story.desk_id, _account(house, email)
    seeds.add_link(house.database, Role.ADMIN, email="boss@example.com", desk_id=desk_id)
    with house.database.desk(desk_id) as session:
        memberships.change_role(session, desk_id, account_id, was=Role.ADMIN, role=Role.AGENT)


def _account(house: House, email: str) -> int:
    with house.database.system(Purpose.SIGN_IN, read=True) as session:
        account = accounts.find_by_email(session, email)
    assert account is not None
    return account.id


#: What becomes of some once they are signed in.
LATER = {Caller.DEMOTED: _demote, Caller.MOVED: _dismiss, Caller.DISMISSED: _dismiss}


def _launched(house: House, desk_id: int) -> str:
    with house.database.desk(desk_id) as session:
        token = str(real_now().timestamp())
        bearer = launches.open_launch(session, desk_id, token_id=token, agent_id="4001", now=real_now())
    assert bearer is not None
    return bearer


def _signed_in(house: House, app: Flask, caller: Caller) -> Asker:
    email = f"{caller.value}@example.com"
    desk_id = house.other.desk_id if caller is Caller.FOREIGNER else house.story.desk_id
    if caller is Caller.GUEST:
        token = _link_of_a_guest(house.database, email)
    else:
        if caller in {Caller.MIXED, Caller.MOVED}:
            seeds.add_link(house.database, Role.ADMIN, email=email, desk_id=house.other.desk_id)
        token = seeds.add_link(house.database, ROLES.get(caller, Role.ADMIN), email=email, desk_id=desk_id)
    # At the real door: a sign-in that leads nowhere makes no session.
    came = sign_in(house.app, token)
    cookie = came.client.get_cookie("kintsugi")
    assert cookie is not None
    if caller in LATER:
        LATER[caller](house, email)
    client = app.test_client()
    client.set_cookie("kintsugi", cookie.value)
    return Asker(client=client, headers={**ORIGIN, "X-CSRF-Token": came.csrf}, csrf=came.csrf)


def _link_of_a_guest(database: Database, email: str) -> str:
    with database.system(Purpose.SIGN_IN) as session:
        token = sign_ins.new_link(session, email, Role.AGENT, real_now())
        account = accounts.find_by_email(session, email)
        assert account is not None
        for held in accounts.memberships(session, account.id):
            session.delete(held)
        return token


def routes_of(app: Flask) -> dict[str, Rule]:
    """The product's own map, without what routing answers by itself."""
    rules = app.url_map.iter_rules()
    return {f"{method} {rule.rule}": rule for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def test_every_route_has_its_line_in_the_matrix(house: House) -> None:
    missing = set(routes_of(house.app)) - set(ROUTES)

    assert missing == set(), "say in tests/web/matrix.py for whom these are"


def test_every_line_of_the_matrix_has_its_route(house: House) -> None:
    gone = set(ROUTES) - set(routes_of(house.app))

    assert gone == set()


def test_only_handlers_for_anybody_are_open(house: House) -> None:
    rules = routes_of(house.app)

    by_declaration = {name for name in rules if _is_open(house.app, rules[name])}

    assert by_declaration == {route.name for route in ALL if route.audience is For.ANYBODY}


def _is_open(app: Flask, rule: Rule) -> bool:
    access = declared(app, rule.endpoint)
    return access is not None and access.proof is Proof.NONE


@pytest.mark.parametrize("caller", Caller)
def test_the_door_lets_in_whom_the_matrix_says(house: House, enter: Enter, caller: Caller) -> None:
    asker = enter(caller, house.door)

    met = {route.name: asker.ask(route, house.path(route)).status_code for route in CLOSED}

    assert met == {route.name: at_the_door(route, caller) or LET_IN for route in CLOSED}


@pytest.mark.parametrize("caller", [Caller.AGENT, Caller.DEMOTED, Caller.LEAD, Caller.ADMIN, Caller.AUDITOR])
def test_people_of_the_desk_see_what_the_matrix_says(house: House, enter: Enter, caller: Caller) -> None:
    asker = enter(caller, house.app)

    met = {route.name: asker.ask(route, house.path(route)).status_code for route in READING if _for_people(route)}

    assert met == {
        route.name: at_the_door(route, caller) or ANSWERS.get(route.name, 200)
        for route in READING
        if _for_people(route)
    }


def _for_people(route: Route) -> bool:
    return route.audience is not For.SIDEBAR


@pytest.mark.parametrize("caller", [*NOBODY_HERE, *sorted(FOREIGN)])
def test_nobody_else_reads_a_word_of_the_desk(house: House, enter: Enter, caller: Caller) -> None:
    asker = enter(caller, house.app)

    met = {route.name: asker.ask(route, house.path(route)).text for route in READING}

    assert {name for name, text in met.items() if MARK in text} == set()


@pytest.mark.parametrize("caller", sorted(FOREIGN))
def test_what_a_path_names_is_not_there_for_another_desk(house: House, enter: Enter, caller: Caller) -> None:
    asker = enter(caller, house.app)
    with house.database.desk(house.other.desk_id) as session:
        # A sidebar there may have asked for a ticket of that number, which is another one.
        session.execute(delete(TrackedTicket).where(TrackedTicket.ticket_id == house.story.ticket_id))
    naming = [route for route in READING if "<" in route.rule and at_the_door(route, caller) is IN]

    met = {route.name: asker.ask(route, house.path(route)).status_code for route in naming}

    assert met == dict.fromkeys(met, 404)


@pytest.mark.parametrize("caller", [Caller.FOREIGNER, Caller.MOVED, Caller.FOREIGN_PROGRAM])
def test_the_desk_of_another_is_not_there_for_the_api(house: House, enter: Enter, caller: Caller) -> None:
    asker = enter(caller, house.app)
    calls = [route for route in READING if route.by_api and route.name not in OF_NO_DESK]

    met = {route.name: asker.ask(route, house.path(route), desk_id=house.story.desk_id).status_code for route in calls}

    assert met == dict.fromkeys(met, 404)


def test_a_role_on_one_desk_opens_nothing_on_another(house: House, enter: Enter) -> None:
    asker = enter(Caller.MIXED, house.app)
    before = rows_of(house.database, house.story.desk_id)
    calls = [route for route in ALL if route.audience in {For.API_LEAD, For.API_ADMIN}]
    calls = [route for route in calls if route.name not in OF_NO_DESK]

    met = {route: asker.ask(route, house.path(route), desk_id=house.story.desk_id) for route in calls}

    reading = {route.name: answer.status_code for route, answer in met.items() if route.reads}
    assert reading == dict.fromkeys(reading, 404)
    assert {answer.status_code for answer in met.values()} <= {404, 422}  # not all is said that some of them need
    assert {route.name for route, answer in met.items() if MARK in answer.text} == set()
    assert rows_of(house.database, house.story.desk_id) == before


def test_whoever_has_several_desks_reads_on_each_by_their_role_there(house: House, enter: Enter) -> None:
    asker = enter(Caller.MIXED, house.app)
    audit = Route(name="GET /api/v1/audit", audience=For.API_ADMIN)
    cases = Route(name="GET /api/v1/cases", audience=For.API_AGENT)

    met = [
        asker.ask(route, route.rule, desk_id=desk_id).status_code
        for route in (audit, cases)
        for desk_id in (house.story.desk_id, house.other.desk_id)
    ]

    assert met == [404, 200, 200, 200]


@pytest.mark.parametrize("caller", [one for one in Caller if one is not Caller.OPERATOR])
def test_whoever_may_not_changes_nothing(house: House, enter: Enter, caller: Caller) -> None:
    asker = enter(caller, house.app)
    before = rows_of(house.database, house.story.desk_id)
    shut_out = [route for route in CHANGING if at_the_door(route, caller) is not IN]
    on_another = [route for route in CHANGING if caller in FOREIGN and "<" in route.rule]

    met = {
        route.name: asker.ask(route, house.path(route)).status_code for route in dict.fromkeys(shut_out + on_another)
    }

    assert {name: code for name, code in met.items() if code >= 500} == {}
    assert rows_of(house.database, house.story.desk_id) == before


def rows_of(database: Database, desk_id: int) -> dict[str, Sequence[Any]]:
    """Everything that is stored of a desk, but who opened sidebars on it, and when programs called."""
    tables = [
        table
        for table in Base.metadata.tables.values()
        if {"desk_id", "id"} <= set(table.columns.keys()) and table.name != "launch"
    ]
    with database.system(Purpose.OPERATE, read=True) as session:
        return {table.name: session.execute(_of_desk(table, desk_id)).all() for table in tables}


def _of_desk(table: Table, desk_id: int) -> Select[Any]:
    kept = [column for column in table.columns if column.name != "used_at"]
    return select(*kept).where(table.c.desk_id == desk_id).order_by(table.c.id)


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_no_form_is_taken_from_another_site(house: House, enter: Enter, origin: str) -> None:
    asker = enter(Caller.ADMIN, house.door)
    forms = [route for route in CHANGING if _for_people(route)]

    met = {route.name: asker.ask(route, house.path(route), Origin=origin).status_code for route in forms}

    assert met == dict.fromkeys(met, 403)


def test_no_form_is_taken_without_the_sessions_own_token(house: House, enter: Enter) -> None:
    asker = replace(enter(Caller.ADMIN, house.door), csrf="made-up", headers=ORIGIN)
    forms = [route for route in CHANGING if _for_people(route)]

    met = {route.name: asker.ask(route, house.path(route)).status_code for route in forms}

    assert met == dict.fromkeys(met, 403)
