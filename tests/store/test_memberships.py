"""Who works on a desk, under race: a desk keeps an admin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.store import accounts, memberships
from app.store.database import Database, Purpose
from app.store.models import Role
from tests import seeds
from tests.seeds import NOW


def add(database: Database, email: str, role: Role, desk_id: int | None) -> int:
    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, email, NOW)
        accounts.grant(session, account.id, role, desk_id=desk_id)
        return account.id


def admins(database: Database, desk_id: int) -> list[str]:
    with database.desk(desk_id, read=True) as session:
        return [one.email for one in memberships.of_desk(session, desk_id, NOW) if one.role is Role.ADMIN]


def test_of_two_admins_who_remove_each_other_at_once_one_stays(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    both = [add(database, f"{name}@example.com", Role.ADMIN, desk_id) for name in ("lena", "otto")]

    def remove(account_id: int) -> bool:
        try:
            with database.desk(desk_id) as session:
                memberships.remove(session, desk_id, account_id, was=Role.ADMIN, now=NOW)
        except memberships.LastAdmin:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(remove, both))

    assert sorted(done) == [False, True]
    assert len(admins(database, desk_id)) == 1


def test_an_admin_of_every_desk_counts_for_each(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    add(database, "root@example.com", Role.ADMIN, None)
    lena = add(database, "lena@example.com", Role.ADMIN, desk_id)

    with database.desk(desk_id) as session:
        memberships.change_role(session, desk_id, lena, was=Role.ADMIN, role=Role.AGENT)

    assert admins(database, desk_id) == ["root@example.com"]


def test_admins_of_other_desks_do_not_count(database: Database) -> None:
    desk_id, other = seeds.add_desk(database), seeds.add_desk(database, "Second shop")
    lena = add(database, "lena@example.com", Role.ADMIN, desk_id)
    add(database, "otto@example.com", Role.ADMIN, other)

    with database.desk(desk_id) as session, pytest.raises(memberships.LastAdmin):
        memberships.change_role(session, desk_id, lena, was=Role.ADMIN, role=Role.AUDITOR)


def test_a_role_on_every_desk_is_taken_away_and_the_sessions_end(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    root = add(database, "root@example.com", Role.ADMIN, None)

    with database.system(Purpose.SIGN_IN) as session:
        memberships.remove_everywhere(session, root)

    with database.system(Purpose.SIGN_IN, read=True) as session:
        assert memberships.role_of(session, root, None) is None
    assert admins(database, desk_id) == []
