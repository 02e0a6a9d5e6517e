"""Alerts that wait: told, due, taken once whoever presses, settled for the whole chain; on both databases."""

from __future__ import annotations

import pytest

from app import links
from app.store import alert_chains, steps, vendor_items
from app.store.database import Database, Purpose
from app.store.models import AlertCall, RecoveryCase, StepRow, StepState
from tests.store import factories
from tests.store.factories import HOUR, MINUTE, NOW, add_case, add_desk, planned_step, together


class Chain:
    """A chain of two calls, of which the first was told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.desk_id = add_desk(database)
        self.case_id = add_case(database, self.desk_id)
        self.tokens = [links.make_token(database.vault, links.ACKNOWLEDGE) for _ in range(2)]
        with database.desk(self.desk_id) as session:
            case = session.get_one(RecoveryCase, self.case_id)
            planned = [planned_step(action=f"1-alert-{number}", do="alert") for number in range(2)]
            self.first, self.second = steps.plan(session, case, planned, NOW)
            alert_chains.begin(session, self.first, self.first.id, 0, self.tokens[0])
            alert_chains.told(session, self.first.id, NOW, NOW + 15 * MINUTE)

    def begin_second(self) -> None:
        with self.database.desk(self.desk_id) as session:
            alert_chains.begin(session, self.second, self.first.id, 1, self.tokens[1])

    def press(self, which: int = 0) -> bool:
        with self.database.system(Purpose.ROUTE) as session:
            return alert_chains.acknowledge(session, self.tokens[which][1], now=NOW + HOUR, woken_at=NOW)

    def calls(self) -> list[AlertCall]:
        with self.database.desk(self.desk_id, read=True) as session:
            return list(alert_chains.of_case(session, self.case_id))

    def due(self, at) -> int:
        with self.database.desk(self.desk_id) as session:
            return len(alert_chains.due(session, at))


@pytest.fixture
def chain(database: Database) -> Chain:
    return Chain(database)


def test_a_call_is_due_from_its_moment_on(chain: Chain) -> None:
    assert [chain.due(NOW + minutes * MINUTE) for minutes in (14, 15, 600)] == [0, 1, 1]


def test_a_call_of_another_desk_is_not_due_here(chain: Chain) -> None:
    other = add_desk(chain.database, "Second shop")

    with chain.database.desk(other) as session:
        assert alert_chains.due(session, NOW + HOUR) == []
        assert alert_chains.find_by_step(session, chain.first.id) is None


def test_beginning_again_keeps_the_link(chain: Chain) -> None:
    with chain.database.desk(chain.desk_id) as session:
        fresh = links.make_token(chain.database.vault, links.ACKNOWLEDGE)
        call = alert_chains.begin(session, chain.first, chain.first.id, 0, fresh)
        assert alert_chains.token_of(session, call) == chain.tokens[0][0]


def test_taking_settles_the_chain_and_skips_what_was_to_be_told(chain: Chain) -> None:
    chain.begin_second()

    assert chain.press()

    first, second = chain.calls()
    assert (first.acknowledged_at, second.acknowledged_at) == (NOW + HOUR, None)
    assert second.settled_at == NOW + HOUR
    assert factories.step(chain.database, chain.second.id).state is StepState.SKIPPED
    assert chain.due(NOW + 2 * HOUR) == 0


def test_two_who_press_at_once_take_it_once(chain: Chain) -> None:
    found = together(4, lambda _: chain.press())

    assert found == [True] * 4
    assert [call.acknowledged_at for call in chain.calls()] == [NOW + HOUR]


def test_an_unknown_link_takes_nothing(chain: Chain) -> None:
    assert not chain.press(1)
    assert chain.calls()[0].acknowledged_at is None


def test_one_who_was_never_told_is_due_at_once(chain: Chain) -> None:
    chain.begin_second()

    with chain.database.desk(chain.desk_id) as session:
        alert_chains.not_told(session, chain.second.id, NOW + MINUTE)

    assert chain.due(NOW + MINUTE) == 1
    assert chain.calls()[1].told_at is None


def test_a_vendor_item_is_recorded_once_and_leads_to_its_case(chain: Chain) -> None:
    for _ in range(2):
        with chain.database.desk(chain.desk_id) as session:
            step = session.get_one(StepRow, chain.first.id)
            vendor_items.record(session, step, vendor="Lamp works" * 20, way="ticket", ticket_id="815", now=NOW)

    with chain.database.desk(chain.desk_id, read=True) as session:
        (item,) = vendor_items.of_case(session, chain.case_id)
        behind = vendor_items.case_behind(session, "815")
        assert (len(item.vendor or ""), behind and behind.id) == (100, chain.case_id)
        assert vendor_items.case_behind(session, "816") is None
