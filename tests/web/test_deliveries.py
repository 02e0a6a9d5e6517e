"""Deliveries: what came, what became of it, and looking once more at what failed."""

from __future__ import annotations

from app.store.database import Database
from app.store.models import Delivery, DeliveryState, TrackedTicket
from tests.seeds import Seeded
from tests.web.people import SignedIn


def test_a_desk_that_hears_nothing_is_told_what_to_check(admin: SignedIn) -> None:
    assert "its webhook may be missing" in admin.get("/deliveries").text


def test_deliveries_and_refusals_are_shown_with_their_reasons(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/deliveries").text

    for said in ("Settled", "Our own echo", "the helpdesk refused our credentials", "bad signature"):
        assert said in page


def test_the_address_filters_by_state(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/deliveries?state=dead").text

    assert f"/deliveries/{story.dead_delivery_id}/replay" in page
    assert page.count('<td data-label="State">') == 1


def test_odd_filters_show_everything(admin: SignedIn, story: Seeded) -> None:
    assert admin.get("/deliveries?state=odd&before=x&ticket=").text.count('<td data-label="State">') == 3


def test_older_deliveries_are_a_page_further(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        first = session.query(Delivery).first()
        assert first is not None
        for number in range(60):
            session.add(
                Delivery(
                    desk_id=story.desk_id,
                    event_id=f"more-{number}",
                    type="message.added",
                    state=DeliveryState.SETTLED,
                    received_at=first.received_at,
                )
            )

    page = admin.get("/deliveries").text

    assert "before=" in page
    assert admin.get(f"/deliveries?before={story.dead_delivery_id + 1}").text.count('<td data-label="State">') == 3


def test_looking_at_a_replay_changes_nothing(admin: SignedIn, story: Seeded, database: Database) -> None:
    page = admin.get(f"/deliveries/{story.dead_delivery_id}/replay").text

    with database.desk(story.desk_id, read=True) as session:
        assert session.get_one(Delivery, story.dead_delivery_id).state is DeliveryState.DEAD
    assert "its ticket is read again" in page


def test_a_replay_has_the_ticket_read_again(admin: SignedIn, story: Seeded, database: Database) -> None:
    answer = admin.post(f"/deliveries/{story.dead_delivery_id}/replay")

    with database.desk(story.desk_id, read=True) as session:
        ticket = session.query(TrackedTicket).filter_by(ticket_id=story.ticket_id).one()
        assert session.get_one(Delivery, story.dead_delivery_id).state is DeliveryState.RECEIVED
        assert ticket.due_at is not None
    assert "read again in a moment" in admin.get(answer.location).text


def test_a_delivery_that_does_not_exist_is_not_found(admin: SignedIn) -> None:
    assert admin.get("/deliveries/99/replay").status_code == 404
    assert admin.post("/deliveries/99/replay").status_code == 404
