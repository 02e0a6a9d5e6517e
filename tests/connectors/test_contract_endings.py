"""What every connector kind promises of tickets that end: follow-ups, and who solved them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.base import Connector
from connectors.errors import Refused, Unavailable
from connectors.ticket import Author, NewTicket
from tests.connectors.stage import STAGES


@pytest.fixture(scope="module", params=sorted(STAGES))
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    stage = STAGES[request.param](tmp_path_factory.mktemp("helpdesk"))
    stage.start()
    yield stage
    stage.stop()


@pytest.fixture
def desk(running: Any) -> Iterator[Connector]:
    running.sandbox.helpdesk.faults.clear()
    connector = running.open(timeout=1.0)
    yield connector
    connector.close()


_MARKERS = itertools.count(1)


def closed(running: Any, **more: Any) -> str:
    ticket_id: str = running.new_ticket(**more)
    running.act(f"tickets/{ticket_id}/close")
    return ticket_id


def follow_up(desk: Connector, of: str, marker: str = "") -> NewTicket:
    return NewTicket(
        subject="Follow-up: Lamp",
        text="It goes on here.",
        requester_id=desk.read_ticket(of).requester.id,
        marker=marker or f"kintsugi-{next(_MARKERS)}",
        follow_up_of=of,
        tags=frozenset({"recovery_lost"}),
    )


class TestFollowUps:
    def test_a_follow_up_belongs_to_the_customer_and_says_only_a_note(self, running: Any, desk: Connector) -> None:
        source = closed(running)

        made = desk.create_ticket(follow_up(desk, source))

        ticket = desk.read_ticket(made)
        assert ticket.requester.id == desk.read_ticket(source).requester.id
        assert (ticket.subject, "recovery_lost" in ticket.tags) == ("Follow-up: Lamp", True)
        assert {one.author for one in ticket.messages} == {Author.SYSTEM}
        assert [one.public for one in ticket.messages if one.text == "It goes on here."] == [False]

    def test_it_is_found_by_its_marker_alone(self, running: Any, desk: Connector) -> None:
        source = closed(running)
        first = desk.create_ticket(follow_up(desk, source, "kintsugi-a"))
        second = desk.create_ticket(follow_up(desk, source, "kintsugi-b"))

        assert desk.find_follow_up(source, "kintsugi-a") == first
        assert desk.find_follow_up(source, "kintsugi-b") == second
        assert desk.find_follow_up(source, "kintsugi-c") is None

    def test_one_whose_answer_was_lost_is_found(self, running: Any, desk: Connector) -> None:
        source = closed(running)
        new = follow_up(desk, source)
        desk.me()
        running.fault("drop_after_write", method="POST")

        with pytest.raises(Unavailable) as caught:
            desk.create_ticket(new)

        assert caught.value.sent
        assert desk.find_follow_up(source, new.marker) is not None

    def test_one_that_never_arrived_is_not_found(self, running: Any, desk: Connector) -> None:
        source = closed(running)
        new = follow_up(desk, source)
        desk.me()
        running.fault("status", method="POST", status=503)

        with pytest.raises(Unavailable):
            desk.create_ticket(new)

        assert desk.find_follow_up(source, new.marker) is None

    def test_an_id_that_is_none_is_refused(self, running: Any, desk: Connector) -> None:
        new = NewTicket(subject="s", text="t", requester_id="nobody", marker="m")

        with pytest.raises(Refused):
            desk.create_ticket(new)


class TestTicketsOfOurOwn:
    """Tickets that are about no customer: a vendor item is opened by us, for a group."""

    def test_one_is_in_its_group_and_of_our_own_user(self, running: Any, desk: Connector) -> None:
        group = desk.read_groups()[0]

        made = desk.create_ticket(item(desk, group_id=group.id))

        ticket = desk.read_ticket(made)
        assert (ticket.requester.id, ticket.group_id) == (desk.me().id, group.id)
        assert not any(one.public and "parcel" in one.text for one in ticket.messages)

    def test_one_is_found_by_its_marker_alone(self, running: Any, desk: Connector) -> None:
        first, second = (desk.create_ticket(item(desk, marker)) for marker in ("kintsugi-c", "kintsugi-d"))

        assert desk.find_ticket(desk.me().id, "kintsugi-c") == first
        assert desk.find_ticket(desk.me().id, "kintsugi-d") == second
        assert desk.find_ticket(desk.me().id, "kintsugi-e") is None

    def test_one_whose_answer_was_lost_is_found(self, running: Any, desk: Connector) -> None:
        new = item(desk)
        running.fault("drop_after_write", method="POST")

        with pytest.raises(Unavailable):
            desk.create_ticket(new)

        assert desk.find_ticket(new.requester_id, new.marker) is not None


def item(desk: Connector, marker: str = "", **values: Any) -> NewTicket:
    return NewTicket(
        subject="Courier: what went wrong",
        text="The parcel was wet.",
        requester_id=desk.me().id,
        marker=marker or f"kintsugi-{next(_MARKERS)}",
        **values,
    )


class TestSolvers:
    def test_an_agent_who_solves_is_no_rule(self, running: Any, desk: Connector) -> None:
        ticket_id = running.new_ticket()
        running.act(f"tickets/{ticket_id}/update", status="solved")

        solver = desk.find_solver(ticket_id)

        assert solver is None or not solver.by_rule

    def test_an_open_ticket_has_none(self, running: Any, desk: Connector) -> None:
        assert desk.find_solver(running.new_ticket()) is None
