"""API tokens: found while they are in force, and never good for more than their account."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.store import accounts, api_tokens
from app.store.accounts import Place
from app.store.api_tokens import ApiToken, NewToken, Scope
from app.store.database import Database, Purpose
from app.store.models import ApiTokenRow, Role
from tests import seeds
from tests.seeds import NOW


def add_account(database: Database, role: Role, desk_id: int) -> int:
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, "lena@example.com", NOW)
        accounts.grant(session, account.id, role, desk_id=desk_id)
        return account.id


def make(database: Database, account_id: int, desk_id: int, expires_at: datetime | None = None) -> tuple[int, str]:
    new = NewToken(
        account_id=account_id, desk_id=desk_id, name="Report", scopes=frozenset({Scope.READ}), expires_at=expires_at
    )
    with database.system(Purpose.SIGN_IN) as session:
        return api_tokens.make(session, new, NOW)


def find(database: Database, token: str, now: datetime = NOW) -> ApiToken | None:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        return api_tokens.find(session, token, now)


def test_a_token_is_found_with_the_role_its_account_has_now(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    account_id = add_account(database, Role.ADMIN, desk_id)
    token_id, token = make(database, account_id, desk_id)
    add_account(database, Role.AGENT, desk_id)

    found = find(database, token)

    assert found == ApiToken(
        id=token_id,
        account_id=account_id,
        email="lena@example.com",
        place=Place(desk_id=desk_id, name="Example shop", kind="zendesk", role=Role.AGENT),
        scopes=frozenset({Scope.READ}),
        used_at=None,
    )
    assert (found.desk_id, found.role) == (desk_id, Role.AGENT)


def test_the_token_itself_is_not_stored(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    _, token = make(database, add_account(database, Role.LEAD, desk_id), desk_id)

    with database.desk(desk_id, read=True) as session:
        (row,) = api_tokens.on_desk(session, NOW)

    assert token not in {str(value) for value in vars(row).values()}


def test_a_revoked_token_is_not_found(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    token_id, token = make(database, add_account(database, Role.LEAD, desk_id), desk_id)
    with database.system(Purpose.SIGN_IN) as session:
        first = api_tokens.revoke(session, token_id, NOW)
        second = api_tokens.revoke(session, token_id, NOW)

    assert first is not None
    assert second is None
    assert find(database, token) is None


def test_nobody_revokes_the_token_of_another_account(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    account_id = add_account(database, Role.LEAD, desk_id)
    token_id, token = make(database, account_id, desk_id)
    with database.system(Purpose.SIGN_IN) as session:
        ended = api_tokens.revoke(session, token_id, NOW, account_id=account_id + 1)

    assert ended is None
    assert find(database, token) is not None


def test_a_token_ends_when_its_time_is_over(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    account_id = add_account(database, Role.LEAD, desk_id)
    _, token = make(database, account_id, desk_id, expires_at=NOW + timedelta(days=1))

    assert find(database, token, NOW + timedelta(hours=23)) is not None
    assert find(database, token, NOW + timedelta(days=1)) is None


def test_a_token_ends_with_the_role_of_its_account(database: Database) -> None:
    desk_id, other = seeds.add_desk(database), seeds.add_desk(database, "Second shop")
    account_id = add_account(database, Role.LEAD, other)

    _, token = make(database, account_id, desk_id)

    assert find(database, token) is None


def test_an_account_has_only_so_many_tokens(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    account_id = add_account(database, Role.LEAD, desk_id)
    for _ in range(api_tokens.MOST):
        make(database, account_id, desk_id)

    with pytest.raises(api_tokens.TooMany):
        make(database, account_id, desk_id)


def test_its_use_is_remembered_now_and_then(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    token_id, _ = make(database, add_account(database, Role.LEAD, desk_id), desk_id)
    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=10)
    seen = []
    for at in (NOW, soon, later):
        with database.system(Purpose.SIGN_IN) as session:
            api_tokens.touch(session, token_id, at)
            session.expire_all()
            row = session.get(ApiTokenRow, token_id)
            seen.append(row.used_at if row else None)

    assert seen == [NOW, NOW, later]
