"""Who works on a desk, under race: a desk keeps an admin, and nobody gets into a desk by what they gave out before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.store import accounts, api_tokens, memberships, sign_ins
from app.store.accounts import Place
from app.store.api_tokens import NewToken, Scope
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


def invite(database: Database, email: str, desk_id: int, *of: int) -> memberships.Link:
    """By an admin of the desk, and of more."""
    by = [Place(desk_id=one, name="", kind="zendesk", role=Role.ADMIN) for one in (desk_id, *of)]
    with database.desk(desk_id) as session:
        return memberships.invite(session, email, Role.AGENT, NOW, desk_id=desk_id, by=by)


def ways_in(database: Database, account_id: int, session_token: str, link: str) -> list[bool]:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        return [
            sign_ins.find_session(session, session_token, NOW, timedelta(hours=1)) is not None,
            sign_ins.find_link(session, link, NOW) is not None,
            accounts.get(session, account_id).password_hash is not None,
        ]


def plant(database: Database, account_id: int) -> tuple[str, str]:
    """What somebody can do who was shown a link: a session, another link, a password."""
    with database.system(Purpose.SIGN_IN) as session:
        accounts.set_password(session, account_id, "a hash")
        opened = sign_ins.open_session(session, account_id, NOW, timedelta(hours=1))
        return opened.token, sign_ins.add_link(session, account_id, NOW)


def test_with_a_further_desk_every_earlier_way_in_ends(database: Database) -> None:
    one, two = seeds.add_desk(database), seeds.add_desk(database, "Second shop")
    bob = invite(database, "bob@example.com", one).account_id
    planted = plant(database, bob)

    fresh = invite(database, "bob@example.com", two, one)

    assert ways_in(database, bob, *planted) == [False, False, False]
    with database.system(Purpose.SIGN_IN) as session:
        assert sign_ins.use_link(session, fresh.token, NOW) == bob


def test_who_comes_back_after_the_last_role_starts_over(database: Database) -> None:
    one, two = seeds.add_desk(database), seeds.add_desk(database, "Second shop")
    bob = invite(database, "bob@example.com", one).account_id
    add(database, "lena@example.com", Role.ADMIN, one)
    planted = plant(database, bob)
    with database.desk(one) as session:
        memberships.remove(session, one, bob, was=Role.AGENT, now=NOW)

    invite(database, "bob@example.com", two)

    assert ways_in(database, bob, *planted) == [False, False, False]


@pytest.mark.parametrize(("further", "left"), [(True, [False, False, False]), (False, [False, False, True])])
def test_the_operator_signs_out_whom_a_role_is_given(database: Database, further: bool, left: list[bool]) -> None:
    one, two = seeds.add_desk(database), seeds.add_desk(database, "Second shop")
    bob = invite(database, "bob@example.com", one).account_id
    planted = plant(database, bob)

    with database.system(Purpose.SIGN_IN) as session:
        account = accounts.lock(session, bob)
        memberships.give(session, account, Role.LEAD, desk_id=two if further else one)

    assert ways_in(database, bob, *planted) == left


def test_of_two_invitations_of_one_account_at_once_the_second_sees_the_first(database: Database) -> None:
    one, two = seeds.add_desk(database), seeds.add_desk(database, "Second shop")
    with database.system(Purpose.SIGN_IN) as session:
        accounts.find_or_add(session, "bob@example.com", NOW)
    by = [Place(desk_id=one, name="", kind="zendesk", role=Role.ADMIN)]

    with ThreadPoolExecutor(1) as pool:
        with database.desk(one) as session:
            memberships.invite(session, "bob@example.com", Role.AGENT, NOW, desk_id=one, by=by)
            second = pool.submit(invite, database, "bob@example.com", two)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.2)

        with pytest.raises(memberships.WorksElsewhere):
            second.result()


def test_the_same_invitation_pressed_twice_is_told_the_second_time(database: Database) -> None:
    desk_id = seeds.add_desk(database)
    by = [Place(desk_id=desk_id, name="", kind="zendesk", role=Role.ADMIN)]

    with ThreadPoolExecutor(1) as pool:
        with database.desk(desk_id) as session:
            memberships.invite(session, "bob@example.com", Role.AGENT, NOW, desk_id=desk_id, by=by)
            second = pool.submit(invite, database, "bob@example.com", desk_id)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.2)

        with pytest.raises(memberships.IsHere):
            second.result()


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
        memberships.remove_everywhere(session, root, NOW)

    with database.system(Purpose.SIGN_IN, read=True) as session:
        assert memberships.role_of(session, root, None) is None
    assert admins(database, desk_id) == []


def test_tokens_end_where_no_role_remains(database: Database) -> None:
    kept, lost = seeds.add_desk(database), seeds.add_desk(database, "Second shop")
    root = add(database, "root@example.com", Role.ADMIN, None)
    add(database, "root@example.com", Role.LEAD, kept)
    with database.system(Purpose.SIGN_IN) as session:
        tokens = [api_tokens.make(session, token_on(root, desk_id), NOW)[1] for desk_id in (kept, lost)]
        memberships.remove_everywhere(session, root, NOW)

    add(database, "root@example.com", Role.ADMIN, None)

    with database.system(Purpose.SIGN_IN, read=True) as session:
        assert [api_tokens.find(session, token, NOW) is not None for token in tokens] == [True, False]


def token_on(account_id: int, desk_id: int) -> NewToken:
    scopes = frozenset({Scope.READ})
    return NewToken(account_id=account_id, desk_id=desk_id, name="Report", scopes=scopes, expires_at=None)
