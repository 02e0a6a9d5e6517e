"""Sign-ins under race and age: a link is used once, a session ends, guessing waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from app.store import launches, sign_ins
from app.store.database import Database, Purpose
from app.store.models import Role, WebSession
from tests import seeds
from tests.seeds import NOW


def new_link(database: Database) -> str:
    with database.system(Purpose.SIGN_IN) as session:
        return sign_ins.new_link(session, "lena@example.com", Role.ADMIN, NOW)


def test_of_two_who_use_a_link_at_once_one_gets_in(database: Database) -> None:
    token = new_link(database)

    def use(_: int) -> int | None:
        with database.system(Purpose.SIGN_IN) as session:
            return sign_ins.use_link(session, token, NOW)

    with ThreadPoolExecutor(4) as pool:
        won = [account for account in pool.map(use, range(4)) if account is not None]

    assert len(won) == 1


def test_parallel_guesses_are_all_counted(database: Database) -> None:
    limits = {"pair": 5, "address": 50}

    def guess(_: int) -> timedelta:
        with database.system(Purpose.SIGN_IN) as session:
            return sign_ins.register_attempt(session, limits, NOW)

    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(guess, range(8)))

    assert waits.count(timedelta(0)) == 5


def test_failures_are_forgotten_after_a_day(database: Database) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        for _ in range(3):
            sign_ins.register_attempt(session, {"pair": 1}, NOW)

        wait = sign_ins.register_attempt(session, {"pair": 1}, NOW + timedelta(hours=25))

    assert wait == timedelta(0)


def test_who_knew_the_password_starts_afresh(database: Database) -> None:
    with database.system(Purpose.SIGN_IN) as session:
        sign_ins.register_attempt(session, {"pair": 1}, NOW)
        sign_ins.forgive(session, "pair")

        wait = sign_ins.register_attempt(session, {"pair": 1}, NOW)

    assert wait == timedelta(0)


def test_a_new_session_sweeps_the_old_ones_away(database: Database) -> None:
    new_link(database)
    with database.system(Purpose.SIGN_IN) as session:
        sign_ins.open_session(session, 1, NOW, timedelta(hours=1))
        sign_ins.open_session(session, 1, NOW + timedelta(hours=2), timedelta(hours=1))

        assert session.query(WebSession).count() == 1


def test_signing_out_everywhere_ends_every_session(database: Database) -> None:
    new_link(database)
    with database.system(Purpose.SIGN_IN) as session:
        opened = [sign_ins.open_session(session, 1, NOW, timedelta(hours=1)) for _ in range(2)]
        sign_ins.close_sessions_of(session, 1)

        found = [sign_ins.find_session(session, one.token, NOW, timedelta(hours=1)) for one in opened]

    assert found == [None, None]


def test_of_two_launches_with_one_token_one_opens(database: Database, desk_id: int) -> None:
    def launch(_: int) -> str | None:
        with database.desk(desk_id) as session:
            return launches.open_launch(session, desk_id, token_id="t1", agent_id="7", now=NOW)

    with ThreadPoolExecutor(4) as pool:
        bearers = [bearer for bearer in pool.map(launch, range(4)) if bearer is not None]

    assert len(bearers) == 1


def test_two_desks_may_use_the_same_token_id(database: Database, desk_id: int) -> None:
    other = seeds.add_desk(database, "Second shop")

    with database.desk(desk_id) as session:
        first = launches.open_launch(session, desk_id, token_id="t1", agent_id="7", now=NOW)
    with database.desk(other) as session:
        second = launches.open_launch(session, other, token_id="t1", agent_id="7", now=NOW)

    assert None not in (first, second)
