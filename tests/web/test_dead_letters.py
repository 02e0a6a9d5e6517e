"""Dead letters of a desk: listed with why, and replayed, one or all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.clock import real_now
from app.store import audit, deliveries
from app.store.database import Database
from app.store.models import Delivery, DeliveryState, Role
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn


def state_of(database: Database, story: Seeded, delivery_id: int) -> DeliveryState:
    with database.desk(story.desk_id, read=True) as session:
        found = deliveries.find(session, delivery_id)
        assert found is not None
        return found.state


def add_dead(database: Database, desk_id: int, ticket_id: str) -> int:
    with database.desk(desk_id) as session:
        letter = Delivery(
            desk_id=desk_id,
            event_id=f"{desk_id}-{ticket_id}-more",
            type="message.added",
            ticket_id=ticket_id,
            state=DeliveryState.DEAD,
            received_at=real_now(),
        )
        session.add(letter)
        session.flush()
        return letter.id


def test_each_is_listed_with_its_reason(admin: SignedIn, story: Seeded) -> None:
    page = admin.get(f"/desks/{story.desk_id}/dead").text

    assert "the helpdesk refused our credentials" in page
    assert f"#{story.ticket_id}" in page


def test_without_any_the_page_says_what_they_are(admin: SignedIn, desk_id: int) -> None:
    assert "No dead letters." in admin.get(f"/desks/{desk_id}/dead").text


def test_the_ticked_ones_are_replayed_and_the_others_stay(admin: SignedIn, story: Seeded, database: Database) -> None:
    other = add_dead(database, story.desk_id, story.quiet_ticket_id)

    page = admin.post(f"/desks/{story.desk_id}/dead", delivery=str(story.dead_delivery_id), do="chosen").text

    assert f"Delivery {story.dead_delivery_id}" in page
    assert state_of(database, story, story.dead_delivery_id) is DeliveryState.RECEIVED
    assert state_of(database, story, other) is DeliveryState.DEAD


def test_all_are_replayed_at_once_and_it_is_on_record(admin: SignedIn, story: Seeded, database: Database) -> None:
    other = add_dead(database, story.desk_id, story.quiet_ticket_id)

    page = admin.post(f"/desks/{story.desk_id}/dead", do="every").text

    assert "2 looked at once more" in page
    assert "No dead letters." in page
    assert state_of(database, story, other) is DeliveryState.RECEIVED
    with database.desk(story.desk_id, read=True) as session:
        (entry,) = audit.page(session, audit.Wanted(did="deliveries.replayed")).entries
    assert entry.detail == {"deliveries": 2}


@pytest.mark.parametrize("given", ["", "0", "999999", "x", "²", "9" * 40])
def test_what_is_no_delivery_of_the_desk_changes_nothing(admin: SignedIn, story: Seeded, given: str) -> None:
    answer = admin.post(f"/desks/{story.desk_id}/dead", delivery=given, do="chosen")

    assert answer.status_code == 200
    assert "None was chosen that is still here." in answer.text


def test_another_desks_letters_are_not_there(
    person: Callable[..., SignedIn], story: Seeded, database: Database
) -> None:
    other = seeds.add_desk(database, "Second shop")
    admin = person(Role.ADMIN, email="other@example.com", on=other)

    refused = admin.post(f"/desks/{story.desk_id}/dead", do="every")
    admin.post(f"/desks/{other}/dead", delivery=str(story.dead_delivery_id), do="chosen")

    assert refused.status_code == 404
    assert state_of(database, story, story.dead_delivery_id) is DeliveryState.DEAD


def test_an_auditor_may_read_and_not_replay(person: Callable[..., SignedIn], story: Seeded) -> None:
    auditor = person(Role.AUDITOR)

    assert "Replay the ticked ones" not in auditor.get(f"/desks/{story.desk_id}/dead").text
    assert auditor.post(f"/desks/{story.desk_id}/dead", do="every").status_code == 403
