"""Vendor items: made once, linked with the customer's case both ways, and no concern of the customer's."""

from __future__ import annotations

import json

import pytest

from app.store import vendor_items
from app.store.models import StepState, VendorItem
from connectors.ticket import NewTicket
from connectors.zendesk.client import ZendeskConnector
from tests.outbound.loopback import answering, listening
from tests.tasks.stage import CUSTOMER, NOTE, Killed, Stage, protocol

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
TEXT = "It came late. Ticket {{ ticket_id }}, {{ vendor | vendor not known }}."
NOTICE = {"do": "vendor_notice", "group": "Support", "text": TEXT}


def opened(stage: Stage, *actions) -> str:
    stage.publish(protocol("Rescue", *(actions or (NOTICE,))))
    return stage.opens()


def item(stage: Stage) -> VendorItem:
    """The one vendor item."""
    (found,) = stage.rows(VendorItem)
    return found


@pytest.mark.capability("TEA-07")
def test_the_vendor_item_and_the_case_name_each_other(stage: Stage) -> None:
    ticket = opened(stage, NOTICE, NOTE)

    stage.drain()

    made, case = item(stage), stage.case(ticket)
    assert made.ticket_id is not None
    (note,) = [text for text in stage.comments(ticket, public=False) if "looked into" in text]
    (words,) = [text for text in stage.comments(made.ticket_id, public=False) if "It came late" in text]
    assert f"ticket {made.ticket_id}:" in note
    assert f"/cases/{case.id}" in words
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        behind = vendor_items.case_behind(session, made.ticket_id)
        assert behind is not None
        assert (behind.id, [one.id for one in vendor_items.of_case(session, case.id)]) == (case.id, [made.id])


@pytest.mark.capability("TEA-07")
def test_the_customers_case_goes_on_as_it_was(stage: Stage) -> None:
    ticket = opened(stage, NOTICE, NOTE)
    before = stage.shown(ticket)["group_id"]

    stage.drain()

    assert stage.states(ticket)["2-note"] == "done"
    assert stage.shown(ticket)["group_id"] == before
    assert stage.case(ticket).open_key is not None


def test_the_item_is_in_the_group_and_belongs_to_nobody_outside(stage: Stage) -> None:
    opened(stage)

    stage.drain()

    made = item(stage)
    assert made.ticket_id is not None
    shown = stage.shown(made.ticket_id)
    assert shown["group_id"] == str(stage.account.group_ids["Support"])
    assert shown["subject"].startswith("Vendor: what went wrong on ticket")
    assert stage.comments(made.ticket_id, public=True) == []
    assert stage.mails(CUSTOMER) == []


def test_the_items_own_ticket_opens_no_case(stage: Stage) -> None:
    opened(stage)
    stage.drain()
    made = item(stage)
    assert made.ticket_id is not None

    stage.notes(made.ticket_id, "The vendor says that the courier was late.")
    stage.drain()

    assert len(stage.rows_of_cases()) == 1


def test_a_group_that_does_not_exist_refuses_the_step_alone(stage: Stage) -> None:
    ticket = opened(stage, {**NOTICE, "group": "Couriers"}, NOTE)

    stage.drain()

    step = stage.steps(ticket)["1-vendor_notice"]
    assert (step.state, step.reason) == (StepState.REFUSED, 'the desk has no group "Couriers"')
    assert stage.states(ticket)["2-note"] == "done"
    assert stage.rows(VendorItem) == []


@pytest.mark.parametrize("landed", [True, False])
def test_an_item_whose_making_was_cut_off_is_made_once(stage: Stage, landed: bool) -> None:
    ticket = opened(stage)
    create, made = ZendeskConnector.create_ticket, list[str]()

    def cut_off(connector: ZendeskConnector, new: NewTicket) -> str:
        if not made:
            made.append(create(connector, new) if landed else "")
            raise Killed
        made.append(create(connector, new))
        return made[-1]

    stage.patch.setattr(ZendeskConnector, "create_ticket", cut_off)
    with pytest.raises(Killed):
        stage.turn()
    stage.pass_time(minutes=10)
    stage.drain()

    assert [one for one in made if one] == [item(stage).ticket_id]
    assert stage.states(ticket)["1-vendor_notice"] == "done"
    assert stage.states(ticket)["1-vendor_notice-note"] == "done"


def test_somebody_outside_is_told_by_mail(stage: Stage) -> None:
    ticket = opened(stage, {"do": "vendor_notice", "email": "vendor@example.com", "text": TEXT})

    stage.drain()

    (mail,) = stage.mails("vendor@example.com")
    assert f"Ticket {ticket}, vendor not known." in mail["text"]
    assert f"/cases/{stage.case(ticket).id}" in mail["text"]
    assert "alerts about recovery" not in mail["text"]
    assert (item(stage).way, item(stage).ticket_id) == ("email", None)


def test_a_webhook_gets_the_text_that_the_admin_wrote(stage: Stage) -> None:
    with listening(answering(OK)) as server:
        stage.settings(webhooks={"vendors": f"http://127.0.0.1:{server.port}/"})
        ticket = opened(stage, {"do": "vendor_notice", "webhook": "vendors", "text": "Late again."})
        stage.drain()

    (heard,) = server.heard
    document = json.loads(heard.partition(b"\r\n\r\n")[2])
    assert document["type"] == "recovery.vendor_item"
    assert (document["data"]["text"], document["data"]["ticket_id"]) == ("Late again.", ticket)
    assert item(stage).way == "webhook"


def test_a_webhook_that_is_busy_is_called_again_later(stage: Stage) -> None:
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    with listening(answering(busy)) as server:
        stage.settings(webhooks={"vendors": f"http://127.0.0.1:{server.port}/"})
        ticket = opened(stage, {"do": "vendor_notice", "webhook": "vendors", "text": "Late again."})
        stage.turn()

    assert stage.states(ticket)["1-vendor_notice"] == "planned"
    assert stage.rows(VendorItem) == []
