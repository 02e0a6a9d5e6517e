"""The people of a desk: invited by a link that is shown once, changed and removed, never the last admin."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

from app.store import accounts, audit
from app.store.database import Database, Purpose
from app.store.models import Role
from tests import seeds
from tests.web.people import ORIGIN, SignedIn, sign_in


def account_of(database: Database, email: str) -> int:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        found = accounts.find_by_email(session, email)
        assert found is not None
        return found.id


def role_of(database: Database, email: str, desk_id: int) -> Role | None:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        held = accounts.places(session, account_of(database, email))
    return next((place.role for place in held if place.desk_id == desk_id), None)


def done(database: Database, desk_id: int) -> list[str]:
    with database.desk(desk_id, read=True) as session:
        return [f"{one.by} {one.did} {one.what}" for one in audit.page(session, audit.Wanted()).entries]


def link_in(page: str) -> str:
    found = re.search(r"/sign-in/([A-Za-z0-9_-]{40,})<", page)
    assert found is not None
    return found[1]


def test_somebody_is_invited_by_a_link_that_is_shown_once(
    admin: SignedIn, web_app: Flask, database: Database, desk_id: int
) -> None:
    answer = admin.post("/people", email="Otto@Example.com", role="lead")

    otto = sign_in(web_app, link_in(answer.text))
    assert "otto@example.com" in otto.get("/account").text
    assert role_of(database, "otto@example.com", desk_id) is Role.LEAD
    assert "/sign-in/" not in admin.get("/people").text


def test_an_invitation_is_on_record_without_the_address(admin: SignedIn, database: Database, desk_id: int) -> None:
    admin.post("/people", email="otto@example.com", role="agent")

    who, whom = account_of(database, "lena@example.com"), account_of(database, "otto@example.com")
    assert done(database, desk_id) == [f"account:{who} member.invited account:{whom}"]


@pytest.mark.parametrize("email", ["", "otto", "otto@", "a b@example.com", "o" * 300 + "@example.com", "<b>@x@y"])
def test_what_is_no_address_is_told_at_its_field_and_kept(admin: SignedIn, email: str) -> None:
    answer = admin.post("/people", email=email, role="lead")

    assert answer.status_code == 422
    assert 'aria-describedby="email-told"' in answer.text
    assert "<b>" not in answer.text
    assert '<option value="lead" selected>' in answer.text


def test_a_role_that_does_not_exist_is_refused(admin: SignedIn) -> None:
    assert admin.post("/people", email="otto@example.com", role="king").status_code == 422


def test_somebody_who_is_here_is_not_invited_again(admin: SignedIn) -> None:
    answer = admin.post("/people", email="lena@example.com", role="agent")

    assert answer.status_code == 422
    assert "here already, as Admin" in answer.text


def test_no_link_is_made_for_somebody_of_a_desk_of_others(admin: SignedIn, database: Database, desk_id: int) -> None:
    other = seeds.add_desk(database, "Second shop")
    seeds.add_link(database, Role.ADMIN, email="boss@example.com", desk_id=other)

    answer = admin.post("/people", email="boss@example.com", role="agent")

    assert answer.status_code == 422
    assert "/sign-in/" not in answer.text
    assert role_of(database, "boss@example.com", desk_id) is None


def test_an_admin_of_both_desks_brings_somebody_along_and_older_links_end(
    web_app: Flask, database: Database, desk_id: int, person: Callable[..., SignedIn]
) -> None:
    other = seeds.add_desk(database, "Second shop")
    old = seeds.add_link(database, Role.AGENT, email="otto@example.com", desk_id=other)
    seeds.add_link(database, Role.ADMIN, desk_id=other)
    both = person(Role.ADMIN)
    both.client.set_cookie("kintsugi_desk", str(desk_id))

    answer = both.post("/people", email="otto@example.com", role="agent")

    assert answer.status_code == 200
    assert role_of(database, "otto@example.com", desk_id) is Role.AGENT
    assert web_app.test_client().get(f"/sign-in/{old}").status_code == 404


def test_who_was_shown_a_link_gets_no_further_than_their_own_desk(
    web_app: Flask, database: Database, desk_id: int, person: Callable[..., SignedIn]
) -> None:
    other, password = seeds.add_desk(database, "Second shop"), "chosen by somebody else"
    ann, planted = person(Role.ADMIN, email="ann@example.com"), web_app.test_client()
    shown = link_in(ann.post("/people", email="bob@example.com", role="agent").text)
    planted.post(f"/sign-in/{shown}", data={"password": password}, headers=ORIGIN)
    seeds.add_link(database, Role.ADMIN, desk_id=desk_id)
    both = person(Role.ADMIN, on=other)
    both.client.set_cookie("kintsugi_desk", str(other))

    answer = both.post("/people", email="bob@example.com", role="admin")

    typed = {"email": "bob@example.com", "password": password}
    assert planted.get("/people").status_code == 303
    assert web_app.test_client().post("/sign-in", data=typed, headers=ORIGIN).status_code == 401
    assert sign_in(web_app, link_in(answer.text)).get("/account").status_code == 200


def test_a_role_is_changed(admin: SignedIn, database: Database, desk_id: int) -> None:
    seeds.add_link(database, Role.AGENT, email="otto@example.com", desk_id=desk_id)

    answer = admin.post(f"/people/{account_of(database, 'otto@example.com')}/role", was="agent", role="auditor")

    assert answer.status_code == 303
    assert role_of(database, "otto@example.com", desk_id) is Role.AUDITOR


def test_a_role_that_somebody_changed_meanwhile_is_not_overwritten(
    admin: SignedIn, database: Database, desk_id: int
) -> None:
    seeds.add_link(database, Role.LEAD, email="otto@example.com", desk_id=desk_id)

    answer = admin.post(f"/people/{account_of(database, 'otto@example.com')}/role", was="agent", role="admin")

    assert answer.status_code == 409
    assert "made this person Team lead meanwhile. You chose Admin." in answer.text
    assert role_of(database, "otto@example.com", desk_id) is Role.LEAD


@pytest.mark.parametrize(("path", "fields"), [("role", {"role": "agent"}), ("remove", {})])
def test_the_last_admin_stays(
    admin: SignedIn, database: Database, desk_id: int, path: str, fields: dict[str, str]
) -> None:
    answer = admin.post(f"/people/{account_of(database, 'lena@example.com')}/{path}", was="admin", **fields)

    assert answer.status_code == 409
    assert "Nobody would be left" in answer.text
    assert role_of(database, "lena@example.com", desk_id) is Role.ADMIN


def test_who_is_removed_is_out_with_the_next_request(
    admin: SignedIn, person: Callable[..., SignedIn], database: Database
) -> None:
    otto = person(Role.LEAD, email="otto@example.com")
    number = account_of(database, "otto@example.com")

    answer = admin.post(f"/people/{number}/remove", was="lead")

    assert answer.status_code == 303
    assert otto.get("/cases").location == "/sign-in?next=/cases"
    assert admin.post(f"/people/{number}/role", was="lead", role="admin").status_code == 409


def test_a_fresh_link_replaces_the_one_before(
    admin: SignedIn, web_app: Flask, database: Database, desk_id: int
) -> None:
    old = seeds.add_link(database, Role.AGENT, email="otto@example.com", desk_id=desk_id)

    answer = admin.post(f"/people/{account_of(database, 'otto@example.com')}/link")

    assert sign_in(web_app, link_in(answer.text)).get("/cases").status_code == 200
    assert web_app.test_client().get(f"/sign-in/{old}").status_code == 404


def test_people_of_every_desk_are_shown_and_left_alone(admin: SignedIn, database: Database) -> None:
    seeds.add_link(database, Role.ADMIN, email="root@example.com")

    page = admin.get("/people").text

    assert "on every desk" in page
    number = account_of(database, "root@example.com")
    assert admin.post(f"/people/{number}/remove", was="admin").status_code == 409
    assert admin.post(f"/people/{number}/link").status_code == 404


def test_an_account_of_another_desk_is_not_found(admin: SignedIn, database: Database) -> None:
    other = seeds.add_desk(database, "Second shop")
    seeds.add_link(database, Role.ADMIN, email="boss@example.com", desk_id=other)
    number = account_of(database, "boss@example.com")

    answers = [
        admin.post(f"/people/{number}/role", was="admin", role="agent").status_code,
        admin.post(f"/people/{number}/remove", was="admin").status_code,
        admin.post(f"/people/{number}/link").status_code,
    ]

    assert answers == [409, 409, 404]
    assert "boss@example.com" not in admin.get("/people").text
    assert role_of(database, "boss@example.com", other) is Role.ADMIN


def test_an_auditor_sees_people_and_is_offered_no_change(person: Callable[..., SignedIn]) -> None:
    page = person(Role.AUDITOR).get("/people").text

    assert "lena@example.com" in page
    assert "Invite" not in page


def test_a_link_is_good_for_a_day(admin: SignedIn) -> None:
    page = admin.post("/people", email="otto@example.com", role="agent").text

    assert f"{datetime.now(UTC).year}" in page[page.index("It works once, until") :][:60]
