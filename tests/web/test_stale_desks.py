"""Forms and calls of people with several desks: each is about the desk that it was meant for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.store.database import Database
from app.store.models import Role
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import ORIGIN, SignedIn

Two = Callable[[Role], tuple[SignedIn, int]]


@pytest.fixture
def of_two(person: Callable[..., SignedIn], database: Database, story: Seeded) -> Two:
    """An admin of the story's desk, with another role on the desk that they are on now; and that desk."""

    def make(role: Role) -> tuple[SignedIn, int]:
        other = seeds.add_desk(database, "Second shop")
        person(role, on=other)
        admin = person(Role.ADMIN)
        admin.post("/desk", desk=str(other))
        return admin, other

    return make


@pytest.mark.parametrize("path", ["/people", "/queue", "/learning/train", "/teams/1/remove", "/customers"])
def test_a_form_from_a_tab_of_another_desk_changes_nothing(of_two: Two, story: Seeded, path: str) -> None:
    admin, _ = of_two(Role.ADMIN)

    answer = admin.post(path, on_desk=str(story.desk_id), email="otto@example.com", role="lead")

    assert answer.status_code == 409
    assert "You are on another desk now" in answer.text
    assert "otto@example.com" not in admin.get("/people").text


@pytest.mark.parametrize("path", ["/people", "/queue", "/customers"])
def test_every_form_that_changes_a_desk_says_which(admin: SignedIn, story: Seeded, path: str) -> None:
    main = admin.get(path).text.partition("<main")[2]

    forms = re.findall(r'<form[^>]*method="post".*?</form>', main, re.DOTALL)

    assert all(f'name="on_desk" value="{story.desk_id}"' in form for form in forms)
    assert forms


def test_a_form_that_names_its_desk_in_its_address_works_from_anywhere(of_two: Two, story: Seeded) -> None:
    admin, _ = of_two(Role.ADMIN)

    answer = admin.post(f"/desks/{story.desk_id}/pause", on_desk=str(story.desk_id))

    assert answer.status_code == 303


def test_a_call_is_judged_by_its_desk_and_not_by_the_one_the_browser_is_on(of_two: Two, story: Seeded) -> None:
    admin, second = of_two(Role.AGENT)

    codes = [
        admin.get(f"/api/v1/people{query}").status_code for query in ("", f"?desk={story.desk_id}", f"?desk={second}")
    ]

    assert codes == [200, 200, 404]


def test_who_acts_by_a_call_leads_on_its_desk_or_does_not(of_two: Two, story: Seeded) -> None:
    admin, _ = of_two(Role.AGENT)
    headers = {**ORIGIN, "X-CSRF-Token": admin.csrf}
    body = {"desk": story.desk_id, "handling": 0, "to": "account:1"}

    answer = admin.client.post(f"/api/v1/cases/{story.case_id}/hand-over", json=body, headers=headers)

    assert answer.status_code == 200, answer.json
