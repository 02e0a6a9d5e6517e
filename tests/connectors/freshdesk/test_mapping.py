"""Freshdesk's bodies as neutral values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from connectors.freshdesk import mapping, marks
from connectors.freshdesk.statuses import Statuses, guess, read_setting
from connectors.ticket import Author, Person, Priority, TicketStatus
from tests.connectors.freshdesk.bodies import (
    AGENT,
    INTEGRATION,
    OTHER,
    REQUESTER,
    STAMP,
    conversation_body,
    ticket_body,
)

ADA = Person(id=str(REQUESTER), name="Ada Example", email="ada@example.com")


class TestTickets:
    def test_a_ticket_with_all_it_has(self) -> None:
        ticket = mapping.read_ticket_body(ticket_body()).ticket

        assert (ticket.id, ticket.subject, ticket.status) == ("35", "Lamp arrived broken", TicketStatus.OPEN)
        assert (ticket.priority, ticket.channel, ticket.group_id) == (Priority.NORMAL, "email", "701")
        assert (ticket.requester, ticket.organization_id, ticket.assignee_id) == (ADA, "801", None)
        assert ticket.tags == {"lamp", "vip"}
        assert ticket.custom_fields == {"cf_order": "A-17", "cf_empty": None}
        assert (ticket.stamp, ticket.created_at) == (STAMP, datetime(2026, 3, 1, 10, tzinfo=UTC))

    def test_a_time_with_an_offset_is_the_same_moment(self) -> None:
        found = mapping.read_ticket_body(ticket_body(created_at="2026-03-01T15:30:00+05:30"))

        assert found.ticket.created_at == datetime(2026, 3, 1, 10, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("changed", "status"),
        [
            ({"status": 3}, TicketStatus.PENDING),
            ({"status": 4}, TicketStatus.SOLVED),
            ({"status": 5}, TicketStatus.SOLVED),
            ({"status": 6}, TicketStatus.HOLD),
            ({"status": None}, TicketStatus.OPEN),
            ({"status": 5, "archived": True}, TicketStatus.CLOSED),
            ({"status": 2, "spam": True}, TicketStatus.SPAM),
            ({"status": 2, "spam": True, "deleted": True}, TicketStatus.DELETED),
        ],
    )
    def test_a_status_is_the_nearest_neutral_one(self, changed: dict[str, Any], status: TicketStatus) -> None:
        assert mapping.read_ticket_body(ticket_body(**changed)).ticket.status is status

    def test_an_outbound_mail_begins_with_the_agents_words(self) -> None:
        first = mapping.read_ticket_body(ticket_body(source=10, responder_id=AGENT)).description

        assert (first.author, first.author_id, first.channel) == (Author.AGENT, str(AGENT), "outbound_email")

    def test_a_ticket_that_we_opened_begins_with_our_words(self) -> None:
        body = ticket_body(description=marks.dressed("Follow-up", ["step-1"]))

        assert mapping.read_ticket_body(body).description.author is Author.SYSTEM

    def test_without_plain_text_the_html_is_read(self) -> None:
        body = ticket_body(description_text=None, description="<p>Dear&nbsp;all,</p><p>it&#39;s <b>broken</b></p>")

        assert mapping.read_ticket_body(body).description.text == "Dear all,\nit's broken"

    def test_an_older_lists_names_are_read_too(self) -> None:
        body = ticket_body(description="It broke.", description_html="<div>It broke.</div>", custom_field={"cf_a": 1})
        del body["custom_fields"], body["description_text"]

        found = mapping.read_ticket_body(body)

        assert (found.description.text, found.html) == ("It broke.", "<div>It broke.</div>")
        assert found.ticket.custom_fields == {"cf_a": 1}

    def test_a_field_of_several_choices_is_one_text(self) -> None:
        body = ticket_body(custom_fields={"cf_many": ["a", "b"], "cf_odd": {"x": 1}})

        assert mapping.read_ticket_body(body).ticket.custom_fields == {"cf_many": "a,b", "cf_odd": None}

    @pytest.mark.parametrize(
        "changed", [{"id": "x"}, {"requester_id": None}, {"updated_at": "soon"}, {"status": "open"}, {"tags": "lamp"}]
    )
    def test_what_makes_no_sense_names_the_field_and_no_value(self, changed: dict[str, Any]) -> None:
        with pytest.raises(ValidationError) as caught:
            mapping.read_ticket_body(ticket_body(**changed))

        assert list(caught.value.messages_dict) == list(changed)
        assert "soon" not in str(caught.value)


class TestAuthors:
    @pytest.mark.parametrize(
        ("changed", "author"),
        [
            ({}, Author.CUSTOMER),
            ({"user_id": OTHER}, Author.PARTICIPANT),
            ({"user_id": OTHER, "private": True}, Author.PARTICIPANT),
            ({"user_id": None}, Author.CUSTOMER),
            ({"user_id": None, "from_email": "boss@example.com"}, Author.PARTICIPANT),
            ({"user_id": OTHER, "from_email": "Mailer-Daemon@example.com"}, Author.SYSTEM),
            ({"incoming": False, "user_id": AGENT}, Author.AGENT),
            ({"incoming": False, "user_id": AGENT, "private": True}, Author.AGENT),
            ({"incoming": False, "user_id": REQUESTER}, Author.CUSTOMER),
            ({"incoming": False, "user_id": INTEGRATION}, Author.SYSTEM),
            ({"incoming": False, "user_id": None}, Author.SYSTEM),
            ({"incoming": False, "user_id": -1}, Author.SYSTEM),
            ({"incoming": False, "user_id": 0}, Author.SYSTEM),
        ],
    )
    def test_every_message_says_whose_part_it_was(self, changed: dict[str, Any], author: Author) -> None:
        conversation = mapping.read_conversation(conversation_body(**changed))

        message = mapping.build_message(conversation, ADA, {str(INTEGRATION)})

        assert (message.author, message.public) == (author, not changed.get("private", False))

    def test_text_is_what_the_vendor_made_of_it(self) -> None:
        body = conversation_body(body_text="plain\u00a0words\x00", body="<div>other words</div>")

        assert mapping.read_conversation(body).text == "plain words\ufffd"

    def test_a_body_without_plain_text_is_read_from_its_html(self) -> None:
        body = conversation_body(body_text="", body="<style>p {}</style><p>One</p><p>Two</p>")

        assert mapping.read_conversation(body).text == "One\nTwo"


class TestPeople:
    def test_a_deactivated_agent_is_suspended(self) -> None:
        agent = mapping.read_agent({"id": 1, "contact": {"name": "A", "email": "a@example.com"}, "deactivated": True})

        assert (agent.is_staff, agent.suspended) == (True, True)

    @pytest.mark.parametrize(
        ("changed", "suspended"), [({"active": False}, False), ({"deleted": True}, True), ({"blocked": True}, True)]
    )
    def test_a_contact_is_suspended_when_nobody_can_reach_it(self, changed: dict[str, Any], suspended: bool) -> None:
        assert mapping.read_contact({"id": 1, "name": "A", **changed}).suspended is suspended

    def test_a_contact_who_is_an_agent_is_staff(self) -> None:
        assert mapping.read_contact({"id": 1, "name": "A", "agent": {"id": 1}}).is_staff


class TestStatuses:
    def test_names_tell_what_a_status_means(self) -> None:
        choices = {
            "2": ["Open", "Open"],
            "6": ["Waiting on Customer", "Awaiting your Reply"],
            "7": ["Waiting on Third Party", "Being Processed"],
            "8": ["In progress", ""],
            "9": ["Cancelled", ""],
            "10": ["Laufend", ""],
        }

        assert guess([{"name": "subject"}, {"name": "status", "choices": choices}]) == {
            6: TicketStatus.PENDING,
            7: TicketStatus.HOLD,
            8: TicketStatus.OPEN,
            9: TicketStatus.SOLVED,
            10: TicketStatus.HOLD,
        }

    def test_choices_as_a_list_are_read_too(self) -> None:
        field = {"type": "default_status", "choices": [{"id": 6, "label": "On hold"}, {"id": None}]}

        assert guess([field, "nonsense"]) == {6: TicketStatus.HOLD}

    @pytest.mark.parametrize("text", ["5=open", "six=open", "6=closed", "6"])
    def test_an_admins_slip_is_named(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"credentials\.statuses"):
            read_setting(text)

    def test_a_status_to_write_is_one_that_means_it(self) -> None:
        statuses = Statuses({7: TicketStatus.HOLD, 8: TicketStatus.HOLD})

        assert [statuses.number(status) for status in (TicketStatus.NEW, TicketStatus.HOLD, TicketStatus.CLOSED)] == [
            2,
            7,
            5,
        ]


class TestMarks:
    def test_words_look_the_same_in_html(self) -> None:
        html = marks.dressed("Dear <Ada>,\nsee https://example.com/s/abc?x=1&y=2.\n\nBye", ["step-1"])

        assert "Dear &lt;Ada&gt;,<br>see " in html
        assert '<a href="https://example.com/s/abc?x=1&amp;y=2">' in html
        assert "</a>.<br><br>Bye" in html

    def test_a_mark_survives_a_filter_that_knows_no_attribute_of_ours(self) -> None:
        html = marks.dressed("Hello", ["step-1"])
        filtered = html.replace(html[html.index("data-") : html.index(" style")], "")

        assert marks.markers_in(filtered, ["step-1", "step-2"]) == {"step-1"}
        assert marks.is_ours(filtered)

    def test_a_text_that_looks_like_a_mark_is_none(self) -> None:
        assert not marks.is_ours(f"<div>{'kintsugi-' + '0' * 20}</div>")
