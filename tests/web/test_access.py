"""Who may call what: every handler declares it, and the guard holds everybody to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.store.database import Database
from app.store.models import Role
from app.web.access import Proof, declared
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import ORIGIN, SignedIn

ADMIN_PAGES = ["/deliveries", "/desks"]
LEAD_PAGES = ["/impact"]
AGENT_PAGES = ["/", "/cases", "/protocols"]


def test_every_handler_declares_who_may_call_it(web_app: Flask) -> None:
    undeclared = {rule.endpoint for rule in web_app.url_map.iter_rules() if declared(web_app, rule.endpoint) is None}

    assert undeclared == set()


def test_a_handler_that_declares_nothing_cannot_be_called(own_app: Flask) -> None:
    own_app.add_url_rule("/forgotten", "forgotten", lambda: "secret")

    answer = own_app.test_client().get("/forgotten")

    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_public_handlers_are_the_few_that_verify_by_themselves(web_app: Flask) -> None:
    public = {
        rule.endpoint.partition(".")[0]
        for rule in web_app.url_map.iter_rules()
        if (access := declared(web_app, rule.endpoint)) and access.proof is Proof.NONE
    }

    own = {"sign_in", "single_sign_on", "sidebar", "freshdesk_sidebar", "webhooks", "surveys", "alerts", "health"}
    assert public <= {"static", "api-docs", "api_docs"} | own


def test_a_stranger_is_sent_to_sign_in_and_back(stranger: FlaskClient) -> None:
    answer = stranger.get("/cases?stage=closed")

    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/cases?stage%3Dclosed"


@pytest.mark.parametrize(
    "path", ["/cases/steps/1/confirm", "/cases/invitations/1/repeat", "/deliveries/1/replay", "/desk"]
)
def test_a_stranger_changes_nothing(stranger: FlaskClient, path: str) -> None:
    answer = stranger.post(path, headers=ORIGIN)

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ADMIN_PAGES)
@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD])
def test_pages_for_admins_are_closed_to_others(person: Callable[..., SignedIn], role: Role, path: str) -> None:
    answer = person(role).get(path)

    assert answer.status_code == 403


@pytest.mark.parametrize(("role", "code"), [(Role.AGENT, 403), (Role.LEAD, 200)])
def test_impact_is_for_leads(person: Callable[..., SignedIn], role: Role, code: int) -> None:
    assert person(role).get("/impact").status_code == code


@pytest.mark.parametrize("path", [*AGENT_PAGES, *LEAD_PAGES, *ADMIN_PAGES])
def test_an_admin_sees_every_page(admin: SignedIn, path: str) -> None:
    assert admin.get(path).status_code == 200


@pytest.mark.parametrize("path", AGENT_PAGES)
def test_an_agent_sees_the_pages_of_the_work(person: Callable[..., SignedIn], path: str) -> None:
    assert person(Role.AGENT).get(path).status_code == 200


@pytest.mark.parametrize("path", [*AGENT_PAGES, *LEAD_PAGES, *ADMIN_PAGES])
def test_an_auditor_sees_what_an_admin_sees(person: Callable[..., SignedIn], path: str) -> None:
    assert person(Role.AUDITOR).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/cases/steps/1/confirm", "/deliveries/1/replay", "/desks/1/pause", "/protocols/new"])
def test_an_auditor_changes_nothing(person: Callable[..., SignedIn], path: str) -> None:
    assert person(Role.AUDITOR).post(path).status_code == 403


def test_an_auditor_is_offered_nothing_to_change(person: Callable[..., SignedIn], story: Seeded) -> None:
    assert "Mark as sent" not in person(Role.AUDITOR).get(f"/cases/{story.case_id}").text


def test_an_agent_decides_nothing(person: Callable[..., SignedIn], story: Seeded) -> None:
    agent = person(Role.AGENT)

    answer = agent.post(f"/cases/steps/{story.stuck_step_id}/confirm")

    assert answer.status_code == 403
    assert "Mark as sent" not in agent.get(f"/cases/{story.case_id}").text


def test_a_role_that_was_taken_away_is_gone_with_the_next_request(
    person: Callable[..., SignedIn], desk_id: int, database: Database
) -> None:
    admin = person(Role.ADMIN)
    seeds.add_link(database, Role.AGENT, desk_id=desk_id)

    answer = admin.get("/deliveries")

    assert answer.status_code == 403


@pytest.mark.parametrize("origin", [None, "http://evil.example", "http://localhost:1", "null"])
def test_a_form_from_elsewhere_is_refused(admin: SignedIn, desk_id: int, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}

    answer = admin.client.post(f"/desks/{desk_id}/pause", data={"csrf": admin.csrf}, headers=headers)

    assert answer.status_code == 403


def test_a_browser_that_only_says_same_origin_is_let_in(admin: SignedIn, desk_id: int) -> None:
    answer = admin.client.post(
        f"/desks/{desk_id}/pause", data={"csrf": admin.csrf}, headers={"Sec-Fetch-Site": "same-origin"}
    )

    assert answer.status_code == 303


@pytest.mark.parametrize("csrf", ["", "wrong", "ü"])
def test_a_form_without_the_sessions_token_is_refused(admin: SignedIn, desk_id: int, csrf: str) -> None:
    answer = admin.client.post(f"/desks/{desk_id}/pause", data={"csrf": csrf}, headers=ORIGIN)

    assert answer.status_code == 403


def test_the_token_of_another_session_is_refused(person: Callable[..., SignedIn], desk_id: int) -> None:
    first, second = person(Role.ADMIN), person(Role.ADMIN, email="omar@example.com")

    answer = first.client.post(f"/desks/{desk_id}/pause", data={"csrf": second.csrf}, headers=ORIGIN)

    assert answer.status_code == 403


def test_rows_of_another_desk_are_not_found(person: Callable[..., SignedIn], database: Database) -> None:
    other = seeds.add_story(database, seeds.add_desk(database, "Second shop"), prefix="9")
    admin = person(Role.ADMIN)

    answers = {
        path: admin.get(path).status_code
        for path in (
            f"/cases/{other.case_id}",
            f"/tickets/{other.ticket_id}",
            f"/protocols/{other.protocol_id}",
            f"/deliveries/{other.dead_delivery_id}/replay",
        )
    }

    assert set(answers.values()) == {404}


def test_rows_of_another_desk_cannot_be_changed(person: Callable[..., SignedIn], database: Database) -> None:
    other = seeds.add_story(database, seeds.add_desk(database, "Second shop"), prefix="9")
    admin = person(Role.ADMIN)

    answers = [
        admin.post(path).status_code
        for path in (
            f"/cases/steps/{other.stuck_step_id}/confirm",
            f"/cases/steps/{other.stuck_step_id}/repeat",
            f"/cases/invitations/{other.stuck_invitation_id}/confirm",
            f"/cases/invitations/{other.stuck_invitation_id}/repeat",
            f"/deliveries/{other.dead_delivery_id}/replay",
            f"/desks/{other.desk_id}/pause",
            f"/desks/{other.desk_id}/resume",
            f"/desks/{other.desk_id}/check",
        )
    ]

    assert set(answers) == {404}


def test_a_role_on_one_desk_is_no_role_on_another(person: Callable[..., SignedIn], database: Database) -> None:
    second = seeds.add_desk(database, "Second shop")
    person(Role.AGENT, on=second)
    admin = person(Role.ADMIN)

    answer = admin.post(f"/desks/{second}/pause")

    assert answer.status_code == 403
