"""Accounts and their roles: one role per desk, the highest where there are several."""

from __future__ import annotations

import pytest

from app.store import accounts
from app.store.database import Database, Purpose
from app.store.desks import NotFound
from app.store.models import Role
from tests import seeds
from tests.seeds import NOW


def test_an_address_is_one_account_however_it_is_written(database: Database) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        first = accounts.find_or_add(session, "Lena@Example.com ", NOW)
        second = accounts.find_or_add(session, "lena@example.com", NOW)

    assert first.id == second.id


@pytest.mark.parametrize(
    "email", ["", "lena", "@example.com", "lena@", "a@b@c", "a b@example.com", "x" * 250 + "@a.de"]
)
def test_what_is_no_address_gets_no_account(database: Database, email: str) -> None:
    with database.system(Purpose.SIGN_IN) as session, pytest.raises(ValueError, match="not an e-mail address"):
        accounts.find_or_add(session, email, NOW)


def test_a_new_role_replaces_the_one_before_on_that_desk(database: Database, desk_id: int) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, "lena@example.com", NOW)
        accounts.grant(session, account.id, Role.ADMIN, desk_id=desk_id)
        accounts.grant(session, account.id, Role.AGENT, desk_id=desk_id)

        held = accounts.memberships(session, account.id)

    assert [membership.role for membership in held] == [Role.AGENT]


def test_a_role_on_every_desk_reaches_desks_that_come_later(database: Database, desk_id: int) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, "lena@example.com", NOW)
        accounts.grant(session, account.id, Role.LEAD)
    later = seeds.add_desk(database, "A later shop")

    with database.system(Purpose.SIGN_IN, read=True) as session:
        places = accounts.places(session, account.id)

    assert [(place.desk_id, place.role) for place in places] == [(later, Role.LEAD), (desk_id, Role.LEAD)]


def test_of_two_roles_on_a_desk_the_higher_counts(database: Database, desk_id: int) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, "lena@example.com", NOW)
        accounts.grant(session, account.id, Role.AGENT)
        accounts.grant(session, account.id, Role.ADMIN, desk_id=desk_id)

        (place,) = accounts.places(session, account.id)

    assert place.role is Role.ADMIN


def test_an_account_that_does_not_exist_is_not_found(database: Database) -> None:
    with database.system(Purpose.SIGN_IN, read=True) as session, pytest.raises(NotFound):
        accounts.get(session, 99)
