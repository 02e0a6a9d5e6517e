"""A person's own account: sessions, password, tokens. Nobody reaches another's."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.store import api_tokens, audit
from app.store.api_tokens import ApiToken, Scope
from app.store.database import Database, Purpose
from app.store.models import Membership, Role
from tests import seeds
from tests.web.people import ORIGIN, SignedIn, sign_in

PASSWORD = "made-up and long enough"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sessions_on(page: str) -> list[str]:
    return re.findall(r"/account/sessions/(\d+)/end", page)


def token_in(page: str) -> str:
    found = re.search(r'<code id="token">(kin_[^<]+)</code>', page)
    assert found is not None
    return found[1]


def find(database: Database, token: str) -> ApiToken | None:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        return api_tokens.find(session, token)


def make(who: SignedIn, desk_id: int, **fields: str) -> str:
    wanted = {"name": "Report", "desk": str(desk_id), "scope": "read", "days": "30", **fields}
    return token_in(who.post("/account/tokens", **wanted).text)


def test_browsers_are_listed_and_one_is_signed_out(person: Callable[..., SignedIn]) -> None:
    here, there = person(Role.AGENT), person(Role.AGENT)
    (other,) = sessions_on(here.get("/account").text)

    answer = here.post(f"/account/sessions/{other}/end")

    assert answer.status_code == 303
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200


def test_a_browser_is_named_so_that_its_owner_knows_it(
    web_app: Flask, database: Database, desk_id: int, person: Callable[..., SignedIn]
) -> None:
    token = seeds.add_link(database, Role.AGENT, desk_id=desk_id)
    web_app.test_client().post(f"/sign-in/{token}", headers={**ORIGIN, "User-Agent": FIREFOX})

    assert "Firefox on Linux" in person(Role.AGENT).get("/account").text


def test_everywhere_else_is_signed_out_at_once(person: Callable[..., SignedIn]) -> None:
    here, there = person(Role.AGENT), person(Role.AGENT)

    here.post("/account/sessions/end")

    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200


def test_nobody_ends_the_session_of_another(person: Callable[..., SignedIn]) -> None:
    lena, otto = person(Role.ADMIN), person(Role.AGENT, email="otto@example.com")
    person(Role.ADMIN)
    (other,) = sessions_on(lena.get("/account").text)

    assert otto.post(f"/account/sessions/{other}/end").status_code == 404
    assert sessions_on(lena.get("/account").text) == [other]


def test_a_password_is_chosen_and_then_changed_by_who_knows_it(
    person: Callable[..., SignedIn], stranger: FlaskClient
) -> None:
    lena, elsewhere = person(Role.AGENT), person(Role.AGENT)

    first = lena.post("/account/password", new_password=PASSWORD)
    wrong = lena.post("/account/password", old_password="not this one", new_password="another long password")
    right = lena.post("/account/password", old_password=PASSWORD, new_password="another long password")

    assert (first.status_code, wrong.status_code, right.status_code) == (303, 422, 303)
    assert elsewhere.get("/account").status_code == 303
    fields = {"email": "lena@example.com", "password": "another long password"}
    assert stranger.post("/sign-in", data=fields, headers=ORIGIN).status_code == 303


def test_a_short_password_is_told_at_its_field(person: Callable[..., SignedIn]) -> None:
    answer = person(Role.AGENT).post("/account/password", new_password="short")

    assert answer.status_code == 422
    assert 'aria-describedby="new-told"' in answer.text
    assert "short" not in answer.text


def test_guessing_the_password_of_an_open_browser_waits(person: Callable[..., SignedIn]) -> None:
    lena = person(Role.AGENT)
    lena.post("/account/password", new_password=PASSWORD)

    codes = [lena.post("/account/password", old_password="wrong", new_password=PASSWORD).status_code for _ in range(7)]

    assert codes[0] == 422
    assert codes[-1] == 429


def test_a_token_is_shown_once_and_on_record(admin: SignedIn, database: Database, desk_id: int) -> None:
    token = make(admin, desk_id)

    found = find(database, token)
    assert found is not None
    assert (found.desk_id, found.scopes) == (desk_id, frozenset({Scope.READ}))
    assert token not in admin.get("/account").text
    with database.desk(desk_id, read=True) as session:
        (entry,) = audit.page(session, audit.Wanted()).entries
    assert (entry.did, entry.what) == ("token.made", f"token:{found.id}")


def test_a_token_is_revoked_by_its_owner_alone(
    admin: SignedIn, person: Callable[..., SignedIn], database: Database, desk_id: int
) -> None:
    token = make(admin, desk_id)
    found = find(database, token)
    assert found is not None

    other = person(Role.AGENT, email="otto@example.com").post(f"/account/tokens/{found.id}/revoke")
    own = admin.post(f"/account/tokens/{found.id}/revoke")

    assert (other.status_code, own.status_code) == (404, 303)
    assert find(database, token) is None


def test_an_admin_revokes_the_token_of_a_colleague(
    admin: SignedIn, person: Callable[..., SignedIn], database: Database, desk_id: int
) -> None:
    token = make(person(Role.AGENT, email="otto@example.com"), desk_id)
    found = find(database, token)
    assert found is not None

    answer = admin.post(f"/people/tokens/{found.id}/revoke")

    assert answer.status_code == 303
    assert find(database, token) is None
    assert admin.post(f"/people/tokens/{found.id}/revoke").status_code == 404


@pytest.mark.parametrize(
    ("slip", "at"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"desk": "999"}, "desk"),
        ({"days": "31"}, "days"),
        ({"scope": "everything"}, "scope"),
        ({"scope": "admin"}, "scope"),
    ],
)
def test_a_slip_is_told_at_its_field_and_makes_no_token(
    person: Callable[..., SignedIn], desk_id: int, slip: dict[str, str], at: str
) -> None:
    fields = {"name": "Report", "desk": str(desk_id), "scope": "read", "days": "30", **slip}

    answer = person(Role.LEAD).post("/account/tokens", **fields)

    assert answer.status_code == 422
    assert f'id="{at}-told"' in answer.text
    assert "kin_" not in answer.text


def test_an_auditors_token_only_reads(person: Callable[..., SignedIn], desk_id: int) -> None:
    auditor = person(Role.AUDITOR)

    answer = auditor.post("/account/tokens", name="Report", desk=str(desk_id), scope="write", days="30")

    assert answer.status_code == 422
    assert make(auditor, desk_id).startswith("kin_")


def test_somebody_without_a_desk_has_an_account_all_the_same(
    web_app: Flask, database: Database, desk_id: int, admin: SignedIn
) -> None:
    otto = sign_in(web_app, seeds.add_link(database, Role.AGENT, email="otto@example.com", desk_id=desk_id))
    with database.system(Purpose.SIGN_IN) as session:
        session.query(Membership).where(Membership.role == Role.AGENT).delete()

    page = otto.get("/account").text

    assert "otto@example.com" in page
    assert "Make a token" not in page
