"""Deliveries are stored once, and gather on their ticket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.store import deliveries
from app.store.database import Database, DatabaseUnavailable, Purpose
from app.store.deliveries import Filter, Incoming, Pace, ReplayOutcome
from app.store.desks import NotFound
from app.store.models import Delivery, DeliveryState, TrackedTicket
from app.vault import Vault
from connectors.ticket import DeskEvent
from tests.servers import PostgresServer
from tests.store.conftest import NOW, add_desk, make_tables

PACE = Pace(debounce=timedelta(seconds=10), max_wait=timedelta(seconds=60))


def event(event_id: str = "e1", *, ticket_id: str | None = "7", type: str = "message.added") -> DeskEvent:
    return DeskEvent(event_id=event_id, type=type, ticket_id=ticket_id, actor_id="41", occurred_at=None)


def incoming(desk_id: int, found: DeskEvent, *, echo: bool = False, refused: str | None = None) -> Incoming:
    return Incoming(desk_id=desk_id, event=found, sealed_body=b"sealed", echo=echo, refused=refused)


def receive(database: Database, desk_id: int, found: DeskEvent, now: datetime = NOW) -> bool:
    return deliveries.receive(database, incoming(desk_id, found), now, PACE)


def stored(database: Database) -> list[Delivery]:
    with database.system(Purpose.OPERATE, read=True) as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def tracked(database: Database) -> TrackedTicket:
    with database.system(Purpose.OPERATE, read=True) as session:
        return session.scalars(select(TrackedTicket)).one()


def change(database: Database, desk_id: int, **values: object) -> None:
    with database.desk(desk_id) as session:
        row = session.scalars(select(TrackedTicket)).one()
        for name, value in values.items():
            setattr(row, name, value)


def test_first_delivery_is_stored_as_it_came(database: Database, desk_id: int) -> None:
    assert receive(database, desk_id, event())

    (delivery,) = stored(database)
    assert (delivery.desk_id, delivery.event_id, delivery.type) == (desk_id, "e1", "message.added")
    assert (delivery.ticket_id, delivery.actor_id, delivery.sealed_body) == ("7", "41", b"sealed")
    assert (delivery.state, delivery.received_at, delivery.settled_at) == (DeliveryState.RECEIVED, NOW, None)


def test_first_delivery_makes_its_ticket_due_after_the_debounce(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())

    ticket = tracked(database)
    assert (ticket.desk_id, ticket.ticket_id, ticket.dirty, ticket.done) == (desk_id, "7", 1, 0)
    assert (ticket.first_dirty_at, ticket.due_at) == (NOW, NOW + PACE.debounce)
    assert (ticket.fence, ticket.attempts, ticket.tags) == (0, 0, [])


def test_same_event_again_changes_nothing(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())

    again = receive(database, desk_id, event(), NOW + timedelta(seconds=5))

    assert not again
    assert len(stored(database)) == 1
    assert (tracked(database).dirty, tracked(database).due_at) == (1, NOW + PACE.debounce)


def test_same_event_id_on_another_desk_is_another_event(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Another example shop")
    receive(database, desk_id, event())

    assert receive(database, other, event())

    assert [row.desk_id for row in stored(database)] == [desk_id, other]


def test_twenty_deliveries_of_an_event_at_once_are_one(database: Database, desk_id: int) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda _: receive(database, desk_id, event()), range(20)))

    assert sorted(answers) == [False] * 19 + [True]
    assert tracked(database).dirty == 1


def test_forty_events_on_a_ticket_at_once_are_all_counted(database: Database, desk_id: int) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda n: receive(database, desk_id, event(f"e{n}")), range(40)))

    assert all(answers)
    assert tracked(database).dirty == 40


def test_each_event_moves_the_due_time(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())

    receive(database, desk_id, event("e2"), NOW + timedelta(seconds=5))

    ticket = tracked(database)
    assert (ticket.dirty, ticket.first_dirty_at) == (2, NOW)
    assert ticket.due_at == NOW + timedelta(seconds=15)


def test_steady_trickle_cannot_move_it_past_the_longest_wait(database: Database, desk_id: int) -> None:
    for number in range(10):
        receive(database, desk_id, event(f"e{number}"), NOW + timedelta(seconds=8 * number))

    assert tracked(database).due_at == NOW + PACE.max_wait


def test_first_event_after_a_reading_starts_a_new_wait(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())
    change(database, desk_id, done=1, due_at=None, first_dirty_at=None)
    later = NOW + timedelta(hours=2)

    receive(database, desk_id, event("e2"), later)

    ticket = tracked(database)
    assert (ticket.dirty, ticket.first_dirty_at, ticket.due_at) == (2, later, later + PACE.debounce)


def test_event_that_comes_while_the_ticket_is_read_keeps_fence_and_lease(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())
    change(database, desk_id, fence=3, lease_until=NOW + timedelta(minutes=3), attempts=2)

    receive(database, desk_id, event("e2"), NOW + timedelta(seconds=20))

    ticket = tracked(database)
    assert (ticket.dirty, ticket.done, ticket.fence, ticket.attempts) == (2, 0, 3, 2)
    assert ticket.lease_until == NOW + timedelta(minutes=3)


def test_event_revives_a_ticket_that_was_given_up(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())
    change(database, desk_id, dead_at=NOW, attempts=6, due_at=None)
    later = NOW + timedelta(days=1)

    receive(database, desk_id, event("e2"), later)

    ticket = tracked(database)
    assert (ticket.dead_at, ticket.attempts, ticket.due_at) == (None, 0, later + PACE.debounce)


def test_rating_waits_two_seconds_at_most(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event(type="rating.received"))

    assert tracked(database).due_at == NOW + timedelta(seconds=2)


def test_debounce_longer_than_the_longest_wait_is_cut(database: Database, desk_id: int) -> None:
    pace = Pace(debounce=timedelta(minutes=5), max_wait=timedelta(seconds=1))

    deliveries.receive(database, incoming(desk_id, event()), NOW, pace)

    assert tracked(database).due_at == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("echo", "refused", "ticket_id", "state"),
    [
        (True, None, "7", DeliveryState.ECHO),
        (False, None, None, DeliveryState.IGNORED),
        (False, "body: not JSON", None, DeliveryState.REFUSED),
    ],
)
def test_what_asks_for_no_reading_is_stored_without_work(
    database: Database, desk_id: int, *, echo: bool, refused: str | None, ticket_id: str | None, state: DeliveryState
) -> None:
    found = incoming(desk_id, event(ticket_id=ticket_id), echo=echo, refused=refused)

    assert deliveries.receive(database, found, NOW, PACE)

    (delivery,) = stored(database)
    assert (delivery.state, delivery.reason, delivery.settled_at) == (state, refused, NOW)
    with database.desk(desk_id, read=True) as session:
        assert session.scalars(select(TrackedTicket)).all() == []


def test_event_of_a_desk_that_does_not_exist_leaves_nothing_behind(database: Database, desk_id: int) -> None:
    with pytest.raises(NotFound):
        receive(database, desk_id + 1, event())

    assert receive(database, desk_id, event())
    assert len(stored(database)) == 1


def test_dropped_connections_are_replaced_without_losing_the_event(
    postgres_server: PostgresServer, vault: Vault
) -> None:
    database = Database(postgres_server.new_database(make_tables), vault=vault)
    desk_id = add_desk(database)
    receive(database, desk_id, event())
    name = database.url.database
    postgres_server.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    stored_now = receive(database, desk_id, event("e2"))

    assert stored_now
    assert tracked(database).dirty == 2
    database.close()


def test_database_that_is_away_is_one_typed_error(vault: Vault) -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", vault=vault)

    with pytest.raises(DatabaseUnavailable):
        receive(database, 1, event())

    database.close()


def test_full_disk_is_one_typed_error_and_leaves_nothing_behind(tmp_path: Path, vault: Vault) -> None:
    url = f"sqlite:///{tmp_path / 'small.sqlite'}"
    make_tables(url)
    database = Database(url, vault=vault)
    desk_id = add_desk(database)
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    big = Incoming(desk_id=desk_id, event=event(), sealed_body=b"x" * 200_000)

    with pytest.raises(DatabaseUnavailable):
        deliveries.receive(database, big, NOW, PACE)

    assert stored(database) == []
    database.close()


def test_waiting_deliveries_are_listed_oldest_first(database: Database, desk_id: int) -> None:
    for name in ("e1", "e2"):
        receive(database, desk_id, event(name))
    receive(database, desk_id, event("e3", ticket_id="8"))

    with database.desk(desk_id, read=True) as session:
        found = deliveries.pending(session, "7")

    assert [(one.type, one.actor_id, one.received_at) for one in found] == [("message.added", "41", NOW)] * 2
    assert found[0].id < found[1].id


def test_settling_leaves_alone_what_was_not_looked_at(database: Database, desk_id: int) -> None:
    for name in ("e1", "e2", "e3"):
        receive(database, desk_id, event(name))
    with database.desk(desk_id) as session:
        first, _, last = deliveries.pending(session, "7")
        deliveries.settle(session, [first, last], DeliveryState.SETTLED, NOW, "read")

    assert [row.state for row in stored(database)] == [
        DeliveryState.SETTLED, DeliveryState.RECEIVED, DeliveryState.SETTLED,
    ]  # fmt: skip
    assert (stored(database)[0].settled_at, stored(database)[0].reason) == (NOW, "read")


def test_settling_never_reaches_into_another_desk(database: Database, desk_id: int) -> None:
    other = add_desk(database, "Another example shop")
    receive(database, other, event())
    with database.desk(other, read=True) as session:
        theirs = deliveries.pending(session, "7")
    with database.desk(desk_id) as session:
        deliveries.settle(session, theirs, DeliveryState.SETTLED, NOW)
        deliveries.dead(session, "7", NOW, "made up")

    assert stored(database)[0].state is DeliveryState.RECEIVED


def test_dead_letters_keep_their_reason(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())

    with database.desk(desk_id) as session:
        deliveries.dead(session, "7", NOW, "the helpdesk says there is no such ticket")

    (delivery,) = stored(database)
    assert (delivery.state, delivery.reason) == (DeliveryState.DEAD, "the helpdesk says there is no such ticket")


def test_pages_follow_each_other_without_gap_while_new_ones_arrive(database: Database, desk_id: int) -> None:
    for number in range(5):
        receive(database, desk_id, event(f"e{number}"))
    with database.desk(desk_id, read=True) as session:
        first = deliveries.recent(session, Filter(), limit=3)
    receive(database, desk_id, event("late"))

    with database.desk(desk_id, read=True) as session:
        second = deliveries.recent(session, Filter(), older_than=first.older_than, limit=3)

    assert [row.event_id for row in first.deliveries] == ["e4", "e3", "e2"]
    assert [row.event_id for row in second.deliveries] == ["e1", "e0"]
    assert second.older_than is None


def test_page_shows_only_what_was_asked_for(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event("e1"))
    receive(database, desk_id, event("e2", ticket_id="8"))
    receive(database, desk_id, event("e3", ticket_id=None))

    with database.desk(desk_id, read=True) as session:
        by_ticket = deliveries.recent(session, Filter(ticket_id="8"))
        by_state = deliveries.recent(session, Filter(state=DeliveryState.IGNORED))

    assert [row.event_id for row in by_ticket.deliveries] == ["e2"]
    assert [row.event_id for row in by_state.deliveries] == ["e3"]


def test_body_is_opened_for_those_who_may_see_it(database: Database, desk_id: int) -> None:
    found = Incoming(desk_id=desk_id, event=event(), sealed_body=database.vault.seal('{"id": "e1"}'))
    deliveries.receive(database, found, NOW, PACE)

    with database.desk(desk_id, read=True) as session:
        delivery = deliveries.find(session, stored(database)[0].id)
        assert delivery is not None
        assert deliveries.body(session, delivery) == '{"id": "e1"}'
        delivery.sealed_body = None
        assert deliveries.body(session, delivery) is None
        session.expunge(delivery)


def test_dry_run_says_what_a_replay_would_do_and_changes_nothing(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event("e1"))
    receive(database, desk_id, event("e2", ticket_id=None))
    receive(database, desk_id, event("e3", ticket_id="8"))
    ids = [row.id for row in stored(database)]
    with database.desk(desk_id) as session:
        deliveries.dead(session, "8", NOW, "made up")

    with database.desk(desk_id) as session:
        answer = deliveries.replay(session, [*ids, 10**6], NOW, dry_run=True)

    assert [one.outcome for one in answer] == [
        ReplayOutcome.WAITING, ReplayOutcome.NO_TICKET, ReplayOutcome.QUEUED,
    ]  # fmt: skip
    assert stored(database)[2].state is DeliveryState.DEAD


def test_replay_brings_a_dead_letter_and_its_ticket_back(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())
    change(database, desk_id, dead_at=NOW, attempts=6, due_at=None)
    with database.desk(desk_id) as session:
        deliveries.dead(session, "7", NOW, "made up")
    later = NOW + timedelta(hours=1)

    with database.desk(desk_id) as session:
        deliveries.replay(session, [stored(database)[0].id], later, dry_run=False)

    (delivery,) = stored(database)
    ticket = tracked(database)
    assert (delivery.state, delivery.reason, delivery.settled_at) == (DeliveryState.RECEIVED, None, None)
    assert (ticket.dead_at, ticket.attempts, ticket.due_at) == (None, 0, later)
    assert ticket.dirty > ticket.done


def test_replay_of_an_echo_tracks_its_ticket(database: Database, desk_id: int) -> None:
    deliveries.receive(database, incoming(desk_id, event(), echo=True), NOW, PACE)

    with database.desk(desk_id) as session:
        deliveries.replay(session, [stored(database)[0].id], NOW, dry_run=False)

    assert (tracked(database).ticket_id, tracked(database).due_at) == ("7", NOW)


def test_counts_name_every_state(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event("e1"))
    receive(database, desk_id, event("e2"))
    receive(database, desk_id, event("e3", ticket_id=None))

    with database.system(Purpose.OPERATE, read=True) as session:
        found = deliveries.counts(session)

    assert set(found) == set(DeliveryState)
    assert (found[DeliveryState.RECEIVED], found[DeliveryState.IGNORED], found[DeliveryState.DEAD]) == (2, 1, 0)


def test_backlog_tells_the_longest_overdue_and_the_given_up(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())
    receive(database, desk_id, event("e2", ticket_id="8"), NOW + timedelta(minutes=1))
    with database.system(Purpose.OPERATE, read=True) as session:
        before = deliveries.backlog(session)
    with database.desk(desk_id) as session:
        session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id == "7")).one().dead_at = NOW

    with database.system(Purpose.OPERATE, read=True) as session:
        after = deliveries.backlog(session)

    assert (before.oldest_due_at, before.dead_tickets) == (NOW + PACE.debounce, 0)
    assert (after.oldest_due_at, after.dead_tickets) == (NOW + timedelta(minutes=1) + PACE.debounce, 1)


def test_desk_knows_when_its_helpdesk_last_reached_us(database: Database, desk_id: int) -> None:
    receive(database, desk_id, event())

    with database.desk(desk_id, read=True) as session:
        assert deliveries.last_received_at(session) == NOW
