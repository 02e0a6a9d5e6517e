"""The audit log: filters that stay in the address, and the whole of it as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy.orm import Session

from app.store import audit
from app.store.database import Database
from app.store.models import AuditEntry, Role
from tests import seeds
from tests.seeds import NOW
from tests.web.people import SignedIn


@pytest.fixture
def logged(database: Database, desk_id: int, admin: SignedIn) -> None:
    """Three changes of a person, a program and somebody on another desk."""
    other = seeds.add_desk(database, "Second shop")
    rows = [
        (desk_id, "account:1", "case.claimed", "case:12", {"note": "=1+1"}),
        (desk_id, "token:5", "case.closed", "case:12", None),
        (other, "account:1", "case.snoozed", "case:99", None),
    ]
    for on, by, did, what, detail in rows:
        with database.desk(on) as session:
            audit.record(session, by=by, did=did, what=what, detail=detail, at=NOW)


@pytest.mark.usefixtures("logged")
def test_it_names_people_by_their_address_and_shows_one_desk(admin: SignedIn) -> None:
    page = admin.get("/audit").text

    assert '<td data-label="Who">lena@example.com</td>' in page
    assert "case.closed" in page
    assert "case.snoozed" not in page


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("by=LENA@example.com", {"case.claimed"}),
        ("by=token:5", {"case.closed"}),
        ("did=case", {"case.claimed", "case.closed"}),
        ("did=case.closed&what=case:12", {"case.closed"}),
        ("since=2026-03-02&until=2026-03-02", {"case.claimed", "case.closed"}),
        ("until=2026-03-01", set()),
        ("by=nobody@example.com", set()),
    ],
)
def test_filters_narrow_page_and_file_alike(admin: SignedIn, query: str, found: set[str]) -> None:
    page = admin.get(f"/audit?{query}").text
    lines = [json.loads(line) for line in admin.get(f"/audit/export?as=jsonl&{query}").text.splitlines()]

    assert {did for did in ("case.claimed", "case.closed") if f"<code>{did}</code>" in page} == found
    assert {line["did"] for line in lines} == found


def test_a_day_that_is_none_is_told_at_its_field(admin: SignedIn) -> None:
    answer = admin.get("/audit?since=31.12.&until=9999-12-31")

    assert answer.status_code == 422
    assert 'value="31.12."' in answer.text
    assert 'aria-describedby="since-told"' in answer.text
    assert admin.get("/audit/export?since=31.12.").status_code == 422
    assert admin.get("/audit/export?as=pdf").status_code == 422


@pytest.mark.usefixtures("logged")
def test_the_table_holds_nothing_that_a_spreadsheet_carries_out(
    admin: SignedIn, database: Database, desk_id: int
) -> None:
    with database.desk(desk_id) as session:
        audit.record(session, by="operator", did="=cmd", what="+1", at=NOW)

    answer = admin.get("/audit/export")
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert [row["did"] for row in rows] == ["case.claimed", "case.closed", "'=cmd"]
    assert rows[0]["email"] == "lena@example.com"
    assert json.loads(rows[0]["detail"]) == {"note": "=1+1"}


@pytest.mark.usefixtures("logged")
def test_the_file_is_written_piece_by_piece(admin: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    all_at_once = audit.after

    def one_by_one(session: Session, wanted: audit.Wanted, last_id: int) -> Sequence[AuditEntry]:
        return all_at_once(session, wanted, last_id, 1)

    monkeypatch.setattr(audit, "after", one_by_one)

    rows = list(csv.reader(io.StringIO(admin.get("/audit/export").text)))

    assert [row[4] for row in rows] == ["did", "case.claimed", "case.closed"]


@pytest.mark.parametrize(("role", "code"), [(Role.AGENT, 403), (Role.LEAD, 403), (Role.AUDITOR, 200)])
def test_it_is_for_admins_and_auditors(person: Callable[..., SignedIn], role: Role, code: int) -> None:
    somebody = person(role)

    assert somebody.get("/audit").status_code == code
    assert somebody.get("/audit/export").status_code == code


def test_an_empty_log_says_what_will_be_in_it(admin: SignedIn) -> None:
    assert "Nobody has changed anything yet." in admin.get("/audit").text


def test_what_may_be_looked_for_stands_beneath_the_filters(admin: SignedIn) -> None:
    page = admin.get("/audit").text

    assert 'placeholder="an address"' in page
    assert "found by number, as <code>token:5</code>" in page
