"""What protocols' forms carry beside the document, and what becomes of forms that are out of date or too large."""

from __future__ import annotations

from typing import Any

import pytest

from app.store import accounts, protocols
from app.store.database import Database, Purpose
from app.store.models import Role
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import ORIGIN, SignedIn
from tests.web.test_editor import NEW


@pytest.fixture
def second(admin: SignedIn, database: Database, story: Seeded) -> int:
    """Another desk of the same admin."""
    found = seeds.add_desk(database, "Second shop")
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_by_email(session, "lena@example.com")
        assert account is not None
        accounts.grant(session, account.id, Role.ADMIN, desk_id=found)
    return found


def names(database: Database, desk_id: int) -> list[str]:
    with database.desk(desk_id, read=True) as session:
        return [row.name for row, _ in protocols.all_of(session)]


def call(admin: SignedIn, path: str, **body: Any) -> Any:
    headers = {**ORIGIN, "X-CSRF-Token": admin.csrf}
    return admin.client.post(f"/api/v1/protocols{path}", json=body, headers=headers)


class TestDesks:
    def test_a_form_of_the_desk_one_has_left_is_refused_and_stores_nothing(
        self, admin: SignedIn, story: Seeded, database: Database, second: int
    ) -> None:
        admin.post("/desk", desk=str(second))

        answer = admin.post("/protocols/new", **NEW, on_desk=str(story.desk_id), do="save")

        assert answer.status_code == 409
        assert "You are on another desk now" in answer.text
        assert "Second shop" in answer.text
        assert names(database, second) == []

    @pytest.mark.parametrize("path", ["new", "{id}/edit", "{id}/versions/1/publish", "{id}/rollback"])
    def test_every_form_names_its_desk(self, admin: SignedIn, story: Seeded, path: str) -> None:
        page = admin.get(f"/protocols/{path.format(id=story.protocol_id)}").text

        assert f'<input type="hidden" name="on_desk" value="{story.desk_id}">' in page

    def test_the_forms_of_the_desk_one_is_on_work(self, admin: SignedIn, story: Seeded, second: int) -> None:
        assert admin.post("/protocols/new", **NEW, on_desk=str(story.desk_id), do="save").status_code == 303

    def test_a_call_by_a_person_of_several_desks_says_which(
        self, admin: SignedIn, story: Seeded, second: int, database: Database
    ) -> None:
        document = seeds.DOCUMENT.replace("Late parcel", "Another")

        without = call(admin, "", document=document)
        score = admin.get(f"/api/v1/tickets/{story.ticket_id}/score")
        named = call(admin, "", document=document, desk=second)

        assert (without.status_code, score.status_code, named.status_code) == (422, 422, 200)
        assert without.json["errors"][0] == {"path": "desk", "message": "is needed; you have several", "value": None}
        assert names(database, second) == ["Another"]


LARGE = "x" * 300_000  #: more than a document may have, and less than a request may


class TestSizes:
    def test_a_document_over_its_limit_is_told_at_its_field_and_kept(self, admin: SignedIn, story: Seeded) -> None:
        page = admin.post("/protocols/new", document=f"name: {LARGE}", do="save")
        called = call(admin, "", document=f"name: {LARGE}")

        assert (page.status_code, called.status_code) == (422, 422)
        assert "must be at most 256 KiB" in page.text
        assert LARGE in page.text
        assert called.json["errors"][0]["message"] == "must be at most 256 KiB"

    def test_a_request_that_is_far_too_large_gets_our_own_answer(self, admin: SignedIn, story: Seeded) -> None:
        huge = "x" * 2_000_000

        page = admin.post("/protocols/new", document=huge, do="save")
        looked = admin.post("/protocols/look", document=huge)
        called = call(admin, "", document=huge)

        assert (page.status_code, looked.status_code, called.status_code) == (413, 413, 413)
        assert "That was too large" in page.text
        assert called.content_type == "application/problem+json"

    def test_other_forms_keep_the_smaller_bound(self, admin: SignedIn) -> None:
        assert admin.post("/desk", desk=LARGE).status_code == 413


FULL = "\n".join(
    ["name: Full", "criteria:", *(f"  {group}:\n" + "    - 1\n" * 100 for group in ("all", "any")), "actions: []"]
)


class TestRows:
    @pytest.mark.parametrize("do", ["preset:below_five", "add:criteria.all"])
    def test_one_row_too_many_is_told_and_nothing_is_overwritten(self, admin: SignedIn, story: Seeded, do: str) -> None:
        rows = {f"criteria.all[{number}].field": "score" for number in range(100)}

        answer = admin.post("/protocols/new", **{"name": "Full", **rows, "criteria.all[99].value": "77"}, do=do)
        of_yaml = admin.post("/protocols/new", document=FULL, do=do)

        assert (answer.status_code, of_yaml.status_code) == (422, 422)
        assert "at most 100" in answer.text
        assert 'value="77"' in answer.text

    @pytest.mark.parametrize("text", ["- a\n- b", "only words", "", "# a remark"])
    def test_yaml_that_is_no_mapping_stays_when_a_form_is_asked_for(
        self, admin: SignedIn, story: Seeded, text: str
    ) -> None:
        answer = admin.post("/protocols/new", document=text, do="form")

        assert answer.status_code == 200
        assert 'name="document"' in answer.text
        assert text in answer.text
