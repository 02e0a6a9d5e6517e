"""Consents under way: each comes back once, in its own browser, in time; and nothing of it lies about in clear."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.store import accounts, consents
from app.store.consents import Consent, NewConsent
from app.store.database import Database, Purpose
from app.store.models import ConsentRow
from tests.store.factories import NOW, together

PLAN = {"client_secret": "made-up-secret", "verifier": "made-up-verifier"}


@pytest.fixture
def account_id(database: Database) -> int:
    with database.system(Purpose.SIGN_IN) as session:
        return accounts.find_or_add(session, "lena@example.com", NOW).id


def begin(database: Database, account_id: int, state: str = "a-state", *, at: datetime = NOW) -> None:
    new = NewConsent(state_hash=state, session_token="a-session", account_id=account_id, desk_id=None, plan=PLAN)
    with database.system(Purpose.SIGN_IN) as session:
        consents.begin(session, new, at)


def take(database: Database, *, session_token: str = "a-session", at: datetime = NOW) -> Consent | None:
    with database.system(Purpose.SIGN_IN) as session:
        return consents.take(session, "a-state", session_token, at)


def states(database: Database) -> list[str]:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        return list(session.scalars(select(ConsentRow.state_hash)))


def test_a_consent_comes_back_as_it_went(database: Database, account_id: int) -> None:
    begin(database, account_id)

    assert take(database) == Consent(account_id=account_id, desk_id=None, plan=PLAN)


def test_it_works_once_whoever_tries_at_the_same_moment(database: Database, account_id: int) -> None:
    begin(database, account_id)

    found = together(4, lambda _: take(database))

    assert sum(one is not None for one in found) == 1


def test_another_browser_does_not_even_use_it_up(database: Database, account_id: int) -> None:
    begin(database, account_id)

    assert take(database, session_token="another") is None
    assert take(database) is not None


def test_it_is_good_for_ten_minutes(database: Database, account_id: int) -> None:
    begin(database, account_id)

    assert take(database, at=NOW + timedelta(minutes=10)) is None
    assert take(database, at=NOW + timedelta(minutes=9, seconds=59)) is not None


def test_the_next_one_sweeps_away_what_never_came_back(database: Database, account_id: int) -> None:
    begin(database, account_id, "old")

    begin(database, account_id, "new", at=NOW + timedelta(minutes=10))

    assert states(database) == ["new"]


def test_secrets_are_sealed_and_the_session_hashed(database: Database, account_id: int) -> None:
    begin(database, account_id)

    with database.system(Purpose.SIGN_IN, read=True) as session:
        row = session.scalars(select(ConsentRow)).one()
    assert b"made-up-secret" not in row.sealed_plan
    assert row.session_hash != "a-session"
